"""Pictures on their way to a card and back, by way of pinned memory, which the card reaches by itself.

What came back from one stage so is sent by the next as it is. On the CPU it is memory like any other, for tests.
"""

from __future__ import annotations

import functools
import logging

import torch
from torch import Tensor

from fnst_live.frames.frame import Pixels
from fnst_live.frames.pixels import readable

log = logging.getLogger(__name__)


class Departure:
    """Pictures of one shape leave for the device one after the other, always to the same place there."""

    def __init__(self, levels: Tensor):
        """levels: uint8 (H, W, 3), the place."""
        self._levels = levels
        self._staged: Tensor | None = None

    def send(self, pixels: Pixels) -> None:
        """In the current stream, when the one before has left; the pixels are not needed any longer.

        Pinned ones are waited for. Otherwise torch would record an event on the stream when somebody lets go of them,
        on whichever thread that is, and the stream may be capturing by then.
        """
        if is_pinned(pixels):
            self._levels.copy_(readable(pixels))
            return
        if self._staged is None:
            self._staged = beside(self._levels)
        self._staged.numpy()[...] = pixels  # not by torch, whose threads spin for a while: codecs need the cores
        self._levels.copy_(self._staged, non_blocking=True)


def is_pinned(pixels: Pixels) -> bool:
    return pixels.flags.c_contiguous and readable(pixels).is_pinned()


def fetched(levels: Tensor) -> Pixels:
    """uint8 in memory of its own, when the current stream has come to it. Waits in one with the copy: see `send`."""
    pixels: Pixels = beside(levels).copy_(levels).numpy()
    return pixels


def beside(levels: Tensor) -> Tensor:
    """The host's memory for as much: pinned, or any other where no more can be had, to which copies are only slower.

    Torch keeps what is let go of for the next of its size: a system's fresh memory costs more time than the copy.
    """
    try:
        return torch.empty(levels.shape, dtype=levels.dtype, pin_memory=levels.is_cuda)
    except RuntimeError as error:
        _tell(str(error).partition("\n")[0])
        return torch.empty(levels.shape, dtype=levels.dtype)


@functools.cache
def _tell(reason: str) -> None:
    """Once: it may be so for every picture."""
    log.info("copying by way of ordinary memory, since none could be pinned: %s", reason)
