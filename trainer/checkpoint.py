"""Checkpoints: everything a run needs to go on where it stopped, bit for bit.

Two are kept, `checkpoints/step-N.pt`, so that one that a failing disk spoils is not the end. They are read as plain
tensors: no file can run code. Data order and noise need no place in them: they follow from the seed and the step.
"""

from __future__ import annotations

import io
import logging
import pickle
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from trainer.errors import CheckpointError
from trainer.learner import Course, Learner
from trainer.processes import Processes
from trainer.run_folder import write_whole

KEPT_COUNT = 2

# What torch.load raises for a file that is cut short, or is something else
UNREADABLE = (
    pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, OSError,
)

log = logging.getLogger(__name__)


def save_checkpoint(folder: Path, learner: Learner) -> Path:
    """Write the learner's state as the newest, and take the oldest away."""
    file = folder / f"step-{learner.course.step:09d}.pt"
    write_whole(file, lambda partial: partial.write_bytes(serialized(state_of(learner))))
    for older in checkpoint_files(folder)[KEPT_COUNT:]:
        older.unlink(missing_ok=True)
    return file


def share_state(learner: Learner, processes: Processes) -> None:
    """What the first process has becomes what all have: they need not see its files. Raises ProcessesError."""
    if processes.count == 1:
        return
    shared = io.BytesIO(processes.bytes_of_first(serialized(state_of(learner))))
    restore(learner, torch.load(shared, map_location="cpu", weights_only=True))


def serialized(state: Any) -> bytes:
    """Made before it is written: into a full disk, torch would write until it stumbles over itself."""
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()


def state_of(learner: Learner) -> dict[str, Any]:
    return {
        "network": learner.network.state_dict(),
        "styles": learner.styles.detach(),
        "style_names": learner.style_names,
        "averages": learner.averages,
        "optimizer": learner.optimizer.state_dict(),
        "scaler": learner.scaler.state_dict(),
        "course": asdict(learner.course),
    }


def restore(learner: Learner, state: Mapping[str, Any]) -> None:
    """Go on from there."""
    learner.network.load_state_dict(state["network"])
    with torch.no_grad():
        learner.styles.copy_(state["styles"])
        for average, saved in zip(learner.averages, state["averages"], strict=True):
            average.copy_(saved)
    learner.optimizer.load_state_dict(state["optimizer"])
    if state.get("scaler"):  # empty where the run was none of float16 until now
        learner.scaler.load_state_dict(state["scaler"])
    learner.course = Course(**state["course"])


def checkpoint_files(folder: Path) -> list[Path]:
    """The newest first."""
    return sorted(folder.glob("step-*.pt"), reverse=True)


def load_newest_checkpoint(folder: Path, learner: Learner) -> Path | None:
    """Go on from the newest that can be read; None where there is none at all. Raises CheckpointError."""
    files = checkpoint_files(folder)
    for file in files:
        try:
            load_checkpoint(file, learner)
        except DamagedError as error:
            log.warning("%s", error)
            continue
        return file
    if files:
        raise CheckpointError(f"no checkpoint in {folder} can be read: delete it to start over")
    return None


def load_checkpoint(file: Path, learner: Learner) -> None:
    """Raises CheckpointError."""
    state = _read(file)
    _require_same_run(file, state, learner)
    restore(learner, state)


class DamagedError(CheckpointError):
    """Not a checkpoint, or only a part of one."""


def _read(file: Path) -> Mapping[str, Any]:
    expected = {"network", "styles", "style_names", "averages", "optimizer", "course"}
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise DamagedError(f"{file} is damaged") from error
    if not isinstance(state, Mapping) or not expected <= state.keys():
        raise DamagedError(f"{file} is not a checkpoint")
    return state


def _require_same_run(file: Path, state: Mapping[str, Any], learner: Learner) -> None:
    if state["style_names"] != learner.style_names:
        raise CheckpointError(
            f"{file} was made with other paintings ({', '.join(state['style_names'])}): give the same --style-image "
            "files, or another --save-model-dir"
        )
    saved = {key: value.shape for key, value in state["network"].items()}
    if saved != {key: value.shape for key, value in learner.network.state_dict().items()}:
        raise CheckpointError(f"{file} holds another network: start over in another --save-model-dir")
