"""The folder of a run: everything that training leaves behind, each file whole or not there at all.

    config.json             what the run was told, and by which command: `--resume` needs nothing else
    log.jsonl               losses of every tenth step, and what happened (see progress.py)
    checkpoints/            the last two states to go on from (see checkpoint.py)
    previews/               the same few photos in every style, again and again
    tensorboard/            the log for TensorBoard, if that is installed
    NAME.safetensors        the model
    NAME.md                 its card: what it is, and how it was made
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnst_live.options import flag_of
from trainer.config import TrainConfig, as_full_json, from_json
from trainer.errors import ConfigError, OutputError, TrainerError

LENGTHS = ("epochs", "steps", "time_budget")
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CHANGE_NOTHING = (*LENGTHS, "save_model_dir", "cuda", "precision", "preview_dir", "preview_interval", "save_interval")


@dataclass(frozen=True)
class RunFolder:
    """Where things lie."""

    path: Path
    name: str

    @property
    def config_file(self) -> Path:
        return self.path / "config.json"

    @property
    def log_file(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def model_file(self) -> Path:
        return self.path / f"{self.name}.safetensors"

    @property
    def card_file(self) -> Path:
        return self.path / f"{self.name}.md"

    def leftovers(self) -> Iterator[Path]:
        """What a killed run was writing; of other people's files none."""
        names = rf"{re.escape(self.name)}\.(md|safetensors)|config\.json|log\.jsonl|step-\d+\.\w+"
        ours = re.compile(rf"\.({names})\.\d+\.part")
        for folder in (self.path, self.checkpoints, self.preview_file(0).parent):
            yield from (file for file in folder.glob(".*.part") if ours.fullmatch(file.name))

    def preview_file(self, step: int) -> Path:
        return self.path / "previews" / f"step-{step:07d}.jpg"


def open_run(config: TrainConfig, arguments: Sequence[str]) -> RunFolder:
    """Make the folder, sweep up what a killed run left half written, and write config.json."""
    folder = RunFolder(config.save_model_dir, config.name)
    folder.checkpoints.mkdir(parents=True, exist_ok=True)
    folder.preview_file(0).parent.mkdir(exist_ok=True)
    for partial in folder.leftovers():
        partial.unlink(missing_ok=True)
    content = {"arguments": list(arguments), "config": as_full_json(config)}
    write_whole(folder.config_file, lambda file: _write_json(file, content))
    return folder


def require_no_other_run(config: TrainConfig) -> None:
    """That the folder's run, if it holds one, was told the same: else it would go on as another. Raises ConfigError."""
    folder = RunFolder(config.save_model_dir, config.name)
    if not any(folder.checkpoints.glob("step-*.pt")):
        return
    try:
        saved = json.loads(folder.config_file.read_text(encoding="utf-8"))["config"]
    except (OSError, ValueError, LookupError):
        return
    wanted = json.loads(json.dumps(as_full_json(config)))
    other = [name for name in wanted if name not in CHANGE_NOTHING and saved.get(name, wanted[name]) != wanted[name]]
    if other:
        raise ConfigError(
            f"{folder.path} holds a run with another {', '.join(map(flag_of, other))}: go on with it by --resume "
            f"{folder.path}, or give another --save-model-dir"
        )


def require_checkpoint(path: Path) -> None:
    """Where there is a model: else the run would begin anew, and write over it. Raises ConfigError."""
    if any(path.glob("*.safetensors")) and not any(RunFolder(path, "").checkpoints.glob("step-*.pt")):
        raise ConfigError(f"--resume {path} has no checkpoint to go on from: start anew, in another --save-model-dir")


def resumed_config(path: Path, changes: Mapping[str, Any]) -> TrainConfig:
    """The settings of a run, wherever its folder lies by now, with changes. Raises ConfigError."""
    file = path / "config.json"
    if "save_model_dir" in changes:
        raise ConfigError("--resume names the folder of the run: leave --save-model-dir away")
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))["config"]
        if not changes.keys().isdisjoint(LENGTHS):  # another length takes the place of the old one
            saved = {name: value for name, value in saved.items() if name not in LENGTHS}
        return from_json(TrainConfig, {**saved, "save_model_dir": str(path), **changes})
    except FileNotFoundError as error:
        raise ConfigError(f"--resume {path} is not the folder of a run: it has no config.json") from error
    except NotADirectoryError as error:
        raise ConfigError(f"--resume {path} is a file: give the folder of a run") from error
    except TrainerError as error:
        raise ConfigError(f"--resume {path}: {error}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigError(f"--resume {path} has a damaged config.json: give the flags of the run instead") from error


def write_whole(file: Path, write: Callable[[Path], object]) -> None:
    """Write beside the final name, and rename when whole and on the disk: a kill leaves the older file as it was.

    Raises OutputError.
    """
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    with failures_told(file):
        try:
            write(partial)
            with partial.open("rb") as stream:
                os.fsync(stream.fileno())
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)


@contextlib.contextmanager
def failures_told(file: Path) -> Iterator[None]:
    """By the name that the user knows. Raises OutputError."""
    try:
        yield
    except OSError as error:
        remedy = "free some space, or choose another disk" if error.errno in NO_SPACE else "choose another place"
        raise OutputError(f"{file} cannot be written ({error.strerror or error}): {remedy}") from error


def require_writable(file: Path, flag: str) -> None:
    """Before the work, not after it. Raises ConfigError."""
    if not file.parent.is_dir():
        raise ConfigError(f"{flag} {file} lies in a folder that does not exist")
    if file.is_dir():
        raise ConfigError(f"{flag} {file} is a folder: give the name of a file")
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise ConfigError(f"{flag} {file} cannot be written ({error.strerror}): choose another place") from error


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
