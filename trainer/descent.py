"""The gradient of a batch, in as few pieces as memory allows, and what tells a step that would spoil the weights."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from trainer.batches import Batch
from trainer.errors import MemoryShortageError
from trainer.learner import Course
from trainer.objective import Objective

CALM_STEPS = 20    # at first the loss may jump: the network knows nothing yet
EXPLOSION = 20.0   # times the usual loss
USUAL_DECAY = 0.95

log = logging.getLogger(__name__)


def backward(
    objective: Objective, network: nn.Module, styles: Tensor, batch: Batch, course: Course
) -> dict[str, Tensor]:
    """Add the batch's gradient to the parameters, and return its losses. Where memory runs out, the batch is halved.

    The pieces are weighted by their size, and every loss is a mean over pictures, so they add up to the whole.
    Raises MemoryShortageError.
    """
    while True:
        losses = _try_backward(objective, network, styles, batch, course.piece_count)
        if losses is not None:
            return losses
        if course.piece_count >= len(batch):
            raise MemoryShortageError("not even one picture fits into memory: give a smaller --image-size")
        course.piece_count = min(2 * course.piece_count, len(batch))
        log.warning(
            "out of memory: each batch of %d is taken in %d pieces from here on", len(batch), course.piece_count
        )


def _try_backward(
    objective: Objective, network: nn.Module, styles: Tensor, batch: Batch, piece_count: int
) -> dict[str, Tensor] | None:
    """None where memory ran out; nothing of the attempt is held then."""
    for parameter in (*network.parameters(), styles):
        parameter.grad = None
    sums: dict[str, Tensor] = {}
    try:
        pieces = batch.pieces(piece_count)
        energies = objective.content_energies(pieces, styles.device) if len(pieces) > 1 else None
        for piece in pieces:
            losses = objective.losses(network, styles, piece.to(styles.device), energies)
            share = len(piece) / len(batch)
            torch.autograd.backward(losses["total"] * share)
            sums = {name: sums.get(name, 0) + value.detach() * share for name, value in losses.items()}
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return None
    return sums


def is_out_of_memory(error: RuntimeError) -> bool:
    """CUDA has a class for it; the CPU's allocator only a sentence."""
    return isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error)


def is_going_wrong(course: Course, losses: Mapping[str, Tensor], gradient_norm: Tensor) -> bool:
    """Whether the step about to be taken would spoil the weights: no number, or an exploding loss."""
    total = float(losses["total"])
    if not math.isfinite(total + float(gradient_norm)):
        return True
    return course.step >= CALM_STEPS and total > EXPLOSION * course.usual_loss


def remember_loss(course: Course, losses: Mapping[str, Tensor]) -> None:
    """Called after every good step."""
    total = float(losses["total"])
    usual = course.usual_loss
    course.usual_loss = total if course.step <= 1 else usual + (1 - USUAL_DECAY) * (total - usual)
