"""Training an enlarging network in miniature: it learns, keeps what it learned, and says what is wrong."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from fnst_live.stylenet.upscale_net import (
    UpscaleModel,
    UpscaleNet,
    UpscaleShape,
    load_upscale_model,
    save_upscale_model,
)
from trainer import super_resolution
from trainer.cli import BAD_INPUT, INTERRUPTED, main
from trainer.config import SuperResolutionConfig
from trainer.errors import ConfigError, DataError, DivergenceError, LossNetworkError
from trainer.learner import set_learning_rate
from trainer.sr_data import CropPairs
from trainer.stopping import Stopped
from trainer.super_resolution import make_loss, starting_network, train_super_resolution

MakeConfig = Callable[..., SuperResolutionConfig]


@pytest.fixture
def make_sr_config(photos: Path, vgg_dir: Path, tmp_path: Path) -> MakeConfig:
    """Four steps of two pictures of 8x8."""

    def make(**changes: Any) -> SuperResolutionConfig:
        settings: dict[str, Any] = {
            "dataset": photos, "output": tmp_path / "x2.safetensors", "factor": 2, "vgg_model_dir": vgg_dir,
            "steps": 4, "batch_size": 2, "crop_size": 8, "channels": 4, "depth": 1, "precision": "float32",
        }
        return SuperResolutionConfig(**(settings | changes))

    return make


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("loss", ["pixel", "perceptual"])
def test_a_model_for_every_factor_and_loss(make_sr_config: MakeConfig, factor: int, loss: str) -> None:
    model = load_upscale_model(train_super_resolution(make_sr_config(factor=factor, loss=loss), ["sr-train"]))
    assert model.network.shape == UpscaleShape(factor, 4, 1)
    assert model.training["step"] == 4
    assert model.training["config"]["loss"] == loss


def test_it_learns_to_be_better_than_large_pixels(make_sr_config: MakeConfig, photos: Path) -> None:
    network = load_upscale_model(train_super_resolution(make_sr_config(steps=150, lr=1e-2, channels=8))).network
    small, large = CropPairs(photos, 16, 8, 2, seed=99).batch(0)
    with torch.no_grad():
        assert F.l1_loss(network(small), large) < 0.95 * F.l1_loss(F.interpolate(small, scale_factor=2.0), large)


def test_the_same_seed_gives_the_same_model(make_sr_config: MakeConfig, tmp_path: Path) -> None:
    files = [train_super_resolution(make_sr_config(output=tmp_path / f"{name}.safetensors")) for name in "ab"]
    a, b = (load_upscale_model(file).network.state_dict() for file in files)
    torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_it_goes_on_from_a_model(make_sr_config: MakeConfig, tmp_path: Path) -> None:
    network = UpscaleNet(UpscaleShape(2, 6, 2))
    first = tmp_path / "first.safetensors"
    save_upscale_model(first, UpscaleModel(network))
    started = starting_network(make_sr_config(init_model=first))
    torch.testing.assert_close(started.state_dict(), network.state_dict())


def test_a_first_model_of_another_factor_is_refused(make_sr_config: MakeConfig, tmp_path: Path) -> None:
    save_upscale_model(tmp_path / "x4.safetensors", UpscaleModel(UpscaleNet(UpscaleShape(4, 4, 1))))
    with pytest.raises(ConfigError, match="enlarges by 4, not 2"):
        starting_network(make_sr_config(init_model=tmp_path / "x4.safetensors"))
    with pytest.raises(ConfigError, match=r"--init-model .*gone\.safetensors does not exist"):
        starting_network(make_sr_config(init_model=tmp_path / "gone.safetensors"))


def test_the_pixel_loss_is_the_mean_absolute_error(make_sr_config: MakeConfig) -> None:
    loss_of = make_loss(make_sr_config(), torch.device("cpu"))
    assert float(loss_of(torch.full((1, 3, 2, 2), 0.75), torch.full((1, 3, 2, 2), 0.5))) == pytest.approx(0.25)


def test_the_perceptual_loss_is_nothing_where_nothing_differs(make_sr_config: MakeConfig) -> None:
    loss_of, picture = make_loss(make_sr_config(loss="perceptual"), torch.device("cpu")), torch.rand(1, 3, 16, 16)
    assert float(loss_of(picture, picture)) == 0
    assert float(loss_of(picture.flip(3), picture)) > 0


def test_weights_that_are_not_vgg_are_refused(make_sr_config: MakeConfig, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    torch.save({"a": torch.zeros(1)}, tmp_path / "other" / "vgg19.pth")
    with pytest.raises(LossNetworkError, match=r"vgg19\.pth does not hold the weights"):
        train_super_resolution(make_sr_config(loss="perceptual", vgg_model_dir=tmp_path / "other"))


def test_stopped_it_leaves_a_usable_model(make_sr_config: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    config = make_sr_config(steps=50)

    def set_rate_and_stop(*arguments: Any) -> None:
        if arguments[3] == 2:
            signal.raise_signal(signal.SIGINT)
        set_learning_rate(*arguments)

    monkeypatch.setattr(super_resolution, "set_learning_rate", set_rate_and_stop)
    with pytest.raises(Stopped, match=r"after step 3: .*--init-model goes on"):
        train_super_resolution(config)
    assert load_upscale_model(config.output).training["step"] == 3


def test_a_loss_that_is_no_number_ends_it(make_sr_config: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_number(config: SuperResolutionConfig, torch_device: torch.device) -> super_resolution.Loss:
        return lambda enlarged, large: (enlarged - large).sum() * float("nan")

    monkeypatch.setattr(super_resolution, "make_loss", no_number)
    with pytest.raises(DivergenceError, match="step 1 is no number"):
        train_super_resolution(make_sr_config())
    assert not make_sr_config().output.exists()


def test_what_lies_on_disk_is_looked_at_first(make_sr_config: MakeConfig, tmp_path: Path) -> None:
    for changes, sentence in (
        ({"dataset": tmp_path / "gone"}, "--dataset .*is not a folder"),
        ({"output": tmp_path / "gone" / "x2.safetensors"}, "--output .*folder that does not exist"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            train_super_resolution(make_sr_config(**changes))
    with pytest.raises(DataError, match="--crop-size"):
        train_super_resolution(make_sr_config(crop_size=500))


@pytest.mark.parametrize(
    ("flag", "value"), [("--steps", "0"), ("--crop-size", "4"), ("--batch-size", "0"), ("--lr", "0"), ("--factor", "3"),
                        ("--save-interval", "0"), ("--output", "x2.pt")]
)
def test_a_setting_that_cannot_be_is_one_line(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, value: str
) -> None:
    settings = {"--dataset": str(photos), "--output": str(tmp_path / "x2.safetensors")} | {flag: value}
    arguments = [part for pair in settings.items() for part in pair]
    assert run(["sr-train", *arguments]) == BAD_INPUT
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert flag in lines[0]


def test_stopped_from_the_command_line(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise Stopped("stopped after step 1")

    monkeypatch.setattr(super_resolution, "train_super_resolution", stopped)
    assert run(["sr-train", "--dataset", str(photos), "--output", str(tmp_path / "x2.safetensors")]) == INTERRUPTED


def run(arguments: list[str]) -> int:
    """The exit status, whether the parser or the command ends it."""
    try:
        return main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
