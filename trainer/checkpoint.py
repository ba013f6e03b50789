"""Checkpoints: everything a run needs to go on where it stopped. Read as plain tensors, so no file can run code."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from trainer.errors import CheckpointError
from trainer.learner import Learner

# What torch.load raises for a file that is cut short, or is something else
UNREADABLE = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError)

log = logging.getLogger(__name__)


def save_checkpoint(file: Path, learner: Learner) -> None:
    """Write beside, then rename: a kill in the middle leaves the previous checkpoint whole."""
    state = {
        "network": learner.network.state_dict(),
        "styles": learner.styles.detach(),
        "style_names": learner.style_names,
        "averages": learner.averages,
        "optimizer": learner.optimizer.state_dict(),
        "step": learner.step,
    }
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        torch.save(state, partial)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def load_checkpoint(file: Path, learner: Learner) -> None:
    """Go on from the file if it exists; data order and noise follow from the step. Raises CheckpointError."""
    if not file.exists():
        return
    state = _read(file)
    _require_same_run(file, state, learner)
    learner.network.load_state_dict(state["network"])
    with torch.no_grad():
        learner.styles.copy_(state["styles"])
        for average, saved in zip(learner.averages, state["averages"], strict=True):
            average.copy_(saved)
    learner.optimizer.load_state_dict(state["optimizer"])
    learner.step = state["step"]
    log.info("resuming at step %d from %s", learner.step, file)


def _read(file: Path) -> Mapping[str, Any]:
    expected = {"network", "styles", "averages", "optimizer", "step"}
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise CheckpointError(f"{file} is damaged: delete it to start over") from error
    if not isinstance(state, Mapping) or not expected <= state.keys():
        raise CheckpointError(f"{file} is not a checkpoint: delete it to start over")
    return state


def _require_same_run(file: Path, state: Mapping[str, Any], learner: Learner) -> None:
    names = state.get("style_names", [])  # the first checkpoints did not name them
    if names not in ([], learner.style_names) or state["styles"].shape[0] != len(learner.style_names):
        named = f" ({', '.join(names)})" if names else ""
        raise CheckpointError(
            f"{file} was made with other paintings{named}: give the same --style-image files, or another --name"
        )
    saved = {key: value.shape for key, value in state["network"].items()}
    if saved != {key: value.shape for key, value in learner.network.state_dict().items()}:
        raise CheckpointError(f"{file} holds another network: delete it to start over, or give another --name")
