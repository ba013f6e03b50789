"""Work that a card repeats for every picture, captured once as a CUDA graph and replayed with one call: most of its
kernels are done sooner than Python can name them.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from typing import TypeVar

import torch

Result = TypeVar("Result")

WARM_UP_RUNS = 3  # before a capture: libraries choose their kernels and set themselves up
ATTEMPTS = 2      # what went wrong once, for another thread's sake, may not go wrong again

log = logging.getLogger(__name__)

_capturing = threading.Lock()  # CUDA allows one capture at a time in a process


_idle_streams: list[torch.cuda.Stream] = []


def own_stream(owner: object) -> torch.cuda.Stream:
    """Nobody else's until the owner is gone; then the next one's.

    Torch hands out 32 in turn, over and over: in the end what one thread captures would have another's work among it.
    """
    try:
        stream = _idle_streams.pop()
    except IndexError:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    weakref.finalize(owner, _idle_streams.append, stream)
    return stream


def captured(work: Callable[[], Result], stream: torch.cuda.Stream) -> Callable[[], Result]:
    """The same work, replayed on that stream, which must be the current one, into one and the same tensors; or itself,
    where that cannot be had. The work must read its pictures from memory that stays, and wait for nothing."""
    reason = ""
    with _capturing:  # the runs before it, too: in them libraries set themselves up
        for _ in range(WARM_UP_RUNS):
            work()
        stream.synchronize()
        for _ in range(ATTEMPTS):
            try:
                return _replayed(work, stream)
            except RuntimeError as error:
                reason = str(error).partition("\n")[0]
    log.info("working without a CUDA graph: %s", reason)
    return work


def _replayed(work: Callable[[], Result], stream: torch.cuda.Stream) -> Callable[[], Result]:
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        result = work()

    def replay() -> Result:
        graph.replay()
        return result

    return replay
