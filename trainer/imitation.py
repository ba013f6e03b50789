"""Learning from a trained model instead of from paintings: a network of another shape paints what the teacher paints.

After Hinton et al. 2015, "Distilling the Knowledge in a Neural Network". There is no loss network to run, so a step
takes a third of the time. It leads to what the teacher can do and no further: from there on the paintings teach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from fnst_live.stylenet.model_file import ModelFileError, load_model
from trainer.batches import Batch
from trainer.config import TrainConfig
from trainer.device import mixed_precision
from trainer.errors import ConfigError
from trainer.losses import Energies

SQUARE_SHARE = 4.0  # of the squared error beside the absolute one: gross errors first


@dataclass(frozen=True)
class Imitation:
    """Satisfies `descent.Minimized`. styles: the teacher's rows, one per painting."""

    teacher: nn.Module
    styles: Tensor
    precision: str

    def losses(
        self, network: nn.Module, styles: Tensor, batch: Batch, energies: Energies | None = None  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """How far the pictures of both are apart, pixel by pixel, and in what edges they have."""
        with mixed_precision(self.precision, batch.content.device):
            with torch.no_grad():
                wanted = self.teacher(batch.content, self.styles[batch.rows])      # (N, 3, S, S)
            error = network(batch.content, styles[batch.rows]) - wanted
        pixels = error.abs().mean() + SQUARE_SHARE * error.square().mean()
        edges = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
        return {"pixels": pixels, "edges": edges, "total": pixels + edges}

    def content_energies(self, pieces: Sequence[Batch], torch_device: torch.device) -> Energies:  # noqa: ARG002
        """There are none to share: each picture counts alike."""
        return {}


def make_imitation(config: TrainConfig, file: Path, torch_device: torch.device) -> Imitation:
    """Raises ConfigError."""
    try:
        model = load_model(file)
        rows = [model.styles[model.style_index(name)] for name in config.style_names]
    except ModelFileError as error:
        raise ConfigError(f"--teacher {file} {error}") from error
    except KeyError as error:
        raise ConfigError(
            f"--teacher {file} has no style {error}: a painting's file must be called what the teacher calls its style"
        ) from error
    teacher = model.network.requires_grad_(requires_grad=False).to(memory_format=torch.channels_last).to(torch_device)
    return Imitation(teacher, torch.stack(rows).to(torch_device), config.precision)
