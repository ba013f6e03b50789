"""Work that a card repeats for every picture, captured once as a CUDA graph and replayed with one call: most of its
kernels are done sooner than Python can name them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

import torch

Result = TypeVar("Result")

WARM_UP_RUNS = 3  # before a capture: libraries choose their kernels and set themselves up

log = logging.getLogger(__name__)

_capturing = threading.Lock()  # CUDA allows one capture at a time in a process


def captured(work: Callable[[], Result], stream: torch.cuda.Stream) -> Callable[[], Result]:
    """The same work, replayed on that stream, which must be the current one, into one and the same tensors; or itself,
    where that cannot be had. The work must read its pictures from memory that stays, and wait for nothing."""
    for _ in range(WARM_UP_RUNS):
        work()
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    try:
        with _capturing, torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            result = work()
    except RuntimeError as error:
        log.info("working without a CUDA graph: %s", str(error).partition("\n")[0])
        return work

    def replay() -> Result:
        graph.replay()
        return result

    return replay
