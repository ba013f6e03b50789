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

SECOND = np.float32(1.5)    # of the square of what fetching softens: the next term of the series
CRISP_ROW_STEP = 8           # every so many rows tell of crispness
HALF, MIDDLE, TWO, WHITE = np.float32(0.5), np.float32(1.5), np.float32(2), np.float32(255)


def blend(past: Floats, fresh: Pixels, flow: Floats, share: Floats, sharpness: float, into: Floats) -> None:
    """Into (H, W, 3): of the past its share, of the new picture the rest.

    past: fetched bilinearly along the flow (2, H, W), which softens it between pixels: what varies by the angle w from
    one to the next is left times sqrt(1 - 2 s t), where t = 1 - cos(w) and s is `_softened` of the shift. It is
    sharpened in that direction alone by the first terms of the inverse, 1 + s t + 1.5 s² t², with s times `sharpness`.
    At 1 and below nothing grows from frame to frame; what is sharpened and was not softened would: stripes along a pan.
    share: (H, W) in 0..1.
    """
    height, width = share.shape
    rows = (height, 3 * width)
    gain = np.float32(sharpness)
    in_bands(partial(_blend, past.reshape(rows), fresh.reshape(rows), flow, share, gain, into.reshape(rows)), height)


@kernel
def _blend(
    past: Floats, fresh: Pixels, flow: Floats, share: Floats, gain: Any, into: Floats, top: int, bottom: int
) -> None:
    height, width = share.shape
    for y in range(top, bottom):
        highest, above, here = past[max(y - 2, 0)], past[max(y - 1, 0)], past[y]
        below, lowest = past[min(y + 1, height - 1)], past[min(y + 2, height - 1)]
        new, result, u, v, part = fresh[y], into[y], flow[0, y], flow[1, y], share[y]
        for x in range(width):
            along_x, along_y = gain * _softened(u[x]), gain * _softened(v[x])
            again_x, again_y = SECOND * along_x * along_x, SECOND * along_y * along_y
            far_left, left = max(3 * x - 6, 0), max(3 * x - 3, 0)
            right, far_right = min(3 * x + 3, 3 * width - 3), min(3 * x + 6, 3 * width - 3)
            for channel in range(3):
                place = 3 * x + channel
                middle = here[place]
                beside = HALF * (here[left + channel] + here[right + channel])
                far_beside = HALF * (here[far_left + channel] + here[far_right + channel])
                over = HALF * (above[place] + below[place])
                far_over = HALF * (highest[place] + lowest[place])
                old = (
                    middle + along_x * (middle - beside) + along_y * (middle - over)
                    + again_x * (MIDDLE * middle - TWO * beside + HALF * far_beside)
                    + again_y * (MIDDLE * middle - TWO * over + HALF * far_over)
                )
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
