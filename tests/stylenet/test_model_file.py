"""Model files: what goes in comes out, and what is no model is refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import (
    FORMAT,
    ModelFileError,
    ModelHeader,
    StyleCard,
    StyleModel,
    load_model,
    read_header,
    save_model,
    select_styles,
)
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles

SHAPE = NetShape(half=8, quarter=8, eighth=8, residual_blocks=1)
CARDS = (StyleCard("wave", "葛飾北斎", "神奈川沖浪裏", "1831"), StyleCard("cañas"), StyleCard("muse", "Pablo"))
IMAGE = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def model() -> StyleModel:
    torch.manual_seed(2)
    header = ModelHeader("transformer_net", CARDS, SHAPE, {"command": "fnst-train train", "config": {"steps": 7}})
    return StyleModel(header, TransformerNet(SHAPE).eval(), torch.randn(len(CARDS), SHAPE.style_length))


@pytest.fixture
def file(tmp_path: Path, model: StyleModel) -> Path:
    save_model(tmp_path / "model.safetensors", model)
    return tmp_path / "model.safetensors"


def metadata_of(file: Path) -> dict[str, str]:
    length = int.from_bytes(file.read_bytes()[:8], "little")
    metadata: dict[str, str] = json.loads(file.read_bytes()[8 : 8 + length])["__metadata__"]
    return metadata


def rewrite(file: Path, tensors: dict[str, Tensor]) -> None:
    save_file(tensors, file, metadata=metadata_of(file))


def rewrite_header(file: Path, **changes: str) -> None:
    save_file(load_file(file), file, metadata=metadata_of(file) | changes)


def test_round_trip(file: Path, model: StyleModel) -> None:
    loaded = load_model(file)
    assert loaded.header == model.header
    assert torch.equal(loaded.styles, model.styles)
    assert not loaded.network.training
    for row in range(len(CARDS)):
        style = model.styles[row : row + 1]
        assert torch.equal(loaded.network(IMAGE, style), model.network(IMAGE, style))


def test_the_header_alone(file: Path, model: StyleModel) -> None:
    assert read_header(file) == model.header


def test_a_classic_network_has_no_style_vector(tmp_path: Path) -> None:
    torch.manual_seed(3)
    model = StyleModel(ModelHeader("johnson2016", CARDS[:1]), JohnsonNet().eval(), torch.zeros(1, 0))
    save_model(tmp_path / "classic.safetensors", model)
    loaded = load_model(tmp_path / "classic.safetensors")
    assert loaded.styles.shape == (1, 0)
    assert torch.equal(loaded.network(IMAGE, loaded.styles), model.network(IMAGE, model.styles))


def test_half_precision_files_are_read_as_float32(file: Path) -> None:
    rewrite(file, {key: value.half() for key, value in load_file(file).items()})
    loaded = load_model(file)
    assert {p.dtype for p in loaded.network.parameters()} == {loaded.styles.dtype} == {torch.float32}


def test_others_may_read_the_file(file: Path) -> None:
    plain = file.with_name("plain")
    plain.write_bytes(b"")
    assert file.stat().st_mode == plain.stat().st_mode


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(file: Path, model: StyleModel) -> None:
    before = file.read_bytes()
    model.header.training["unwritable"] = object()  # type: ignore[index]
    with pytest.raises(TypeError):
        save_model(file, model)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_select_styles(model: StyleModel, tmp_path: Path) -> None:
    chosen = select_styles(model, ["muse", "wave"])
    assert [card.name for card in chosen.header.styles] == ["muse", "wave"]
    assert torch.equal(chosen.styles, model.styles[[2, 0]])
    save_model(tmp_path / "two.safetensors", chosen)
    loaded = load_model(tmp_path / "two.safetensors")
    assert loaded.style_index("wave") == 1
    assert loaded.header.training == model.header.training


def test_selected_styles_are_copies(model: StyleModel) -> None:
    chosen = select_styles(model, ["wave"])
    chosen.styles.zero_()
    assert model.styles[0].abs().sum() > 0


def test_unknown_style(model: StyleModel) -> None:
    with pytest.raises(KeyError, match="monet"):
        select_styles(model, ["monet"])


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, -4000, -1])
@pytest.mark.parametrize("read", [load_model, read_header])
def test_truncated(file: Path, kept: int, read: Callable[[Path], object]) -> None:
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ModelFileError, match="cut short"):
        read(file)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02}q\x00." * 9, b"\xff" * 64, b"{}" * 32])
def test_something_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.safetensors").write_bytes(content)
    with pytest.raises(ModelFileError, match="not a safetensors file"):
        load_model(tmp_path / "other.safetensors")


def test_safetensors_of_something_else(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelFileError, match="not a style model"):
        load_model(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("styles", "{"),
        ("styles", "[]"),
        ("styles", "7"),
        ("styles", '[{"nom": "x"}]'),
        ("styles", '["wave"]'),
        ("architecture", "[]"),
        ("architecture", "{}"),
        ("architecture", '{"name": "transformer_net", "shape": {"halves": 8}}'),
        ("architecture", '{"name": "transformer_net", "shape": {"half": "many"}}'),
        ("architecture", '{"name": "transformer_net", "shape": {"half": -1}}'),
        ("architecture", '{"name": "transformer_net", "shape": 3}'),
        ("training", "not json"),
    ],
)
def test_damaged_header(file: Path, key: str, value: str) -> None:
    rewrite_header(file, **{key: value})
    with pytest.raises(ModelFileError, match="damaged header"):
        load_model(file)


def test_a_format_of_the_future(file: Path) -> None:
    rewrite_header(file, format=FORMAT.replace("1", "2"))
    with pytest.raises(ModelFileError, match="not a style model"):
        load_model(file)


def test_an_architecture_of_the_future(file: Path) -> None:
    rewrite_header(file, architecture='{"name": "diffusion", "shape": null}')
    with pytest.raises(ModelFileError, match="unknown architecture 'diffusion'"):
        load_model(file)


def test_weights_of_another_shape(file: Path) -> None:
    tensors = load_file(file)
    rewrite(file, tensors | {"network.stem.conv.weight": torch.zeros(9, 12, 3, 3)})
    with pytest.raises(ModelFileError, match="do not fit"):
        load_model(file)


def test_missing_and_superfluous_weights(file: Path) -> None:
    tensors = load_file(file)
    rewrite(file, {key: value for key, value in tensors.items() if "stem" not in key})
    with pytest.raises(ModelFileError, match="do not fit"):
        load_model(file)
    rewrite(file, tensors | {"network.extra": torch.zeros(1)})
    with pytest.raises(ModelFileError, match="do not fit"):
        load_model(file)


@pytest.mark.parametrize("table", [torch.zeros(2, SHAPE.style_length), torch.zeros(3, 5), torch.zeros(3)])
def test_style_table_of_another_shape(file: Path, table: Tensor) -> None:
    rewrite(file, load_file(file) | {"styles": table})
    with pytest.raises(ModelFileError, match="style table"):
        load_model(file)


@pytest.mark.parametrize("name", ["styles", "network.head.conv.bias"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(file: Path, name: str, value: float) -> None:
    tensors = load_file(file)
    tensors[name].view(-1)[1] = value
    rewrite(file, tensors)
    with pytest.raises(ModelFileError, match="not finite"):
        load_model(file)


@pytest.mark.parametrize("shape", [NetShape(), NetShape(8, 16, 24, 1)])
def test_the_shape_tells_of_every_weight(shape: NetShape) -> None:
    found = {name: tuple(weight.shape) for name, weight in TransformerNet(shape).state_dict().items()}
    assert found == shape.weight_shapes


def test_what_is_stored_is_the_same_model_without_torch_and_with_it(tmp_path: Path) -> None:
    shape = NetShape(8, 8, 8, 1)
    header = ModelHeader("transformer_net", (StyleCard("a"), StyleCard("b")), shape)
    model = StyleModel(header, TransformerNet(shape).eval(), initial_styles(2, shape))
    save_model(tmp_path / "model.safetensors", model)
    stored = load_model(tmp_path / "model.safetensors")
    assert (stored.multiple_of, stored.min_side, stored.norm_eps) == (model.multiple_of, model.min_side, model.norm_eps)
    assert np.array_equal(stored.style_table, model.style_table)
    assert torch.equal(stored.styles, model.styles)
    assert stored.weights.keys() == model.weights.keys()
    assert all(np.array_equal(stored.weights[name], weight) for name, weight in model.weights.items())
    image = torch.rand(1, 3, 16, 24)
    with torch.inference_mode():
        assert torch.equal(stored.network(image, stored.styles[:1]), model.network(image, model.styles[:1]))
    assert not stored.network.training


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_precision_are_read(tmp_path: Path, dtype: torch.dtype) -> None:
    shape, file = NetShape(8, 8, 8, 1), tmp_path / "model.safetensors"
    header = ModelHeader("transformer_net", (StyleCard("a"),), shape)
    save_model(file, StyleModel(header, TransformerNet(shape).eval().to(dtype), initial_styles(1, shape).to(dtype)))
    stored = load_model(file)
    assert {weight.dtype for weight in (stored.style_table, *stored.weights.values())} == {np.dtype(np.float32)}
    assert np.allclose(stored.style_table, initial_styles(1, shape).numpy())
