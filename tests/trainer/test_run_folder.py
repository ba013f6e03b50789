"""The folder of a run: what it is made with, what is swept up, and what cannot be gone on with."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.config import TrainConfig
from trainer.errors import ConfigError, OutputError
from trainer.run_folder import (
    open_run,
    require_checkpoint,
    require_no_other_run,
    require_writable,
    resumed_config,
    write_whole,
)

MakeConfig = Callable[..., TrainConfig]


def test_the_same_settings_come_back(make_config: MakeConfig) -> None:
    config = make_config(work=("The Wave", "The Muse"), preview_dir=None)
    open_run(config, ["train"])
    assert resumed_config(config.save_model_dir, {}) == config


def test_relative_paths_are_made_whole(
    make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = make_config(dataset=Path("photos"), style_image=(Path("wave.jpg"), Path("muse.jpg")))
    open_run(config, [])
    resumed = resumed_config(config.save_model_dir, {})
    assert resumed.dataset == tmp_path / "photos"
    assert resumed.style_image == (tmp_path / "wave.jpg", tmp_path / "muse.jpg")


def test_changes_win_and_one_length_replaces_another(make_config: MakeConfig) -> None:
    config = make_config(steps=6)
    open_run(config, [])
    changed = resumed_config(config.save_model_dir, {"time_budget": 60.0, "lr": 1e-5})
    assert (changed.steps, changed.time_budget, changed.lr) == (0, 60.0, 1e-5)


def test_lists_can_be_changed_too(make_config: MakeConfig) -> None:
    config = make_config()
    open_run(config, [])
    changed = resumed_config(config.save_model_dir, {"style_weight": (2.0,), "work": ("The Wave", "The Muse")})
    assert (changed.style_weight, changed.work) == ((2.0,), ("The Wave", "The Muse"))
    open_run(changed, [])
    assert resumed_config(config.save_model_dir, {}) == changed


def test_half_written_files_are_swept_up_and_nobody_elses(make_config: MakeConfig) -> None:
    config = make_config()
    folder = open_run(config, [])
    halves = [folder.checkpoints / ".step-1.pt.123.part", folder.path / ".model.safetensors.123.part"]
    others = [folder.path / ".thesis.part", folder.path / "mine" / ".model.safetensors.123.part"]
    others[1].parent.mkdir()
    for file in (*halves, *others):
        file.write_bytes(b"half")
    open_run(config, [])
    assert not any(half.exists() for half in halves)
    assert all(other.exists() for other in others)


def test_another_run_in_the_same_folder(make_config: MakeConfig) -> None:
    config = make_config(steps=6)
    folder = open_run(config, [])
    require_no_other_run(make_config(seed=5))  # it has no checkpoint yet
    (folder.checkpoints / "step-000000001.pt").touch()
    require_no_other_run(make_config(steps=9, save_interval=7))
    with pytest.raises(ConfigError, match=r"holds a run with another --tv-weight, --seed: go on with it by --resume"):
        require_no_other_run(make_config(seed=5, tv_weight=0.5))
    folder.config_file.write_text("{")
    require_no_other_run(make_config(seed=5))


def test_a_run_whose_checkpoints_are_gone(make_config: MakeConfig) -> None:
    folder = open_run(make_config(), [])
    require_checkpoint(folder.path)  # it was never begun
    folder.model_file.touch()
    with pytest.raises(ConfigError, match=r"has no checkpoint to go on from: start anew, in another --save-model-dir"):
        require_checkpoint(folder.path)
    (folder.checkpoints / "step-000000001.pt").touch()
    require_checkpoint(folder.path)


def test_a_full_disk_is_told_of_by_the_name_that_the_user_knows(tmp_path: Path) -> None:
    def write(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputError, match=r"model\.md cannot be written \(No space left on device\): free some space"):
        write_whole(tmp_path / "model.md", write)
    with pytest.raises(OutputError, match=r"gone.model\.md cannot be written \(No such file.*\): choose another place"):
        write_whole(tmp_path / "gone" / "model.md", lambda partial: partial.write_text("# Model"))


def test_outputs_that_cannot_be_are_refused_before_the_work(tmp_path: Path) -> None:
    for output, sentence in (
        (tmp_path, "is a folder: give the name of a file"), (tmp_path / "gone" / "a.png", "does not exist"),
        (Path("/proc/self/a.png"), "cannot be written"),
    ):
        with pytest.raises(ConfigError, match=f"--output .*{sentence}"):
            require_writable(output, "--output")
    require_writable(tmp_path / "a.png", "--output")
    assert list(tmp_path.iterdir()) == []


def test_folders_of_no_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--resume .* is not the folder of a run: it has no config.json"):
        resumed_config(tmp_path, {})


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"config": 3}', '{"config": {"dataset": 3}}'])
def test_a_damaged_config(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ConfigError, match=r"--resume .* has a damaged config.json"):
        resumed_config(tmp_path, {})


def test_settings_of_another_version(make_config: MakeConfig) -> None:
    config = make_config()
    file = open_run(config, []).config_file
    content = json.loads(file.read_text())
    content["config"]["magic"] = 1
    file.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match=r"--resume .*: has settings that this version does not know: magic"):
        resumed_config(config.save_model_dir, {})


def test_another_folder_beside_resume(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--resume names the folder of the run"):
        resumed_config(tmp_path, {"save_model_dir": tmp_path})


def test_a_failed_write_leaves_the_older_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("older")

    def full_disk(partial: Path) -> None:
        partial.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space"):
        write_whole(file, full_disk)
    assert file.read_text() == "older"
    assert list(tmp_path.iterdir()) == [file]
