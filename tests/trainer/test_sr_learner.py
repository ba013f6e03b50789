"""Training an enlarging network goes on where it was stopped, to the same weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from fnst_live.stylenet.upscale_net import load_upscale_model
from trainer import super_resolution
from trainer.config import SuperResolutionConfig
from trainer.errors import CheckpointError
from trainer.learner import set_learning_rate
from trainer.sr_learner import checkpoint_file
from trainer.super_resolution import train_super_resolution

MakeConfig = Callable[..., SuperResolutionConfig]


@pytest.fixture
def make_config(photos: Path, tmp_path: Path) -> MakeConfig:
    def make(**changes: Any) -> SuperResolutionConfig:
        settings: dict[str, Any] = {
            "dataset": photos, "output": tmp_path / "x2.safetensors", "factor": 2, "steps": 6, "batch_size": 2,
            "crop_size": 8, "channels": 4, "depth": 1, "precision": "float32",
        }
        return SuperResolutionConfig(**(settings | changes))

    return make


def weights_of(file: Path) -> dict[str, torch.Tensor]:
    return load_upscale_model(file).network.state_dict()


def killed_after(step: int, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model of a run of six steps that ended so early, with a checkpoint after every step."""

    def set_rate_or_die(*arguments: Any) -> None:
        if arguments[3] == step:
            raise KeyboardInterrupt
        set_learning_rate(*arguments)

    config = make_config(save_interval=1)
    with monkeypatch.context() as patched:
        patched.setattr(super_resolution, "set_learning_rate", set_rate_or_die)
        with pytest.raises(KeyboardInterrupt):
            train_super_resolution(config)
    return config.output


def test_a_killed_run_goes_on_to_the_same_weights(
    make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = weights_of(train_super_resolution(make_config(output=tmp_path / "unbroken.safetensors")))
    file = killed_after(3, make_config, monkeypatch)
    assert load_upscale_model(file).training["step"] == 3
    resumed = weights_of(train_super_resolution(make_config(resume=True)))
    torch.testing.assert_close(resumed, unbroken, rtol=0, atol=0)


def test_a_finished_run_has_nothing_left_to_do(make_config: MakeConfig) -> None:
    before = weights_of(train_super_resolution(make_config()))
    after = weights_of(train_super_resolution(make_config(resume=True)))
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_it_counts_the_time_of_all_sittings(make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    file = checkpoint_file(killed_after(3, make_config, monkeypatch))
    state = torch.load(file, weights_only=True)
    torch.save(state | {"trained_s": 90.0}, file)
    train_super_resolution(make_config(time_budget=60.0, resume=True))
    assert load_upscale_model(file.with_name("x2.safetensors")).training["step"] == 3


def test_nothing_to_go_on_from(make_config: MakeConfig) -> None:
    with pytest.raises(CheckpointError, match=r"there is no .*x2\.checkpoint\.pt to go on from"):
        train_super_resolution(make_config(resume=True))


@pytest.mark.parametrize(("content", "sentence"), [(b"no checkpoint", "is damaged"), (None, "is not a checkpoint")])
def test_a_file_that_is_none(content: bytes | None, sentence: str, make_config: MakeConfig) -> None:
    file = checkpoint_file(make_config().output)
    if content is None:
        torch.save({"step": 3}, file)
    else:
        file.write_bytes(content)
    with pytest.raises(CheckpointError, match=sentence):
        train_super_resolution(make_config(resume=True))


@pytest.mark.parametrize("changes", [{"factor": 4}, {"channels": 6}, {"depth": 2}])
def test_a_checkpoint_of_another_network(changes: dict[str, int], make_config: MakeConfig) -> None:
    train_super_resolution(make_config())
    with pytest.raises(CheckpointError, match="holds another network"):
        train_super_resolution(make_config(resume=True, **changes))
