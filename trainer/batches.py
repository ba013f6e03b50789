"""What one step trains on, all of its randomness drawn: photos, which style each shall take, and how it moves.

Everything follows from the seed and the step alone, so a run that goes on sees what it would have seen.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
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
    """content: (N, 3, S, S) RGB in [0, 1]; rows: (N,) of the style table."""

    content: Tensor
    rows: Tensor
    motion: Motion | None

    def __len__(self) -> int:
        return len(self.content)

    def pieces(self, count: int) -> list[Batch]:
        """As equal as can be; never more than there are pictures."""
        size = -(-len(self) // count)
        return [self._part(slice(start, start + size)) for start in range(0, len(self), size)]

    def to(self, torch_device: torch.device) -> Batch:
        return Batch(
            self.content.to(torch_device, memory_format=torch.channels_last),
            self.rows.to(torch_device),
            self.motion and self.motion.each(lambda tensor: tensor.to(torch_device)),
        )

    def _part(self, part: slice) -> Batch:
        return Batch(self.content[part], self.rows[part], self.motion and self.motion.each(lambda t: t[part]))


class Contents(Protocol):
    """Where pictures come from: photos, or what stands in for them."""

    seed: int

    def batch(self, step: int) -> Tensor:
        """(N, 3, S, S) RGB in [0, 1], always the same for a step."""
        ...


def make_batch(contents: Contents, step: int, style_count: int, *, with_motion: bool) -> Batch:
    """The batch of that step, on the CPU."""
    generator = torch.Generator().manual_seed(contents.seed * 7919 + step)
    content = contents.batch(step)                                                 # (N, 3, S, S)
    rows = torch.randint(style_count, (len(content),), generator=generator)        # (N,)
    return Batch(content, rows, move(content, generator) if with_motion else None)


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
