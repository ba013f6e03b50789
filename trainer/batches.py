"""What one step trains on, all of its randomness drawn: photos, which style each shall take, and how it moves.

Everything about a picture follows from the seed and its place in the run alone, so a run that goes on sees what it
would have seen, and processes that share a batch make no more of it than their own pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from types import TracebackType
from typing import Protocol

import torch
from torch import Tensor

from trainer.losses import random_motion, random_turns, sampling_grid, warp

SENSOR_NOISE = 0.01
LARGEST_SEED = 2**62


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
class Camera:
    """How a camera moved, drawn but not yet seen: a card makes the `Motion` of it sooner than it takes one over.

    turns: (N, 2, 3) as `sampling_grid` takes them; seeds: (N,), of each picture's noise.
    """

    turns: Tensor
    seeds: Tensor

    def each(self, change: Callable[[Tensor], Tensor]) -> Camera:
        return Camera(change(self.turns), change(self.seeds))

    def motion_of(self, content: Tensor) -> Motion:
        """On the device of the photos."""
        grid, mask = sampling_grid(self.turns.to(content.device, non_blocking=True), content.shape[-1])
        generator = torch.Generator(content.device)
        noise = [_noise_like(content[:1], generator.manual_seed(seed)) for seed in self.seeds.tolist()]
        return Motion(warp(content, grid) + torch.cat(noise), grid, mask)


@dataclass(frozen=True)
class Batch:
    """content: (N, 3, S, S) RGB in [0, 1]; rows: (N,) of the style table; whole: how many pictures the step has.

    camera: of which `to` shall make the motion. A piece, or what one of several processes learns from, is less than the
    whole.
    """

    content: Tensor
    rows: Tensor
    motion: Motion | None
    whole: int
    camera: Camera | None = None

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

    def pinned(self) -> Batch:
        """Where a card fetches it from by itself, while the processor goes on."""
        return replace(self, content=self.content.pin_memory())

    def to(self, torch_device: torch.device) -> Batch:
        content = self.content.to(torch_device, non_blocking=True, memory_format=torch.channels_last)
        motion = self.motion and self.motion.each(lambda tensor: tensor.to(torch_device, non_blocking=True))
        motion = self.camera.motion_of(content) if self.camera else motion
        return Batch(content, self.rows.to(torch_device, non_blocking=True), motion, self.whole)

    def _part(self, part: slice) -> Batch:
        motion = self.motion and self.motion.each(lambda tensor: tensor[part])
        camera = self.camera and self.camera.each(lambda tensor: tensor[part])
        return Batch(self.content[part], self.rows[part], motion, self.whole, camera)


class Contents(Protocol):
    """Where pictures come from: photos, or what stands in for them."""

    seed: int
    batch_size: int

    def picture(self, place: int, generator: torch.Generator) -> Tensor:
        """(1, 3, S, S) RGB in [0, 1]. place: its number in the run, over all steps."""
        ...


def make_batch(
    contents: Contents,
    step: int,
    style_count: int,
    *,
    with_motion: bool,
    share: range | None = None,
    on_card: bool = False,
) -> Batch:
    """The batch of that step, or a share of its pictures, on the CPU. on_card: the motion is left to the card."""
    whole = contents.batch_size
    places = [step * whole + number for number in share or range(whole)]
    generators = [torch.Generator().manual_seed(contents.seed * 1_000_003 + place) for place in places]
    rows = torch.cat([torch.randint(style_count, (1,), generator=generator) for generator in generators])  # (N,)
    pictures = [contents.picture(*drawn) for drawn in zip(places, generators, strict=True)]
    content = torch.cat(pictures)
    if not with_motion:
        return Batch(content, rows, None, whole)
    if on_card:
        return Batch(content, rows, None, whole, random_camera(generators))
    motions = [move(*moved) for moved in zip(pictures, generators, strict=True)]
    return Batch(content, rows, joined(motions), whole)


def random_camera(generators: Sequence[torch.Generator]) -> Camera:
    """One motion per generator: each picture's own."""
    turns = [random_turns(1, generator) for generator in generators]
    seeds = [torch.randint(LARGEST_SEED, (1,), generator=generator) for generator in generators]
    return Camera(torch.cat(turns), torch.cat(seeds))


def joined(motions: Sequence[Motion]) -> Motion | None:
    """Of as many pictures; None of none."""
    if not motions:
        return None
    return Motion(*(torch.cat([getattr(motion, part.name) for motion in motions]) for part in fields(Motion)))


def move(content: Tensor, generator: torch.Generator) -> Motion:
    """A small turn, zoom and shift of each picture, and fresh noise of the sensor."""
    grid, mask = random_motion(len(content), content.shape[-1], generator)
    return Motion(warp(content, grid) + _noise_like(content, generator), grid, mask)


def _noise_like(content: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(content.shape, generator=generator, device=content.device) * SENSOR_NOISE


class BatchesAhead:
    """Makes the next batch on a thread of its own while the network learns from this one; a step decides its batch."""

    def __init__(self, make: Callable[[int], Batch]):
        self._make = make
        self._thread = ThreadPoolExecutor(1, "batches", initializer=work_on_one_core)
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


def work_on_one_core() -> None:
    """The network's threads wait for one another after every layer: more of them than cores cost half as much again."""
    torch.set_num_threads(1)  # for this thread; one that has computed before keeps its number
