"""The transformer network's shape, and what follows from it alone: no torch, which takes a second to load."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

MULTIPLE_OF = 8  # what the sides of a picture are,
MIN_SIDE = 16    # and how long at least: at an eighth, reflection padding needs two pixels
LARGEST_COUNT = 4096  # a damaged header must not ask for all the memory there is


@dataclass(frozen=True)
class NetShape:
    """How wide and deep the network is; kept in the model file's header.

    half, quarter, eighth: channels at that fraction of the resolution.
    residual_blocks: how many residual blocks run at an eighth.
    """

    half: int = 16
    quarter: int = 64
    eighth: int = 128
    residual_blocks: int = 4

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int) or not 1 <= value <= LARGEST_COUNT:
                raise ValueError(f"{name} must be a count from 1 to {LARGEST_COUNT}, not {value!r}")

    @property
    def affine_channels(self) -> list[int]:
        """Channels of every place where the style has a say, in the order of the style vector."""
        down = [self.half, self.quarter, self.eighth]
        blocks = [self.eighth] * (2 * self.residual_blocks)
        return [*down, *blocks, self.quarter, self.half]

    @property
    def style_length(self) -> int:
        """Numbers in one style vector: a scale and a shift per such channel."""
        return 2 * sum(self.affine_channels)

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Of all the network's parameters, by name."""
        convolutions = {
            "stem": (self.half, 12, 3, 3),
            "down4": (self.quarter, self.half, 3, 3), "down8": (self.eighth, self.quarter, 3, 3),
            **{f"blocks.{block}.{conv}": (self.eighth, self.eighth, 3, 3)
               for block in range(self.residual_blocks) for conv in ("conv1", "conv2")},
            "up4": (self.quarter, self.eighth, 3, 3), "up2": (self.half, self.quarter, 3, 3),
            "head": (3, self.half, 5, 5),
        }
        return {**{f"{name}.conv.weight": shape for name, shape in convolutions.items()}, "head.conv.bias": (3,)}


def phase_taps(kernel_size: int) -> npt.NDArray[np.float32]:
    """(2, 3, k), 1 where a tap falls: for even and odd pixels, on the pixel before, its own and the next."""
    taps = np.zeros((2, 3, kernel_size), np.float32)
    for odd in range(2):
        for tap in range(kernel_size):
            taps[odd, (odd + tap - kernel_size // 2) // 2 + 1, tap] = 1
    return taps
