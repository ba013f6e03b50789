"""Where the trainer computes."""

from __future__ import annotations

import torch

from trainer.errors import ConfigError


def choose_device(*, use_cuda: bool) -> torch.device:
    """The first CUDA card, or the CPU. Raises ConfigError where there is no such card."""
    if use_cuda and not torch.cuda.is_available():
        raise ConfigError("--cuda 1 needs an NVIDIA card and a torch built for it, and finds none: use --cuda 0")
    return torch.device("cuda" if use_cuda else "cpu")
