"""What one step trains on, all of its randomness drawn: photos, which style each shall take, and how it moves.

Everything about a picture follows from the seed and its place in the run alone, so a run that goes on sees what it
would have seen, and processes that share a batch make no more of it than their own pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Protocol

import torch
from torch import Tensor

from trainer.losses import random_motion, warp

SENSOR_NOISE = 0.01


@dataclass(frozen=True)
class Motion:
    """The photos as a camera that moved a little would see them.

    content: (N, 3, S, S); grid: (N, S, S, 2) as `warp` takes it; mask: (N, 1, S, S), 1 where the past is known.
    """

    content: Tensor
    grid: Tensor
    mask: Tensor

    def each(self, change: Callable[[Tensor], Tensor]) -> Motion:
        return Motion(change(self.content), change(self.grid), change(self.mask))


@dataclass(frozen=True)
class Batch:
    """content: (N, 3, S, S) RGB in [0, 1]; rows: (N,) of the style table; whole: how many pictures the step has.

    A piece, or what one of several processes learns from, is less than the whole.
    """

    content: Tensor
    rows: Tensor
    motion: Motion | None
    whole: int

    def __len__(self) -> int:
        return len(self.content)

    @property
    def share(self) -> float:
        """Of the step's pictures: what the means over this piece count for in those over the whole."""
        return len(self) / self.whole

    def pieces(self, count: int) -> list[Batch]:
        """As equal as can be; never more than there are pictures."""
        size = -(-len(self) // count)
        return [self._part(slice(start, start + size)) for start in range(0, len(self), size)]

    def to(self, torch_device: torch.device) -> Batch:
        return Batch(
            self.content.to(torch_device, memory_format=torch.channels_last),
            self.rows.to(torch_device),
            self.motion and self.motion.each(lambda tensor: tensor.to(torch_device)),
            self.whole,
        )

    def _part(self, part: slice) -> Batch:
        motion = self.motion and self.motion.each(lambda tensor: tensor[part])
        return Batch(self.content[part], self.rows[part], motion, self.whole)


class Contents(Protocol):
    """Where pictures come from: photos, or what stands in for them."""

    seed: int
    batch_size: int

    def picture(self, place: int, generator: torch.Generator) -> Tensor:
        """(1, 3, S, S) RGB in [0, 1]. place: its number in the run, over all steps."""
        ...


def make_batch(
    contents: Contents, step: int, style_count: int, *, with_motion: bool, share: range | None = None
) -> Batch:
    """The batch of that step, or a share of its pictures, on the CPU."""
    whole = contents.batch_size
    places = [step * whole + number for number in share or range(whole)]
    generators = [torch.Generator().manual_seed(contents.seed * 1_000_003 + place) for place in places]
    rows = torch.cat([torch.randint(style_count, (1,), generator=generator) for generator in generators])  # (N,)
    pictures = [contents.picture(*drawn) for drawn in zip(places, generators, strict=True)]
    motions = [move(*moved) for moved in zip(pictures, generators, strict=True)] if with_motion else []
    return Batch(torch.cat(pictures), rows, joined(motions), whole)


def joined(motions: Sequence[Motion]) -> Motion | None:
    """Of as many pictures; None of none."""
    if not motions:
        return None
    return Motion(*(torch.cat([getattr(motion, part.name) for motion in motions]) for part in fields(Motion)))


def move(content: Tensor, generator: torch.Generator) -> Motion:
    """A small turn, zoom and shift of each picture, and fresh noise of the sensor."""
    grid, mask = random_motion(len(content), content.shape[-1], generator)
    moved = warp(content, grid)
    return Motion(moved + torch.randn(moved.shape, generator=generator) * SENSOR_NOISE, grid, mask)


class BatchesAhead:
    """Makes the next batch on a thread of its own while the network learns from this one; a step decides its batch."""

    def __init__(self, make: Callable[[int], Batch]):
        self._make = make
        self._thread = ThreadPoolExecutor(1, "batches", initializer=_work_on_one_core)
        self._step = -1
        self._ahead: Future[Batch] | None = None

    def __enter__(self) -> BatchesAhead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def take(self, step: int) -> Batch:
        """The batch of that step, whatever was taken before. Raises what its making raises."""
        if self._ahead is None or self._step != step:  # the first, or after a rollback
            self._ahead = self._thread.submit(self._make, step)
        batch = self._ahead.result()
        self._step, self._ahead = step + 1, self._thread.submit(self._make, step + 1)
        return batch


def _work_on_one_core() -> None:
    """The network's threads wait for one another after every layer: more of them than cores cost half as much again."""
    torch.set_num_threads(1)  # for this thread; one that has computed before keeps its number
