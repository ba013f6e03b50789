"""What runs a network: the contract that every engine satisfies by shape."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import Pixels

StyleVector = npt.NDArray[np.float32]


class Engine(Protocol):
    """A compiled network on one device. Bytes in, bytes out: how they become numbers is the engine's affair."""

    @property
    def name(self) -> str:
        """ "torch", "cuda" or "openvino"."""

    @property
    def precision(self) -> str:
        """ "f32", "f16" or "bf16"."""

    @property
    def lanes(self) -> int:
        """How many pictures it works on at once, if as many threads call `run`; further callers wait."""

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        """uint8 (H, W, 3) and the style vector to uint8 (H, W, 3).

        H and W are multiples of the network's `multiple_of` and at least its `min_side`. The result may be larger by
        a few pixels at the right and bottom (a classic network rounds up); the caller crops.
        """


@runtime_checkable
class BroadEngine(Engine, Protocol):
    """One that paints coarse to fine by itself: on a card pictures need not leave it between the passes."""

    def run_broad(self, pixels: Pixels, style: StyleVector, stroke_size: int) -> Pixels | None:
        """uint8 (H, W, 3) of any size to the same, as `stroke_size.paint_coarse_to_fine` does it; None where it is not
        able to, or no longer."""


def taken_side(side: int, multiple_of: int, min_side: int) -> int:
    """The next one that the network can take."""
    return max(min_side, -(-side // multiple_of) * multiple_of)


def torch_device_of(engine: Engine) -> str | None:
    """The card that it paints on, where torch reaches it; None where that is the CPU, or OpenVINO's affair."""
    return "cuda" if engine.name == "cuda" else None
