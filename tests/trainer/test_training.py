"""Six steps on small pictures: the loss falls, files appear, and an interrupted run ends where a whole one does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fnst_live.stylenet.model_file import load_model, read_header
from trainer import losses, training
from trainer.config import TrainConfig
from trainer.data import PhotoBatches, find_photos
from trainer.errors import CheckpointError, ConfigError, DataError, DivergenceError
from trainer.learner import Learner, new_learner
from trainer.loss_network import load_loss_network
from trainer.progress import TrainingLog
from trainer.training import CONTENT_LAYERS, STYLE_LAYERS, painting_grams, perceptual_losses, train

MakeConfig = Callable[..., TrainConfig]
CPU = torch.device("cpu")


def losses_of(config: TrainConfig, learner: Learner) -> dict[str, float]:
    """On photos and styles that are the same for every learner."""
    loss_network = load_loss_network(config.vgg_model_dir, {*CONTENT_LAYERS, *STYLE_LAYERS})
    grams = painting_grams(config, loss_network, CPU)
    content = PhotoBatches(find_photos(config.dataset), 4, config.image_size, seed=99).batch(0)
    rows = torch.tensor([0, 1, 0, 1])
    with torch.no_grad():
        values = perceptual_losses(
            config, learner, loss_network, content, rows, grams, torch.Generator().manual_seed(5)
        )
    return {name: float(value) for name, value in values.items()}


def test_the_loss_falls_and_the_files_appear(make_config: MakeConfig, tmp_path: Path) -> None:
    config = make_config(lr=3e-3, work=("The Great Wave", "The Muse"), painter=("Hokusai", "Nobody"))
    model_file = train(config, ["train", "--steps", "6"])
    assert model_file == tmp_path / "out" / "model.safetensors"
    assert {file.name for file in model_file.parent.iterdir()} == {
        "model.safetensors", "model.checkpoint", "model.jsonl",
    }
    before = losses_of(config, new_learner(config, CPU))
    after = losses_of(config, new_learner(make_config(init_model=model_file), CPU))
    assert after["total"] < before["total"]
    assert after["style"] < before["style"]


def test_the_header_tells_how_it_was_made(make_config: MakeConfig) -> None:
    header = read_header(train(make_config(steps=1, work=("The Wave", "The Muse")), ["train", "--steps", "1"]))
    assert [(card.name, card.work) for card in header.styles] == [("wave", "The Wave"), ("muse", "The Muse")]
    assert header.training["command"] == "fnst-train train --steps 1"
    assert header.training["commit"]
    assert header.training["step"] == 1
    assert header.training["config"]["style_image"] == ["wave.jpg", "muse.png"]


def test_the_log_has_all_losses(make_config: MakeConfig) -> None:
    model_file = train(make_config(steps=2))
    line = json.loads(model_file.with_suffix(".jsonl").read_text().splitlines()[-1])
    assert line.keys() == {"step", "content", "style", "tv", "temporal", "total"}
    parts = sum(value for name, value in line.items() if name not in ("step", "total"))
    assert line["total"] == pytest.approx(parts, abs=1e-4)


def test_without_a_temporal_weight_the_network_runs_once(make_config: MakeConfig) -> None:
    config = make_config(temporal_weight=0.0)
    assert losses_of(config, new_learner(config, CPU)).keys() == {"content", "style", "tv", "total"}


def test_epochs_are_passes_over_the_photos(make_config: MakeConfig) -> None:
    """Five photos, two to a step: three steps an epoch."""
    model_file = train(make_config(steps=0, epochs=2))
    assert read_header(model_file).training["step"] == 6


def tensors_of(model_file: Path) -> list[Tensor]:
    checkpoint = torch.load(model_file.with_suffix(".checkpoint"), weights_only=True)
    model = load_model(model_file)
    moments = [value for state in checkpoint["optimizer"]["state"].values() for value in state.values()]
    return [
        *checkpoint["network"].values(), checkpoint["styles"], *checkpoint["averages"], *moments,
        *model.network.state_dict().values(), model.styles,
    ]


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    whole = TrainingLog.step_done

    def step_done(self: TrainingLog, done: int, losses: dict[str, Tensor]) -> None:
        whole(self, done, losses)
        if done == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(TrainingLog, "step_done", step_done)


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(
    make_config: MakeConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = train(make_config(save_model_dir=tmp_path / "whole"))
    parts = make_config(save_model_dir=tmp_path / "parts")
    with pytest.MonkeyPatch.context() as monkeypatch:
        interrupt_at(monkeypatch, 5)  # one step after a checkpoint, which is lost
        with pytest.raises(KeyboardInterrupt):
            train(parts)
    with caplog.at_level("INFO"):
        resumed = train(parts)
    assert "resuming at step 4" in caplog.text
    for one, other in zip(tensors_of(whole), tensors_of(resumed), strict=True):
        assert torch.equal(one, other)


def test_a_finished_run_has_nothing_to_do(make_config: MakeConfig, caplog: pytest.LogCaptureFixture) -> None:
    first = tensors_of(train(make_config(steps=2)))
    with caplog.at_level("INFO"):
        again = tensors_of(train(make_config(steps=2)))
    assert "all 2 steps are done" in caplog.text
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_resuming_with_other_paintings_is_refused(make_config: MakeConfig, paintings: tuple[Path, Path]) -> None:
    train(make_config(steps=2))
    with pytest.raises(CheckpointError, match="other paintings"):
        train(make_config(steps=2, style_image=paintings[::-1]))


def test_a_loss_that_is_no_number_stops_before_it_spoils_the_weights(
    make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def style_loss(*arguments: Any) -> Tensor:
        calls.append(1)
        loss = losses.style_loss(*arguments)
        return loss * float("nan") if len(calls) == 4 else loss

    monkeypatch.setattr(training, "style_loss", style_loss)
    with pytest.raises(DivergenceError, match=r"loss of step 4 .*model.checkpoint is kept.* with a lower --lr"):
        train(make_config())
    checkpoint = torch.load(tmp_path / "out" / "model.checkpoint", weights_only=True)
    assert checkpoint["step"] == 2
    assert all(value.isfinite().all() for value in checkpoint["network"].values())
    assert read_header(tmp_path / "out" / "model.safetensors").training["step"] == 2


def test_a_run_that_comes_apart_before_its_first_checkpoint(make_config: MakeConfig) -> None:
    with pytest.raises(DivergenceError, match=r"start again with a lower --lr"):
        train(make_config(lr=1e30, save_interval=100))


def test_damaged_photos_do_not_stop_it(make_config: MakeConfig, photos: Path, caplog: pytest.LogCaptureFixture) -> None:
    (photos / "photo2.jpg").write_bytes((photos / "photo2.jpg").read_bytes()[:200])
    train(make_config(steps=3))
    assert "skipping damaged photo" in caplog.text


def test_previews_are_made_with_every_checkpoint(make_config: MakeConfig, photos: Path) -> None:
    model_file = train(make_config(steps=1, preview_dir=photos))
    assert (model_file.parent / "model.preview.jpg").is_file()


def test_inputs_that_cannot_be(make_config: MakeConfig, tmp_path: Path, paintings: tuple[Path, Path]) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no photos"):
        train(make_config(dataset=tmp_path / "empty"))
    paintings[0].write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"wave\.jpg cannot be read as a picture"):
        train(make_config())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_no_card(make_config: MakeConfig) -> None:
    with pytest.raises(ConfigError, match=r"^--cuda 1 needs an NVIDIA card"):
        train(make_config(cuda=1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card")
def test_training_on_a_card(make_config: MakeConfig) -> None:
    config = make_config(cuda=1, steps=2)
    assert load_model(train(config)).styles.isfinite().all()
    assert load_model(train(make_config(cuda=0, steps=4))).styles.isfinite().all()  # and goes on without it
