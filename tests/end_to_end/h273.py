"""RGB to YUV and back by the book (ITU-T H.273), in plain numpy.

The oracle of the color tests: it shares no code with the program under test, nor with FFmpeg's scaler, so that a
clip says what we mean it to say, and an output is read as its tags promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Plane = npt.NDArray[np.unsignedinteger[Any]]

LUMA_WEIGHTS = {  # of red and blue (H.273 table 4); green is what is left
    "bt709": (0.2126, 0.0722),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "bt2020nc": (0.2627, 0.0593),
}
MATRIX_CODES = {"gbr": 0, "bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020nc": 9}
PRIMARIES_CODES = {"bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020": 9}
TRANSFER_CODES = {
    "bt709": 1, "gamma28": 5, "smpte170m": 6, "iec61966-2-1": 13, "bt2020-10": 14, "smpte2084": 16, "arib-std-b67": 18,
}
RANGE_CODES = {"tv": 1, "pc": 2}
UNTAGGED = 2  # "unspecified" in H.273; a range that is not told is 0


@dataclass(frozen=True)
class Levels:
    """Where black, white and the color differences lie in a range of so many bits."""

    color_range: str
    bits: int = 8

    @property
    def unit(self) -> float:
        """One 8-bit step."""
        return float(2 ** (self.bits - 8))

    @property
    def black(self) -> float:
        return 16 * self.unit if self.color_range == "tv" else 0.0

    @property
    def luma_span(self) -> float:
        return 219 * self.unit if self.color_range == "tv" else float(2**self.bits - 1)

    @property
    def chroma_span(self) -> float:
        return 224 * self.unit if self.color_range == "tv" else float(2**self.bits - 1)

    @property
    def chroma_zero(self) -> float:
        return 128 * self.unit


def yuv_of(rgb: Floats, matrix: str, levels: Levels) -> Floats:
    """RGB (..., 3) in 0..1 to code values (..., 3), not yet rounded."""
    red, blue = LUMA_WEIGHTS[matrix]
    luma = rgb @ np.array([red, 1 - red - blue, blue])
    blueness = (rgb[..., 2] - luma) / (2 * (1 - blue))
    redness = (rgb[..., 0] - luma) / (2 * (1 - red))
    return np.stack(
        [
            levels.black + levels.luma_span * luma,
            levels.chroma_zero + levels.chroma_span * blueness,
            levels.chroma_zero + levels.chroma_span * redness,
        ],
        axis=-1,
    )


def rgb_of(yuv: Floats, matrix: str, levels: Levels) -> Floats:
    """Code values (..., 3) to RGB (..., 3) in 0..1, clipped to what a screen can show."""
    red, blue = LUMA_WEIGHTS[matrix]
    luma = (yuv[..., 0] - levels.black) / levels.luma_span
    b = luma + 2 * (1 - blue) * (yuv[..., 1] - levels.chroma_zero) / levels.chroma_span
    r = luma + 2 * (1 - red) * (yuv[..., 2] - levels.chroma_zero) / levels.chroma_span
    g = (luma - red * r - blue * b) / (1 - red - blue)
    rgb: Floats = np.stack([r, g, b], axis=-1)
    return np.clip(rgb, 0, 1)


def pq_signal(nits: Floats) -> Floats:
    """Light to the signal of SMPTE ST 2084."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = (nits / 10_000) ** m1
    signal: Floats = ((c1 + c2 * power) / (1 + c3 * power)) ** m2
    return signal


def hlg_signal(scene: Floats) -> Floats:
    """Scene light 0..1 to the signal of ARIB STD-B67."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    bright = a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)
