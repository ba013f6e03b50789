"""Batches for a card: it learns from more pictures a second than one thread can make, so several processes make them.

Each step's batch follows from its number alone (see batches.py), so it does not matter which of them makes it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType

import torch

from fnst_live.cores import usable_cores
from trainer.batches import Batch, BatchesAhead, work_on_one_core
from trainer.errors import ProcessesError

FEW_CORES = 4        # there one thread does as well
MOST_PROCESSES = 24
MORE_THAN_PROCESSES = 2  # batches that are begun: when one is taken, another waits to be

Make = Callable[[int], Batch]


def process_count(torch_device: torch.device) -> int:
    """How many shall make batches; 0 leaves it to a thread. Two cores are for this process and its thread."""
    if torch_device.type != "cuda":
        return 0
    cores = usable_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # torchrun's others want theirs
    return min(cores - 2, MOST_PROCESSES) if cores > FEW_CORES else 0


@contextlib.contextmanager
def batches_ahead(make: Make, count: int, *, pinned: bool) -> Iterator[BatchesAhead]:
    """The next batch, always: made by so many processes, or by a thread where they are none."""
    with contextlib.ExitStack() as stack:
        if count:
            make = stack.enter_context(BatchProcesses(make, count)).batch
        yield stack.enter_context(BatchesAhead(_then_pinned(make) if pinned else make))


def _then_pinned(make: Make) -> Make:
    return lambda step: make(step).pinned()


class BatchProcesses:
    """Processes that make the batches of the steps to come. They end with this one, however that ends."""

    def __init__(self, make: Make, count: int):
        """make: can be pickled."""
        context = multiprocessing.get_context("spawn")  # a fork would find the card's driver half alive
        self._pool = ProcessPoolExecutor(count, context, initializer=_begin, initargs=(make,))
        self._depth = count + MORE_THAN_PROCESSES
        self._ahead: dict[int, Future[Batch]] = {}

    def __enter__(self) -> BatchProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def batch(self, step: int) -> Batch:
        """Raises what its making raises, and ProcessesError."""
        steps = range(step, step + self._depth)
        for other in self._ahead.keys() - set(steps):  # a rollback went elsewhere
            self._ahead.pop(other).cancel()
        try:
            for wanted in steps:
                if wanted not in self._ahead:
                    self._ahead[wanted] = self._pool.submit(_made, wanted)
            return self._ahead.pop(step).result()
        except BrokenProcessPool as error:
            raise ProcessesError(
                "a process that made batches has ended, mostly for want of memory: give a smaller --batch-size, or in "
                "a container more shared memory (docker run --shm-size 8g)"
            ) from error


_make: Make


def _begin(make: Make) -> None:
    """In each process, once: only numbers are to be sent from then on."""
    global _make  # noqa: PLW0603  (a process of a pool has no other place of its own)
    _make = make
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that keeps the run
    work_on_one_core()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _made(step: int) -> Batch:
    return _make(step)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
