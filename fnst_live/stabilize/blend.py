"""The passes over the picture in which past and present become one, and the look at how crisp they are."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from fnst_live.stabilize.bands import in_bands
from fnst_live.stabilize.kernel import kernel

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

REGAINED = np.float32(1.2)  # of the steps between neighbors; for half a pixel as crisp as bicubic
CRISP_ROW_STEP = 8           # every so many rows tell of crispness
HALF, WHITE = np.float32(0.5), np.float32(255)


def blend(past: Floats, fresh: Pixels, flow: Floats, share: Floats, sharpness: float, into: Floats) -> None:
    """Into (H, W, 3): of the past its share, of the new picture the rest.

    past: fetched bilinearly along the flow (2, H, W), which softens it between pixels; it is sharpened by as much and
    in that direction alone, times `sharpness`: 1 makes it as crisp as a bicubic kernel would, 0 leaves it soft. What is
    sharpened and was not softened grows from frame to frame: stripes along a pan. share: (H, W) in 0..1.
    """
    height, width = share.shape
    rows = (height, 3 * width)
    gain = REGAINED * np.float32(sharpness)
    in_bands(partial(_blend, past.reshape(rows), fresh.reshape(rows), flow, share, gain, into.reshape(rows)), height)


@kernel
def _blend(
    past: Floats, fresh: Pixels, flow: Floats, share: Floats, gain: Any, into: Floats, top: int, bottom: int
) -> None:
    height, width = share.shape
    for y in range(top, bottom):
        above, here, below = past[max(y - 1, 0)], past[y], past[min(y + 1, height - 1)]
        new, result, u, v, part = fresh[y], into[y], flow[0, y], flow[1, y], share[y]
        for x in range(width):
            along_x, along_y = gain * _softened(u[x]), gain * _softened(v[x])
            left, right = max(3 * x - 3, 0), min(3 * x + 3, 3 * width - 3)
            for channel in range(3):
                place = 3 * x + channel
                middle = here[place]
                step_x = middle - HALF * (here[left + channel] + here[right + channel])
                step_y = middle - HALF * (above[place] + below[place])
                old = middle + along_x * step_x + along_y * step_y
                now = np.float32(new[place])
                result[place] = now + part[x] * (old - now)


@kernel
def _softened(shift: float) -> float:
    """By how much fetching softens: nothing at whole pixels, a quarter between two."""
    beside: float = abs(shift - np.rint(shift))
    return beside - beside * beside


def recolor(picture: Floats, matrix: Floats, into: Pixels) -> None:
    """picture (H, W, 3), in place: each color times the matrix, (3, 4) with what is added last; and rounded, into."""

    def recolor_band(top: int, bottom: int) -> None:
        _recolor(picture[top:bottom].reshape(-1), matrix, into[top:bottom].reshape(-1))

    in_bands(recolor_band, picture.shape[0])


@kernel
def _recolor(picture: Floats, matrix: Floats, into: Pixels) -> None:
    for pixel in range(picture.size // 3):
        place = 3 * pixel
        red, green, blue = picture[place], picture[place + 1], picture[place + 2]
        for channel in range(3):
            value = (
                matrix[channel, 0] * red + matrix[channel, 1] * green + matrix[channel, 2] * blue + matrix[channel, 3]
            )
            picture[place + channel] = value
            into[place + channel] = np.uint8(min(max(value, np.float32(0)), WHITE) + HALF)


def crispness(picture: Floats | Pixels) -> float:
    """Mean gradient magnitude of green by central differences, as sharpness is measured, of every eighth row."""
    return float(_crispness(picture))


@kernel
def _crispness(picture: Floats | Pixels) -> Any:
    height, width, _ = picture.shape
    total, count = np.float32(0), 0
    for y in range(1, height - 1, CRISP_ROW_STEP):
        above, here, below, line = picture[y - 1], picture[y], picture[y + 1], np.float32(0)
        for x in range(1, width - 1):
            along_x = np.float32(here[x + 1, 1]) - np.float32(here[x - 1, 1])
            along_y = np.float32(below[x, 1]) - np.float32(above[x, 1])
            line += np.sqrt(along_x * along_x + along_y * along_y)
        total += line  # row by row: the sum of all pixels of a large picture would swallow the next one
        count += width - 2
    return total / np.float32(max(count, 1))
