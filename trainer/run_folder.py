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

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.config import TrainConfig, as_full_json, from_json
from trainer.errors import ConfigError, TrainerError

LENGTHS = ("epochs", "steps", "time_budget")


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

    def preview_file(self, step: int) -> Path:
        return self.path / "previews" / f"step-{step:07d}.jpg"


def open_run(config: TrainConfig, arguments: Sequence[str]) -> RunFolder:
    """Make the folder, sweep up what a killed run left half written, and write config.json."""
    folder = RunFolder(config.save_model_dir, config.name)
    folder.checkpoints.mkdir(parents=True, exist_ok=True)
    folder.preview_file(0).parent.mkdir(exist_ok=True)
    for partial in folder.path.rglob(".*.part"):
        partial.unlink(missing_ok=True)
    content = {"arguments": list(arguments), "config": as_full_json(config)}
    write_whole(folder.config_file, lambda file: _write_json(file, content))
    return folder


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
    except TrainerError as error:
        raise ConfigError(f"--resume {path}: {error}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigError(f"--resume {path} has a damaged config.json: give the flags of the run instead") from error


def write_whole(file: Path, write: Callable[[Path], object]) -> None:
    """Write beside the final name, and rename when whole and on the disk: a kill leaves the older file as it was."""
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        write(partial)
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
