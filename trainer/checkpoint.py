"""Checkpoints: everything a run needs to go on where it stopped."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from trainer.training import Learner

log = logging.getLogger(__name__)


def save_checkpoint(file: Path, learner: Learner) -> None:
    """Write beside, then rename: a kill in the middle leaves the previous checkpoint whole."""
    state = {
        "network": learner.network.state_dict(),
        "styles": learner.styles.detach(),
        "averages": learner.averages,
        "optimizer": learner.optimizer.state_dict(),
        "step": learner.step,
    }
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    torch.save(state, partial)
    partial.replace(file)


def load_checkpoint(file: Path, learner: Learner) -> None:
    """Go on from the file if it exists; data order and noise follow from the step."""
    if not file.exists():
        return
    state = torch.load(file, weights_only=True)
    learner.network.load_state_dict(state["network"])
    with torch.no_grad():
        learner.styles.copy_(state["styles"])
        for average, saved in zip(learner.averages, state["averages"], strict=True):
            average.copy_(saved)
    learner.optimizer.load_state_dict(state["optimizer"])
    learner.step = state["step"]
    log.info("resuming at step %d from %s", learner.step, file)
