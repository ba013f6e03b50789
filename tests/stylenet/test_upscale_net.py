"""The enlarging network and its file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fnst_live.stylenet.model_file import ModelFileError, load_model
from fnst_live.stylenet.upscale_net import (
    UpscaleFileError,
    UpscaleModel,
    UpscaleNet,
    UpscaleShape,
    load_upscale_model,
    save_upscale_model,
)


def make_network(factor: int = 2) -> UpscaleNet:
    torch.manual_seed(0)
    return UpscaleNet(UpscaleShape(factor, channels=4, depth=1)).eval()


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_it_begins_with_large_pixels(factor: int) -> None:
    network, image = make_network(factor), torch.rand(2, 3, 5, 7)
    with torch.no_grad():
        network.last.weight.zero_()
        network.last.bias.zero_()  # type: ignore[union-attr]
        large = network(image)
    expected = image.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    torch.testing.assert_close(large, expected)


def test_a_pixel_depends_on_no_more_than_its_reach() -> None:
    network, image = make_network(), torch.rand(1, 3, 21, 21)
    torch.nn.init.normal_(network.last.weight)
    other = image.clone()
    other[:, :, 10, 10] += 1
    with torch.no_grad():
        changed = (network(other) - network(image)).abs().sum(1)[0] > 0
    rows = changed.any(1).nonzero().flatten()
    assert rows.min() >= 2 * (10 - network.reach)
    assert rows.max() <= 2 * (10 + network.reach) + 1


def test_a_file_holds_all_of_it(tmp_path: Path) -> None:
    network, file = make_network(4), tmp_path / "x4.safetensors"
    save_upscale_model(file, UpscaleModel(network, {"command": "fnst-train sr-train"}))
    loaded = load_upscale_model(file)
    assert loaded.training == {"command": "fnst-train sr-train"}
    assert loaded.network.shape == network.shape
    image = torch.rand(1, 3, 6, 6)
    torch.testing.assert_close(loaded.network(image), network(image))
    assert [path.name for path in tmp_path.iterdir()] == ["x4.safetensors"]


def test_it_is_no_style(tmp_path: Path) -> None:
    file = tmp_path / "x2.safetensors"
    save_upscale_model(file, UpscaleModel(make_network()))
    with pytest.raises(ModelFileError):
        load_model(file)


def test_what_is_no_such_file(tmp_path: Path) -> None:
    other, cut = tmp_path / "other.safetensors", tmp_path / "cut.safetensors"
    save_file({"a": torch.zeros(1)}, other)
    save_upscale_model(cut, UpscaleModel(make_network()))
    cut.write_bytes(cut.read_bytes()[:-20])
    for file, sentence in ((tmp_path / "gone.safetensors", "does not exist"), (other, "no model that enlarges"),
                           (cut, "is damaged")):
        with pytest.raises(UpscaleFileError, match=sentence):
            load_upscale_model(file)


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    network, file = make_network(), tmp_path / "x2.safetensors"
    torch.nn.init.constant_(network.last.weight, float("nan"))
    save_upscale_model(file, UpscaleModel(network))
    with pytest.raises(UpscaleFileError, match="not finite numbers"):
        load_upscale_model(file)


@pytest.mark.parametrize("shape", [{"factor": 3}, {"channels": 0}, {"depth": 10**6}])
def test_shapes_that_cannot_be(shape: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        UpscaleShape(**shape)
