"""Adapting: one row is learned, everything else stays to the bit, and the app takes the file for one of its own."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fnst_live.style_library import load_style, read_entries
from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, load_model, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles
from fnst_live.stylize.fingerprint import model_fingerprint
from trainer import adapt as adapt_module
from trainer.adapt import adapt, nearest_style
from trainer.batches import Batch, make_batch
from trainer.config import AdaptConfig
from trainer.dead_leaves import DeadLeaves
from trainer.errors import ConfigError, DivergenceError
from trainer.objective import grams_of, make_objective
from trainer.progress import ProgressLine

SHAPE = NetShape(8, 8, 8, 1)
MakeAdapt = Callable[..., AdaptConfig]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    torch.manual_seed(2)
    network = TransformerNet(SHAPE).eval()
    with torch.no_grad():
        network.head.conv.weight.mul_(15)
    styles = initial_styles(2, SHAPE) + 0.3 * torch.randn(2, SHAPE.style_length)
    header = ModelHeader("transformer_net", (StyleCard("scream"), StyleCard("udnie")), SHAPE)
    save_model(tmp_path / "base.safetensors", StyleModel(header, network, styles))
    return tmp_path / "base.safetensors"


@pytest.fixture
def make_adapt(base: Path, paintings: tuple[Path, Path], vgg_dir: Path, tmp_path: Path) -> MakeAdapt:
    def make(**changes: Any) -> AdaptConfig:
        settings: dict[str, Any] = {
            "base": base, "style_image": paintings[0], "output": tmp_path / "new.safetensors", "vgg_model_dir": vgg_dir,
            "steps": 12, "batch_size": 2, "image_size": 32, "style_size": 48,
        }
        return AdaptConfig(**(settings | changes))

    return make


def style_loss_of(config: AdaptConfig, network: nn.Module, row: Tensor) -> float:
    weights, painting = config.weights, [config.style_image]
    objective = make_objective(weights, painting, [48], config.vgg_model_dir, torch.device("cpu"))
    with torch.no_grad():
        batch = make_batch(DeadLeaves(4, 32, seed=9), 0, 1, with_motion=False)
        return float(objective.losses(network, row.unsqueeze(0), batch)["style"])


@pytest.mark.parametrize("has_photos", [True, False])
def test_only_a_row_is_learned_and_it_learns(make_adapt: MakeAdapt, base: Path, photos: Path, has_photos: bool) -> None:
    config = make_adapt(dataset=photos if has_photos else None, painter="Hokusai", steps=25, content_weight=0.01)
    new, old = load_model(adapt(config, ["adapt"])), load_model(base)
    assert new.header.styles == (StyleCard("wave", "Hokusai"),)
    assert model_fingerprint(new) == model_fingerprint(old)
    for name, weight in old.network.state_dict().items():
        assert torch.equal(new.network.state_dict()[name], weight)
    before = min(style_loss_of(config, old.network, row) for row in old.styles)
    assert style_loss_of(config, new.network, new.styles[0]) < before


def test_the_header_tells_how_it_was_made(make_adapt: MakeAdapt) -> None:
    training = load_model(adapt(make_adapt(steps=1), ["adapt", "--steps", "1"])).header.training
    assert training["command"] == "fnst-train adapt --steps 1"
    assert training["step"] == 1
    assert training["base"]["file"] == "base.safetensors"


def test_what_the_command_leaves_open_the_model_tells(make_adapt: MakeAdapt) -> None:
    trained = {"content_weight": 0.1, "style_size": [64, 96, 48], "style_levels": 2, "palette_weight": 0.4}
    open_ = make_adapt(style_size=None).completed(trained)
    assert (open_.style_size, open_.style_levels, open_.weights.style_levels, open_.weights.content) == (64, 2, 2, 0.1)
    assert (open_.weights.palette, make_adapt(palette_weight=0.0).completed(trained).weights.palette) == (0.4, 0)
    assert make_adapt(style_size=32, style_levels=1).completed(trained).weights.style_levels == 1


def test_the_app_lists_and_loads_it(make_adapt: MakeAdapt) -> None:
    file = adapt(make_adapt(steps=1, name="big-wave"))
    assert [entry.name for entry in read_entries(file)] == ["big-wave"]
    assert load_style(str(file)).vector.shape == (SHAPE.style_length,)


def test_the_same_seed_gives_the_same_style(make_adapt: MakeAdapt, tmp_path: Path) -> None:
    one, other = (load_model(adapt(make_adapt(output=tmp_path / f"{i}.safetensors"))) for i in range(2))
    assert torch.equal(one.styles, other.styles)


def test_it_starts_from_the_nearest_style(make_adapt: MakeAdapt, base: Path) -> None:
    """A painting that the second style painted comes nearest to it."""
    config, model = make_adapt(), load_model(base)
    objective = make_objective(config.weights, [config.style_image], [48], config.vgg_model_dir, torch.device("cpu"))
    content = torch.rand(2, 3, 32, 32)
    batch = Batch(content, torch.zeros(2, dtype=torch.long), None, whole=2)
    for row in range(2):
        with torch.no_grad():
            painted = model.network(content, model.styles[row].expand(2, -1))
        grams = {name: gram[:1] for name, gram in grams_of([painted], objective.loss_network).items()}
        own = replace(objective, grams=grams)
        assert nearest_style(own, model.network, model.styles, batch) == row


def test_ended_early_it_keeps_what_was_learned(make_adapt: MakeAdapt, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ProgressLine.step_done

    def step_done(self: ProgressLine) -> None:
        whole(self)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressLine, "step_done", step_done)
    assert load_model(adapt(make_adapt(steps=500))).header.training["step"] == 1


def test_a_budget_of_time(make_adapt: MakeAdapt) -> None:
    assert load_model(adapt(make_adapt(steps=0, time_budget=1e-6))).header.training["step"] == 1


def test_a_loss_that_is_no_number_halves_the_rate(
    make_adapt: MakeAdapt, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers = iter([False, False, True])
    monkeypatch.setattr(adapt_module, "is_going_wrong", lambda *_: next(answers, False))
    model = load_model(adapt(make_adapt(steps=4)))
    assert "from here on at 1/2 of the rate" in caplog.text
    assert model.header.training["step"] == 4
    monkeypatch.setattr(adapt_module, "is_going_wrong", lambda *_: True)
    with pytest.raises(DivergenceError, match="start again with a lower --lr"):
        adapt(make_adapt())


def test_a_base_of_the_classic_network(make_adapt: MakeAdapt, tmp_path: Path) -> None:
    header = ModelHeader("johnson2016", (StyleCard("candy"),))
    save_model(tmp_path / "candy.safetensors", StyleModel(header, JohnsonNet(), torch.zeros(1, 0)))
    with pytest.raises(ConfigError, match="is a classic model of one fixed style"):
        adapt(make_adapt(base=tmp_path / "candy.safetensors"))


def test_the_output_is_named_after_the_painting(make_adapt: MakeAdapt) -> None:
    assert make_adapt(output=None).output_file == Path("wave.safetensors")
    assert make_adapt(output=None, name="sea").output_file == Path("sea.safetensors")
