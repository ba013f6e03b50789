"""Six steps on small pictures: the loss falls, the folder fills, and nothing that may happen to a run spoils it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import load_model, read_header
from trainer import training
from trainer.batches import Batch, make_batch
from trainer.config import ExportConfig, TrainConfig
from trainer.data import PhotoCrops, find_photos
from trainer.errors import CheckpointError, ConfigError, DataError, DivergenceError
from trainer.evaluate import load_any_model
from trainer.export import export
from trainer.learner import Learner, new_learner
from trainer.learner import set_learning_rate as set_rate
from trainer.objective import Objective, make_objective
from trainer.progress import TrainingLog, read_log
from trainer.run_folder import RunFolder, open_run, resumed_config
from trainer.stopping import Stopped
from trainer.training import train

MakeConfig = Callable[..., TrainConfig]
CPU = torch.device("cpu")


def losses_of(config: TrainConfig, learner: Learner) -> dict[str, float]:
    """On photos and styles that are the same for every learner."""
    objective = make_objective(config.weights, config.style_image, config.style_sizes, config.vgg_model_dir, CPU)
    photos = PhotoCrops(find_photos(config.dataset), 4, 64, seed=99)
    batch = make_batch(photos, 0, len(config.style_image), with_motion=True)
    with torch.no_grad():
        losses = objective.losses(learner.network, learner.styles, batch)
    return {name: float(value) for name, value in losses.items()}


def folder_of(config: TrainConfig) -> RunFolder:
    return RunFolder(config.save_model_dir, config.name)


def newest_state(config: TrainConfig) -> dict[str, Any]:
    files = sorted(folder_of(config).checkpoints.iterdir())
    state: dict[str, Any] = torch.load(files[-1], weights_only=True)
    return state


def tensors_of(config: TrainConfig) -> list[Tensor]:
    """All numbers that a run ends with: weights, averages, moments of the optimizer, and the model."""
    checkpoint, model = newest_state(config), load_model(folder_of(config).model_file)
    moments = [value for state in checkpoint["optimizer"]["state"].values() for value in state.values()]
    return [
        *checkpoint["network"].values(), checkpoint["styles"], *checkpoint["averages"], *moments,
        *model.network.state_dict().values(), model.styles,
    ]


def assert_same(one: TrainConfig, other: TrainConfig) -> None:
    for a, b in zip(tensors_of(one), tensors_of(other), strict=True):
        assert torch.equal(a, b)
    assert newest_state(one)["optimizer"]["param_groups"] == newest_state(other)["optimizer"]["param_groups"]


def when_done(monkeypatch: pytest.MonkeyPatch, step: int, act: Callable[[], Any]) -> None:
    """Call something right after that step, once."""
    whole = TrainingLog.step_done
    acted: list[int] = []

    def step_done(self: TrainingLog, done: int, *arguments: Any, **options: Any) -> None:
        whole(self, done, *arguments, **options)
        if done == step and not acted:
            acted.append(done)
            act()

    monkeypatch.setattr(TrainingLog, "step_done", step_done)


def test_the_loss_falls_and_the_folder_fills(make_config: MakeConfig, tmp_path: Path) -> None:
    config = make_config(lr=3e-4, work=("The Great Wave", "The Muse"), painter=("Hokusai", "Nobody"))
    model_file = train(config, ["train", "--steps", "6"])
    assert model_file == tmp_path / "out" / "model.safetensors"
    files = {file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    files = {file for file in files if not file.startswith("tensorboard/")}  # which may be installed
    assert files == {
        "config.json", "log.jsonl", "model.safetensors", "model.md", "previews/step-0000000.jpg",
        "previews/step-0000006.jpg", "checkpoints/step-000000004.pt", "checkpoints/step-000000006.pt",
    }
    before = losses_of(config, new_learner(config, CPU))
    after = losses_of(config, new_learner(make_config(init_model=model_file), CPU))
    assert after["total"] < before["total"]
    assert after["style"] < before["style"]


def test_the_header_and_the_card_tell_how_it_was_made(make_config: MakeConfig) -> None:
    config = make_config(steps=1, work=("The Wave", "The Muse"))
    header = read_header(train(config, ["train", "--steps", "1"]))
    assert [(card.name, card.work) for card in header.styles] == [("wave", "The Wave"), ("muse", "The Muse")]
    assert header.training["command"] == "fnst-train train --steps 1"
    assert header.training["commit"]
    assert header.training["step"] == 1
    assert header.training["config"]["style_image"] == ["wave.jpg", "muse.png"]
    card = folder_of(config).card_file.read_text()
    assert "| wave |  | The Wave |  |" in card
    assert "Trained for 1 steps" in card
    assert "| total |" in card


def test_the_log_has_all_losses(make_config: MakeConfig) -> None:
    config = make_config(steps=2)
    train(config)
    (line,) = read_log(folder_of(config).log_file)
    assert line.keys() == {"step", "content", "style", "palette", "tv", "temporal", "total", "lr"}
    parts = sum(value for name, value in line.items() if name not in ("step", "total", "lr"))
    assert line["total"] == pytest.approx(parts, abs=1e-4)


def test_without_a_temporal_weight_the_network_runs_once(make_config: MakeConfig) -> None:
    config = make_config(temporal_weight=0.0)
    assert losses_of(config, new_learner(config, CPU)).keys() == {"content", "style", "palette", "tv", "total"}


def test_epochs_are_passes_over_the_photos(make_config: MakeConfig) -> None:
    """Five photos, two to a step: three steps an epoch."""
    model_file = train(make_config(steps=0, epochs=2))
    assert read_header(model_file).training["step"] == 6


def test_a_budget_instead_of_steps(make_config: MakeConfig) -> None:
    config = make_config(steps=0, time_budget=1e-6)
    train(config)
    assert newest_state(config)["course"]["step"] == 1


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(
    make_config: MakeConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole, parts = (make_config(save_model_dir=tmp_path / name) for name in ("whole", "parts"))
    train(whole)
    with pytest.MonkeyPatch.context() as monkeypatch:
        when_done(monkeypatch, 5, lambda: (_ for _ in ()).throw(KeyboardInterrupt))  # a checkpoint was after step 4
        with pytest.raises(KeyboardInterrupt):
            train(parts)
    moved = parts.save_model_dir.rename(tmp_path / "moved")
    resumed = resumed_config(moved, {})
    assert resumed.save_model_dir == moved
    with caplog.at_level("INFO"):
        train(resumed)
    assert "resuming at step 4" in caplog.text
    assert_same(whole, resumed)


KILLED_WHILE_SAVING = """
import os, signal, sys
from pathlib import Path
import torch
from trainer.run_folder import resumed_config
from trainer.training import train

torch.set_num_threads(1)
whole = Path.write_bytes

def write(file, content):
    if "step-000000004.pt" not in file.name:
        return whole(file, content)
    whole(file, content[:1000])
    os.kill(os.getpid(), signal.SIGKILL)

Path.write_bytes = write
train(resumed_config(Path(sys.argv[1]), {}))
"""


def test_killed_in_the_middle_of_a_checkpoint(make_config: MakeConfig, tmp_path: Path) -> None:
    whole, killed = (make_config(save_model_dir=tmp_path / name) for name in ("whole", "killed"))
    train(whole)
    open_run(killed, [])
    command = [sys.executable, "-c", KILLED_WHILE_SAVING, str(killed.save_model_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(list(folder_of(killed).checkpoints.glob(".*.part"))) == 1
    assert load_model(folder_of(killed).model_file).header.training["step"] == 2
    train(resumed_config(killed.save_model_dir, {}))
    assert not list(folder_of(killed).checkpoints.glob(".*.part"))
    assert_same(whole, killed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_a_usable_model_and_goes_on(
    make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    whole, parts = (make_config(save_model_dir=tmp_path / name) for name in ("whole", "parts"))
    when_done(monkeypatch, 3, lambda: signal.raise_signal(number))
    handler = signal.getsignal(number)
    with pytest.raises(Stopped, match=r"after step 3: .*model\.safetensors is usable .*--resume .*parts goes on"):
        train(parts)
    assert signal.getsignal(number) is handler
    assert load_model(folder_of(parts).model_file).header.training["step"] == 3
    train(parts)
    monkeypatch.undo()
    train(whole)
    assert_same(whole, parts)


def test_a_finished_run_has_nothing_to_do(make_config: MakeConfig) -> None:
    config = make_config(steps=2)
    train(config)
    first = tensors_of(config)
    train(config)
    assert all(torch.equal(a, b) for a, b in zip(first, tensors_of(config), strict=True))


def test_a_run_can_be_made_longer(make_config: MakeConfig) -> None:
    config = make_config(steps=2)
    train(config)
    train(resumed_config(config.save_model_dir, {"steps": 3}))
    assert newest_state(config)["course"]["step"] == 3


def test_resuming_with_other_paintings_is_refused(make_config: MakeConfig, paintings: tuple[Path, Path]) -> None:
    train(make_config(steps=2))
    with pytest.raises(CheckpointError, match="other paintings"):
        train(make_config(steps=2, style_image=paintings[::-1]))


def spoil(monkeypatch: pytest.MonkeyPatch, calls: range, factor: float) -> None:
    """Multiply the loss of these calls, counted from 1."""
    whole, count = Objective.losses, [0]

    def losses(self: Objective, network: nn.Module, styles: Tensor, batch: Batch, *more: Any) -> dict[str, Tensor]:
        count[0] += 1
        values = whole(self, network, styles, batch, *more)
        return {**values, "total": values["total"] * factor} if count[0] in calls else values

    monkeypatch.setattr(Objective, "losses", losses)


def rates_of(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    rates: list[float] = []

    def set_learning_rate(optimizer: Any, peak: float, *arguments: Any) -> None:
        rates.append(peak)
        set_rate(optimizer, peak, *arguments)

    monkeypatch.setattr(training, "set_learning_rate", set_learning_rate)
    return rates


def test_a_loss_that_is_no_number_rolls_back_and_halves_the_rate(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = make_config(lr=0.008)
    spoil(monkeypatch, range(4, 5), float("nan"))
    rates = rates_of(monkeypatch)
    train(config)
    assert rates == [0.008] * 4 + [0.004] * 4  # of steps 1 2 3 4, then 3 4 5 6
    sentence = "the loss of step 4 is no number or explodes: back to step 2, from here on at 1/2 of the rate"
    assert sentence in caplog.text
    events = [entry for entry in read_log(folder_of(config).log_file) if "event" in entry]
    assert events == [{"step": 4, "event": "rollback", "message": sentence}]
    assert newest_state(config)["course"]["rate_factor"] == 0.5
    assert all(tensor.isfinite().all() for tensor in tensors_of(config))


def test_where_going_back_does_not_help_it_goes_further_back(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(monkeypatch, range(5, 7), float("inf"))  # step 5, and again when it comes back to it
    train(make_config())
    told = [message for message in caplog.messages if "back to step" in message]
    assert [message.split("explodes: ")[1] for message in told] == [
        "back to step 4, from here on at 1/2 of the rate", "back to step 2, from here on at 1/4 of the rate",
    ]


def test_an_exploding_loss_rolls_back_too(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("trainer.descent.CALM_STEPS", 2)
    spoil(monkeypatch, range(4, 5), 1e3)
    train(make_config())
    assert "the loss of step 4 is no number or explodes: back to step 2" in caplog.text


def test_a_run_that_explodes_at_any_rate(make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    config = make_config()
    spoil(monkeypatch, range(3, 10**6), float("nan"))
    with pytest.raises(DivergenceError, match=r"step \d explodes at any rate: .* start again with a lower --lr"):
        train(config)
    assert all(tensor.isfinite().all() for tensor in tensors_of(config))


def test_where_memory_runs_out_the_batch_is_taken_in_pieces(
    make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The run ends, to within rounding, where one with enough memory ends."""
    enough, short = (
        make_config(save_model_dir=tmp_path / name, precision="float32", batch_size=4, steps=2, lr=1e-4)
        for name in ("enough", "short")
    )
    train(enough)
    whole = Objective.losses

    def losses(self: Objective, network: nn.Module, styles: Tensor, batch: Batch, *more: Any) -> dict[str, Tensor]:
        if len(batch) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes.")
        return whole(self, network, styles, batch, *more)

    monkeypatch.setattr(Objective, "losses", losses)
    train(short)
    assert "each batch of 4 is taken in 2 pieces" in caplog.text
    assert "each batch of 4 is taken in 4 pieces" in caplog.text
    assert newest_state(short)["course"]["piece_count"] == 4
    one, other = (list(read_log(folder_of(config).log_file))[-1] for config in (enough, short))
    assert one["total"] == pytest.approx(other["total"], rel=1e-3)


def test_damaged_photos_do_not_stop_it(make_config: MakeConfig, photos: Path, caplog: pytest.LogCaptureFixture) -> None:
    (photos / "photo2.jpg").write_bytes((photos / "photo2.jpg").read_bytes()[:200])
    train(make_config(steps=3))
    assert "skipping damaged photo" in caplog.text


def test_previews_of_photos_of_ones_own(make_config: MakeConfig, photos: Path) -> None:
    config = make_config(steps=2, preview_interval=1, preview_dir=photos / "more")
    train(config)
    for step in (0, 1, 2):
        with Image.open(folder_of(config).preview_file(step)) as strips:
            assert strips.size == (3 * 48, 36)


def test_config_json_is_the_whole_truth(make_config: MakeConfig, photos: Path) -> None:
    config = make_config(steps=1)
    train(config, ["train", "--steps", "1"])
    content = json.loads(folder_of(config).config_file.read_text())
    assert content["arguments"] == ["train", "--steps", "1"]
    assert content["config"]["dataset"] == str(photos)
    assert resumed_config(config.save_model_dir, {}) == config


def test_inputs_that_cannot_be(make_config: MakeConfig, tmp_path: Path, paintings: tuple[Path, Path]) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no photos"):
        train(make_config(dataset=tmp_path / "empty"))
    paintings[0].write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"wave\.jpg cannot be read as a picture"):
        train(make_config())


def scale_losses(monkeypatch: pytest.MonkeyPatch, scale: float) -> list[float]:
    """As for float16, though the arithmetic is float32. Returns the rates of all attempts."""

    def learner_of(config: TrainConfig, torch_device: torch.device) -> Learner:
        return replace(new_learner(config, torch_device), scaler=GradScaler("cpu", init_scale=scale))

    monkeypatch.setattr(training, "new_learner", learner_of)
    return rates_of(monkeypatch)


def test_a_scaled_loss_ends_where_one_as_it_is_does(
    make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scales are powers of two, which cost no digit; a checkpoint keeps them."""
    plain, scaled = (make_config(save_model_dir=tmp_path / name, precision="float32") for name in ("plain", "scaled"))
    train(plain)
    scale_losses(monkeypatch, 2.0**10)
    train(scaled)
    assert_same(plain, scaled)
    assert newest_state(plain)["scaler"] == {}
    assert newest_state(scaled)["scaler"]["scale"] == 2.0**10
    train(resumed_config(scaled.save_model_dir, {"steps": 7}))
    assert newest_state(scaled)["scaler"]["_growth_tracker"] == 7


def test_a_loss_scaled_too_far_is_scaled_less_and_nothing_is_rolled_back(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = make_config(steps=2, precision="float32")
    tries = scale_losses(monkeypatch, 2.0**127)  # of float32 nothing is left above
    train(config)
    assert len(tries) > 2
    assert newest_state(config)["course"]["step"] == 2
    assert 1 < newest_state(config)["scaler"]["scale"] < 2.0**127
    assert "back to step" not in caplog.text
    assert all(tensor.isfinite().all() for tensor in tensors_of(config))


def test_no_number_is_a_rollback_however_it_is_scaled(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scale_losses(monkeypatch, 2.0**10)
    spoil(monkeypatch, range(4, 5), float("nan"))
    train(make_config(precision="float32"))
    assert "the loss of step 4 is no number or explodes: back to step 2" in caplog.text


def test_the_classic_network_for_the_classic_program(
    make_config: MakeConfig, paintings: tuple[Path, Path], tmp_path: Path
) -> None:
    """It learns, goes on, and its state dict is one of the PyTorch examples program."""
    config = make_config(network="johnson2016", style_image=paintings[:1], steps=4, lr=1e-3)
    model_file = train(config)
    train(resumed_config(config.save_model_dir, {"steps": 6}))
    model = load_model(model_file)
    assert (model.header.architecture, model.header.training["step"]) == ("johnson2016", 6)
    before = losses_of(config, new_learner(config, CPU))
    after = losses_of(config, new_learner(replace(config, init_model=model_file), CPU))
    assert after["total"] < before["total"]
    export(ExportConfig(model_file, "pth", tmp_path / "wave.pth"))
    assert load_any_model(tmp_path / "wave.pth").network.state_dict().keys() == JohnsonNet().state_dict().keys()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_no_card(make_config: MakeConfig) -> None:
    with pytest.raises(ConfigError, match=r"^--cuda 1 needs an NVIDIA card"):
        train(make_config(cuda=1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card")
def test_training_on_a_card(make_config: MakeConfig) -> None:
    config = make_config(cuda=1, steps=2)
    train(make_config(cuda=1, steps=1, precision="float16"))
    assert newest_state(config)["scaler"]["scale"] >= 1
    assert load_model(train(config)).styles.isfinite().all()
    assert load_model(train(make_config(cuda=0, steps=4))).styles.isfinite().all()  # and goes on without it
