"""What training an enlarging network changes, and its checkpoint: all that it takes to go on, bit for bit.

The checkpoint lies beside the model, `NAME.checkpoint.pt`. It is read as plain tensors: no file can run code. What a
step sees needs no place in it, since it follows from the seed and the step.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from fnst_live.stylenet.upscale_net import UpscaleNet
from trainer.checkpoint import UNREADABLE, DamagedError, serialized
from trainer.errors import CheckpointError
from trainer.run_folder import write_whole

EMA_DECAY = 0.998
STATE = frozenset({"network", "average", "optimizer", "step", "trained_s"})


@dataclass
class SuperResolutionLearner:
    """average: of the network's weights over the last steps; it is what becomes the model.

    step: how many are done. trained_s: how long they took, over all sittings.
    """

    network: UpscaleNet
    average: UpscaleNet
    optimizer: torch.optim.Optimizer
    step: int = 0
    trained_s: float = 0.0

    def step_done(self, trained_s: float) -> None:
        """Count it, and let the average follow; its memory grows with the run."""
        self.step += 1
        self.trained_s = trained_s
        decay = min(EMA_DECAY, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, parameter in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(parameter, 1 - decay)


def new_learner(network: UpscaleNet, rate: float) -> SuperResolutionLearner:
    """rate: the peak learning rate of Adam."""
    optimizer = torch.optim.Adam([{"params": list(network.parameters()), "factor": 1.0}], lr=rate)
    return SuperResolutionLearner(network, copy.deepcopy(network), optimizer)


def checkpoint_file(model_file: Path) -> Path:
    return model_file.with_suffix(".checkpoint.pt")


def save_checkpoint(file: Path, learner: SuperResolutionLearner) -> None:
    """Written beside, renamed when whole."""
    state = {
        "network": learner.network.state_dict(), "average": learner.average.state_dict(),
        "optimizer": learner.optimizer.state_dict(), "step": learner.step, "trained_s": learner.trained_s,
    }
    write_whole(file, lambda partial: partial.write_bytes(serialized(state)))


def load_checkpoint(file: Path, learner: SuperResolutionLearner) -> None:
    """Raises CheckpointError."""
    state = _read(file)
    try:
        learner.network.load_state_dict(state["network"])
        learner.average.load_state_dict(state["average"])
        learner.optimizer.load_state_dict(state["optimizer"])
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(f"--resume: {file} holds another network: give its --factor, --channels and --depth") \
            from error
    learner.step, learner.trained_s = state["step"], state["trained_s"]


def _read(file: Path) -> Mapping[str, Any]:
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"--resume: there is no {file} to go on from: leave --resume away to begin") from error
    except UNREADABLE as error:
        raise DamagedError(f"--resume: {file} is damaged: leave --resume away to begin anew") from error
    if not isinstance(state, Mapping) or not state.keys() >= STATE:
        raise DamagedError(f"--resume: {file} is not a checkpoint of sr-train: leave --resume away to begin anew")
    return state
