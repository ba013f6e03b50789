"""On a machine's first start the kernels are compiled, which takes ten seconds; then they lie on its disk."""

from __future__ import annotations

import threading
from fractions import Fraction

import numpy as np

from fnst_live.frames.frame import Frame
from fnst_live.stabilize.stabilizer import FlowStabilizer

SIDE_PX = 64  # the least that every scale of the search finds something in


class WarmUp:
    """Loads or compiles all that live pictures are steadied with, beside whatever else is going on."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="warm up")
        self._thread.start()

    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> None:
        self._thread.join()

    @staticmethod
    def _run() -> None:
        stabilizer = FlowStabilizer(1.0, exact=False)
        pixels = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
        for index in range(2):  # one picture twice: of two, the second would be another scene and have no past
            frame = Frame(pixels, index, Fraction(1, 30), index=index)
            stabilizer.stabilize(frame, frame)
