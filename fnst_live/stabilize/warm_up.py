"""On a machine's first start the kernels are compiled, which takes ten seconds; then they lie on its disk. Those of a
card are compiled at every start, in two seconds."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import numpy as np

from fnst_live.frames.frame import Frame
from fnst_live.stabilize.stabilizer import FlowStabilizer, Stabilizer

SIDE_PX = 64  # the least that every scale of the search finds something in


class WarmUp:
    """Loads or compiles all that live pictures are steadied with, beside whatever else is going on."""

    def __init__(self) -> None:
        self._devices: set[str] = set()
        self._threads = [_started(_steady_on_processor)]

    def prepare(self, torch_device: str | None) -> None:
        """For a card, too, once; None is no card."""
        if torch_device is not None and torch_device not in self._devices:
            self._devices.add(torch_device)
            self._threads.append(_started(partial(_steady_on, torch_device)))

    def is_over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def _started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="warm up")
    thread.start()
    return thread


def _steady_on_processor() -> None:
    _steady(FlowStabilizer(1.0, exact=False))


def _steady_on(torch_device: str) -> None:
    from fnst_live.stabilize.device_stabilizer import DeviceStabilizer

    with contextlib.suppress(RuntimeError):  # told of by whoever steadies there
        _steady(DeviceStabilizer(1.0, torch_device))


def _steady(stabilizer: Stabilizer) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
    for index in range(2):  # one picture twice: of two, the second would be another scene and have no past
        frame = Frame(pixels, index, Fraction(1, 30), index=index)
        stabilizer.stabilize(frame, frame)
