"""The gradient of a batch, in as few pieces as memory allows, and what tells a step that would spoil the weights."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler

from trainer.batches import Batch
from trainer.errors import MemoryShortageError
from trainer.gradient_graph import GradientGraph
from trainer.learner import Course
from trainer.losses import Energies
from trainer.processes import ALONE, Processes

T = TypeVar("T")

CALM_STEPS = 20    # at first the loss may jump: the network knows nothing yet
EXPLOSION = 20.0   # times the usual loss
USUAL_DECAY = 0.95
UNSCALED = GradScaler("cpu", enabled=False)

log = logging.getLogger(__name__)


class Minimized(Protocol):
    """What the losses of a batch are: `objective.Objective`, `imitation.Imitation`."""

    def losses(
        self, network: nn.Module, styles: Tensor, batch: Batch, energies: Energies | None = None
    ) -> dict[str, Tensor]: ...

    def content_energies(self, pieces: Sequence[Batch], torch_device: torch.device) -> Energies: ...


def backward(
    objective: Minimized,
    network: nn.Module,
    styles: Tensor,
    batch: Batch,
    course: Course,
    *,
    processes: Processes = ALONE,
    scaler: GradScaler = UNSCALED,
    graph: GradientGraph | None = None,
) -> dict[str, Tensor]:
    """Give the parameters the gradient of the whole step's batch, and return its losses.

    batch: this process's share. Where memory runs out, it is halved. Pieces and shares are weighted by their size, and
    every loss is a mean over pictures, so they add up to the whole. graph: see `gradient_graph_of`, for batches that
    need not be cut. Raises MemoryShortageError, ProcessesError.
    """
    energies: Energies = {}
    if processes.count > 1:
        energies = _in_pieces(partial(objective.content_energies, torch_device=styles.device), batch, course)
        processes.add_up(list(energies.values()))
    losses = _in_pieces(partial(_backward, objective, network, styles, energies, scaler, graph), batch, course)
    gradients = [parameter.grad for parameter in (*network.parameters(), styles) if parameter.grad is not None]
    processes.add_up([*gradients, *losses.values()])
    return losses


def _in_pieces(work: Callable[[list[Batch]], T], batch: Batch, course: Course) -> T:
    """What the work makes of the batch, in as few pieces as memory allows; nothing of a failed attempt is held."""
    while True:
        try:
            return work(batch.pieces(course.piece_count))
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        if course.piece_count >= len(batch):
            raise MemoryShortageError("not even one picture fits into memory: give a smaller --image-size")
        course.piece_count = min(2 * course.piece_count, len(batch))
        log.warning(
            "out of memory: each batch of %d is taken in %d pieces from here on", len(batch), course.piece_count
        )


def _backward(
    objective: Minimized,
    network: nn.Module,
    styles: Tensor,
    energies: Energies,
    scaler: GradScaler,
    graph: GradientGraph | None,
    pieces: list[Batch],
) -> dict[str, Tensor]:
    """The sums over the pieces: of gradients into the parameters, of losses returned."""
    if graph is not None and len(pieces) == 1:
        return graph(pieces[0].to(styles.device))
    for parameter in (*network.parameters(), styles):
        parameter.grad = None
    if len(pieces) > 1 and not energies:
        energies = objective.content_energies(pieces, styles.device)
    sums: dict[str, Tensor] = {}
    for piece in pieces:
        losses = _piece_backward(objective, network, styles, energies, scaler, piece.to(styles.device))
        sums = {name: sums.get(name, 0) + value for name, value in losses.items()}
    return sums


def _piece_backward(
    objective: Minimized,
    network: nn.Module,
    styles: Tensor,
    energies: Energies,
    scaler: GradScaler,
    piece: Batch,
) -> dict[str, Tensor]:
    """Adds this piece's share of the gradient to the parameters', and returns its share of the losses."""
    losses = objective.losses(network, styles, piece, energies)
    torch.autograd.backward(scaler.scale(losses["total"] * piece.share))
    return {name: value.detach() * piece.share for name, value in losses.items()}


def gradient_graph_of(objective: Minimized, network: nn.Module, styles: nn.Parameter) -> GradientGraph:
    """For a card and a process alone on it, whose losses are not scaled."""
    gradient = partial(_piece_backward, objective, network, styles, {}, UNSCALED)
    return GradientGraph(gradient, [*network.parameters(), styles])


OUT_OF_MEMORY = ("allocate memory", "out of memory", "ALLOC_FAILED", "bad_alloc", "could not create a memory")


def is_out_of_memory(error: RuntimeError | MemoryError) -> bool:
    """Python and torch have a class for their own, all others only words."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return any(word in str(error) for word in OUT_OF_MEMORY)


def is_going_wrong(course: Course, losses: Mapping[str, Tensor], gradient_norm: Tensor) -> bool:
    """Whether the step about to be taken would spoil the weights: no number, or an exploding loss."""
    total = float(losses["total"])
    if not math.isfinite(total + float(gradient_norm)):
        return True
    return course.step >= CALM_STEPS and total > EXPLOSION * course.usual_loss


def is_scaled_too_far(scaler: GradScaler, losses: Mapping[str, Tensor], gradient_norm: Tensor) -> bool:
    """float16 only: the loss is sound, and only its scaled gradient leaves the numbers (Micikevicius et al. 2018)."""
    if not scaler.is_enabled() or scaler.get_scale() <= 1:
        return False
    return math.isfinite(float(losses["total"])) and not math.isfinite(float(gradient_norm))


def remember_loss(course: Course, losses: Mapping[str, Tensor]) -> None:
    """Called after every good step."""
    total = float(losses["total"])
    usual = course.usual_loss
    course.usual_loss = total if course.step <= 1 else usual + (1 - USUAL_DECAY) * (total - usual)
