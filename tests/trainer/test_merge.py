"""Styles of several files in one: which ones, in which order, and what is kept of where they come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, load_model, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet
from trainer.config import MergeConfig
from trainer.errors import ConfigError, EvaluationError, MergeError
from trainer.merge import merge

SHAPE = NetShape(8, 8, 8, 1)


@pytest.fixture
def network() -> TransformerNet:
    torch.manual_seed(2)
    return TransformerNet(SHAPE)


def save(folder: Path, name: str, network: TransformerNet, *styles: str, **settings: object) -> Path:
    training = {"command": f"fnst-train {name}", "config": settings}
    header = ModelHeader("transformer_net", tuple(StyleCard(style, work=name) for style in styles), SHAPE, training)
    torch.manual_seed(sum(map(ord, name)))
    file, rows = folder / f"{name}.safetensors", torch.randn(len(styles), SHAPE.style_length)
    save_model(file, StyleModel(header, network, rows))
    return file


def run(output: Path, *models: Path) -> StyleModel:
    return load_model(merge(MergeConfig(models, output), ["merge", "..."]))


def test_styles_of_one_name_take_the_place_of_the_first_and_new_ones_come_last(
    tmp_path: Path, network: TransformerNet
) -> None:
    files = (
        save(tmp_path, "base", network, "wave", "muse", style_size=[300, 400], content_weight=0.07),
        save(tmp_path, "new", network, "street", style_size=500),
        save(tmp_path, "better", network, "wave", style_size=600),
    )
    base, new, better = (load_model(file) for file in files)
    model = run(tmp_path / "all.safetensors", *files)
    assert [(card.name, card.work) for card in model.header.styles] == [
        ("wave", "better"), ("muse", "base"), ("street", "new"),
    ]
    assert torch.equal(model.styles, torch.stack([better.styles[0], base.styles[1], new.styles[0]]))
    assert all(torch.equal(a, b) for a, b in zip(model.network.parameters(), network.parameters(), strict=True))
    training = model.header.training
    assert training["config"] == {"style_size": [600, 400, 500], "content_weight": 0.07}
    assert training["command"] == "fnst-train base"
    assert [part["command"] for part in training["merged"]] == [
        "fnst-train merge ...", "fnst-train new", "fnst-train better",
    ]


def test_what_is_known_of_a_painting_is_kept(tmp_path: Path, network: TransformerNet) -> None:
    files = save(tmp_path, "base", network, "wave"), save(tmp_path, "better", network, "wave")
    cards = StyleCard("wave", "Hokusai", "The Wave"), StyleCard("wave", year="1831")
    for file, card in zip(files, cards, strict=True):
        model = load_model(file)
        training = {"command": file.stem, "base": {"file": "base"}}
        header = replace(model.header, styles=(card,), training=training)
        save_model(file, StyleModel(header, model.network, model.styles))
    header = run(tmp_path / "all.safetensors", *files).header
    assert header.styles == (StyleCard("wave", "Hokusai", "The Wave", "1831"),)
    assert header.training["merged"][1] == {"command": "better"}


def test_another_network(tmp_path: Path, network: TransformerNet) -> None:
    first = save(tmp_path, "a", network, "wave")
    with torch.no_grad():
        network.head.conv.bias[0] += 1e-3  # type: ignore[index]
    with pytest.raises(MergeError, match=r"b\.safetensors is of another network than .*a\.safetensors: give models"):
        run(tmp_path / "all.safetensors", first, save(tmp_path, "b", network, "muse"))
    assert not (tmp_path / "all.safetensors").exists()


def test_a_classic_model(tmp_path: Path, network: TransformerNet) -> None:
    header = ModelHeader("johnson2016", (StyleCard("candy"),))
    save_model(tmp_path / "candy.safetensors", StyleModel(header, JohnsonNet(), torch.zeros(1, 0)))
    with pytest.raises(MergeError, match=r"candy\.safetensors is of another network"):
        run(tmp_path / "all.safetensors", save(tmp_path, "a", network, "wave"), tmp_path / "candy.safetensors")


def test_inputs_and_outputs_that_cannot_be(tmp_path: Path, network: TransformerNet) -> None:
    config = MergeConfig((save(tmp_path, "a", network, "wave"), tmp_path / "gone"), tmp_path / "all.safetensors")
    with pytest.raises(EvaluationError, match="gone does not exist"):
        merge(config)
    with pytest.raises(ConfigError, match=r"--output all\.pth must end in \.safetensors"):
        replace(config, output=Path("all.pth"))
    with pytest.raises(ConfigError, match="lies in a folder that does not exist"):
        replace(config, output=tmp_path / "nowhere" / "all.safetensors")
