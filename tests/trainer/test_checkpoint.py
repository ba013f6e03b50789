"""Checkpoints: whole or not at all, and only for the run that wrote them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.transformer_net import NetShape, TransformerNet
from trainer.checkpoint import load_checkpoint, save_checkpoint
from trainer.config import TrainConfig
from trainer.errors import CheckpointError
from trainer.learner import Learner, new_learner

MakeConfig = Callable[..., TrainConfig]
CPU = torch.device("cpu")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.checkpoint"


def trained_learner(config: TrainConfig) -> Learner:
    """One step of anything, so that the optimizer has something to remember."""
    learner = new_learner(config, CPU)
    for parameter in learner.parameters:
        parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    learner.optimizer.step()
    learner.step = 7
    return learner


def test_nothing_to_go_on_from(make_config: MakeConfig, file: Path) -> None:
    learner = new_learner(make_config(), CPU)
    load_checkpoint(file, learner)
    assert learner.step == 0


def test_everything_comes_back(make_config: MakeConfig, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    saved, loaded = trained_learner(make_config(seed=1)), new_learner(make_config(seed=2), CPU)
    save_checkpoint(file, saved)
    with caplog.at_level(logging.INFO):
        load_checkpoint(file, loaded)
    assert loaded.step == 7
    assert "resuming at step 7" in caplog.text
    for before, after in zip(saved.parameters + saved.averages, loaded.parameters + loaded.averages, strict=True):
        assert torch.equal(before, after)
    for before, after in zip(saved.parameters, loaded.parameters, strict=True):
        assert torch.equal(saved.optimizer.state[before]["exp_avg"], loaded.optimizer.state[after]["exp_avg"])


def test_a_failed_write_leaves_the_last_checkpoint(
    make_config: MakeConfig, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = trained_learner(make_config())
    save_checkpoint(file, learner)
    before = file.read_bytes()

    def full_disk(_: object, target: Path) -> None:
        target.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(file, learner)
    assert file.read_bytes() == before
    assert [f.name for f in file.parent.glob("*part*")] == []


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.999])
def test_truncated(make_config: MakeConfig, file: Path, kept: float) -> None:
    save_checkpoint(file, trained_learner(make_config()))
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * kept)])
    with pytest.raises(CheckpointError, match="is damaged: delete it to start over"):
        load_checkpoint(file, new_learner(make_config(), CPU))


@pytest.mark.parametrize("content", [[1], {}, {"network": {}}, torch.zeros(2)])
def test_something_else(make_config: MakeConfig, file: Path, content: object) -> None:
    torch.save(content, file)
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        load_checkpoint(file, new_learner(make_config(), CPU))


class Payload:
    def __init__(self, proof: Path):
        self.proof = proof

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.proof}",)


def test_code_is_not_run(make_config: MakeConfig, file: Path, tmp_path: Path) -> None:
    torch.save({"network": Payload(tmp_path / "it-ran")}, file)
    with pytest.raises(CheckpointError):
        load_checkpoint(file, new_learner(make_config(), CPU))
    assert not (tmp_path / "it-ran").exists()


def test_other_paintings(make_config: MakeConfig, file: Path, paintings: tuple[Path, Path]) -> None:
    save_checkpoint(file, trained_learner(make_config()))
    for others in (paintings[:1], paintings[::-1], (*paintings, Path("third.jpg"))):
        with pytest.raises(CheckpointError, match=r"was made with other paintings \(wave, muse\)"):
            load_checkpoint(file, new_learner(make_config(style_image=others), CPU))


def test_checkpoints_that_do_not_name_their_paintings(make_config: MakeConfig, file: Path) -> None:
    """The first ones did not; the number of paintings still tells."""
    save_checkpoint(file, trained_learner(make_config()))
    state = torch.load(file, weights_only=True)
    del state["style_names"]
    torch.save(state, file)
    loaded = new_learner(make_config(), CPU)
    load_checkpoint(file, loaded)
    assert loaded.step == 7
    with pytest.raises(CheckpointError, match="was made with other paintings: give"):
        load_checkpoint(file, new_learner(make_config(style_image=(Path("wave.jpg"),)), CPU))


def test_another_network(make_config: MakeConfig, file: Path, tmp_path: Path) -> None:
    shape = NetShape(8, 8, 8, 1)
    header = ModelHeader("transformer_net", (StyleCard("muse"),), shape)
    model = StyleModel(header, TransformerNet(shape), torch.ones(1, shape.style_length))
    save_model(tmp_path / "narrow.safetensors", model)
    save_checkpoint(file, trained_learner(make_config()))
    with pytest.raises(CheckpointError, match="holds another network"):
        load_checkpoint(file, new_learner(make_config(init_model=tmp_path / "narrow.safetensors"), CPU))
