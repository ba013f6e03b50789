"""Checkpoints: whole or not at all, and only for the run that wrote them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet
from trainer.checkpoint import checkpoint_files, load_newest_checkpoint, save_checkpoint
from trainer.config import TrainConfig
from trainer.errors import CheckpointError, OutputError
from trainer.learner import Course, Learner, new_learner

MakeConfig = Callable[..., TrainConfig]
CPU = torch.device("cpu")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


def trained_learner(config: TrainConfig) -> Learner:
    """One step of anything, so that the optimizer has something to remember."""
    learner = new_learner(config, CPU)
    for parameter in learner.parameters:
        parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    learner.optimizer.step()
    learner.course = Course(step=7, trained_s=3.5, rate_factor=0.25, piece_count=2, usual_loss=0.5, failed_step=9)
    return learner


def test_nothing_to_go_on_from(make_config: MakeConfig, folder: Path) -> None:
    learner = new_learner(make_config(), CPU)
    assert load_newest_checkpoint(folder, learner) is None
    assert learner.course == Course()


def test_everything_comes_back(make_config: MakeConfig, folder: Path) -> None:
    saved, loaded = trained_learner(make_config(seed=1)), new_learner(make_config(seed=2), CPU)
    file = save_checkpoint(folder, saved)
    assert load_newest_checkpoint(folder, loaded) == file
    assert loaded.course == saved.course
    for before, after in zip(saved.parameters + saved.averages, loaded.parameters + loaded.averages, strict=True):
        assert torch.equal(before, after)
    for before, after in zip(saved.parameters, loaded.parameters, strict=True):
        assert torch.equal(saved.optimizer.state[before]["exp_avg"], loaded.optimizer.state[after]["exp_avg"])


def test_the_last_two_are_kept(make_config: MakeConfig, folder: Path) -> None:
    learner = trained_learner(make_config())
    for step in (9, 99, 100_000):
        learner.course.step = step
        save_checkpoint(folder, learner)
    assert [file.name for file in checkpoint_files(folder)] == ["step-000100000.pt", "step-000000099.pt"]


def test_a_failed_write_leaves_the_last_checkpoint(
    make_config: MakeConfig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = trained_learner(make_config())
    file = save_checkpoint(folder, learner)
    before = file.read_bytes()

    def full_disk(target: Path, content: bytes) -> None:
        with target.open("wb") as stream:
            stream.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OutputError, match=r"step-000000007\.pt cannot be written \(No space"):
        save_checkpoint(folder, learner)
    assert file.read_bytes() == before
    assert list(folder.iterdir()) == [file]


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.1, 0.5, 0.999])
def test_a_truncated_one_gives_way_to_the_one_before(
    make_config: MakeConfig, folder: Path, kept: float, caplog: pytest.LogCaptureFixture
) -> None:
    learner, loaded = trained_learner(make_config()), new_learner(make_config(), CPU)
    older = save_checkpoint(folder, learner)
    learner.course.step = 8
    file = save_checkpoint(folder, learner)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * kept)])
    with caplog.at_level(logging.WARNING):
        assert load_newest_checkpoint(folder, loaded) == older
    assert loaded.course.step == 7
    assert "step-000000008.pt is damaged" in caplog.text


@pytest.mark.parametrize("content", [[1], {}, {"network": {}}, torch.zeros(2)])
def test_something_else(
    make_config: MakeConfig, folder: Path, content: object, caplog: pytest.LogCaptureFixture
) -> None:
    torch.save(content, folder / "step-000000001.pt")
    with pytest.raises(CheckpointError, match=r"no checkpoint in .* can be read: delete it to start over"):
        load_newest_checkpoint(folder, new_learner(make_config(), CPU))
    assert "is not a checkpoint" in caplog.text


class Payload:
    def __init__(self, proof: Path):
        self.proof = proof

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.proof}",)


def test_code_is_not_run(make_config: MakeConfig, folder: Path, tmp_path: Path) -> None:
    torch.save({"network": Payload(tmp_path / "it-ran")}, folder / "step-000000001.pt")
    with pytest.raises(CheckpointError):
        load_newest_checkpoint(folder, new_learner(make_config(), CPU))
    assert not (tmp_path / "it-ran").exists()


def test_other_paintings(make_config: MakeConfig, folder: Path, paintings: tuple[Path, Path]) -> None:
    save_checkpoint(folder, trained_learner(make_config()))
    for others in (paintings[:1], paintings[::-1], (*paintings, Path("third.jpg"))):
        with pytest.raises(CheckpointError, match=r"was made with other paintings \(wave, muse\)"):
            load_newest_checkpoint(folder, new_learner(make_config(style_image=others), CPU))


def test_another_network(make_config: MakeConfig, folder: Path, tmp_path: Path) -> None:
    shape = NetShape(8, 8, 8, 1)
    header = ModelHeader("transformer_net", (StyleCard("muse"),), shape)
    model = StyleModel(header, TransformerNet(shape), torch.ones(1, shape.style_length))
    save_model(tmp_path / "narrow.safetensors", model)
    save_checkpoint(folder, trained_learner(make_config()))
    with pytest.raises(CheckpointError, match="holds another network"):
        load_newest_checkpoint(folder, new_learner(make_config(init_model=tmp_path / "narrow.safetensors"), CPU))
