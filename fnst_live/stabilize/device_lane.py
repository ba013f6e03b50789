"""Where work is queued on a device, and how bytes get there: streams, events and pinned memory; on the CPU, nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import torch
from torch import Tensor

from fnst_live.cuda_graph import captured, own_stream
from fnst_live.frames.frame import Pixels
from fnst_live.pinned import Departure

Result = TypeVar("Result")


class Lane:
    """Where one of the steps is done: on a card, in a stream of its own."""

    def __init__(self, torch_device: torch.device):
        self.torch_device = torch_device
        self._stream: torch.cuda.Stream | None = None
        if torch_device.type == "cuda":
            self._stream = own_stream(self)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """What follows is queued here."""
        with torch.no_grad(), torch.cuda.stream(self._stream):  # of None it does nothing
            yield

    def captured(self, work: Callable[[], Result]) -> Callable[[], Result]:
        return work if self._stream is None else captured(work, self._stream)

    def mark(self) -> torch.cuda.Event | None:
        """All that was queued so far."""
        return None if self._stream is None else self._stream.record_event()

    def wait_for(self, event: torch.cuda.Event | None, tensors: Iterable[Tensor]) -> None:
        """The stream does, for what another one makes of these tensors; it holds their memory until it is done."""
        if self._stream is not None and event is not None:
            self._stream.wait_event(event)
            for tensor in tensors:
                tensor.record_stream(self._stream)


class Captured(Generic[Result]):
    """Work of a lane that is the same for every picture: captured when it is done for the first time, then replayed,
    with its result in one and the same tensors."""

    def __init__(self, lane: Lane, work: Callable[[], Result]):
        """work: must give the same result when it is done again."""
        self._lane, self._work = lane, work
        self._replayed: Callable[[], Result] | None = None

    def __call__(self) -> Result:
        if self._replayed is None:
            self._replayed = self._lane.captured(self._work)
        return self._replayed()


class Upload:
    """Pixels of one shape on their way to the device, always to the same place there."""

    def __init__(self, shape: tuple[int, ...], lane: Lane):
        self.shape = shape
        self.levels = torch.zeros(shape, dtype=torch.uint8, device=lane.torch_device)
        self._lane = lane
        self._departure = Departure(self.levels)
        self._has_left: torch.cuda.Event | None = None

    def send(self, pixels: Pixels) -> Tensor:
        if self._has_left is not None:
            self._has_left.synchronize()
        self._departure.send(pixels)
        self._has_left = self._lane.mark()
        return self.levels


def copy_all(tensors: Iterable[Tensor], targets: Iterable[Tensor]) -> None:
    for tensor, target in zip(tensors, targets, strict=True):
        target.copy_(tensor)
