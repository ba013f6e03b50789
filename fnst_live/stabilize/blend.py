"""The passes over the picture in which past and present become one, and the look at how crisp they are."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from fnst_live.stabilize.bands import in_bands
from fnst_live.stabilize.kernel import inlined, kernel

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

SECOND = np.float32(1.5)    # of the square of what fetching softens: the next term of the series
CRISP_ROW_STEP = 8           # every so many rows tell of crispness
BESIDE = 6                   # places at either end of a row whose neighbors are not all there, of three a pixel
QUARTER, HALF, ONE, MIDDLE, FOUR, WHITE = (np.float32(value) for value in (0.25, 0.5, 1, 1.5, 4, 255))


def blend(
    past: Floats, fresh: Pixels, flow: Floats, share: Floats, into: Floats, *, sharpness: float, renewal: float
) -> None:
    """Into (H, W, 3): of the past its share, of the new picture the rest.

    past: fetched bilinearly along the flow (2, H, W), which softens it between pixels: what varies by the angle w from
    one to the next is left times sqrt(1 - 2 s t), where t = 1 - cos(w) and s is `_softened` of the shift. It is
    sharpened in that direction alone by the first terms of the inverse, 1 + s t + 1.5 s² t², with s times `sharpness`.
    At 1 and below nothing grows from frame to frame; what is sharpened and was not softened would: stripes along a pan.
    renewal: 0..0.75; how much of what is left of the finest detail gives way to the new picture's, where the fetching
    was halfway between pixels: the past's is lost there within some frames, and cannot be sharpened back.
    share: (H, W) in 0..1.
    """
    height, width = share.shape
    rows = (height, 3 * width)
    pictures = (past.reshape(rows), fresh.reshape(rows), into.reshape(rows))
    settings = (np.float32(sharpness), np.float32(renewal))
    in_bands(partial(_blend, pictures, flow, share, settings), height)


@kernel
def _blend(
    pictures: tuple[Floats, Pixels, Floats], flow: Floats, share: Floats, settings: tuple[Any, Any], top: int,
    bottom: int,
) -> None:
    past, fresh, into = pictures
    height, length = past.shape
    weights = np.empty((4, length), np.float32)
    for y in range(top, bottom):
        _weigh(flow[0, y], flow[1, y], share[y], settings, weights)
        old = (past[max(y - 2, 0)], past[max(y - 1, 0)], past[y], past[min(y + 1, height - 1)],
               past[min(y + 2, height - 1)])
        new = fresh[max(y - 1, 0)], fresh[y], fresh[min(y + 1, height - 1)]
        result = into[y]
        for place in range(BESIDE, length - BESIDE):
            result[place] = _mixed(old, new, weights, place, place - 6, place - 3, place + 3, place + 6)
        for edge in range(min(2 * BESIDE, length)):
            place = edge if edge < BESIDE else max(length - 2 * BESIDE, 0) + edge
            first, last = place % 3, length - 3 + place % 3
            result[place] = _mixed(
                old, new, weights, place,
                max(place - 6, first), max(place - 3, first), min(place + 3, last), min(place + 6, last),
            )


@inlined
def _mixed(
    old: tuple[Any, ...], new: tuple[Any, ...], weights: Floats, place: int, far_left: int, left: int, right: int,
    far_right: int,
) -> Any:
    """One color of a pixel, and where its neighbors' are."""
    highest, above, here, below, lowest = old
    new_above, new_here, new_below = new
    along_x, along_y, part, renewed = weights[0, place], weights[1, place], weights[2, place], weights[3, place]
    middle, now = here[place], np.float32(new_here[place])
    beside, far_beside = here[left] + here[right], here[far_left] + here[far_right]
    over, far_over = above[place] + below[place], highest[place] + lowest[place]
    fine_x, fine_y = middle - HALF * beside, middle - HALF * over
    finest_x = MIDDLE * middle - beside + QUARTER * far_beside
    finest_y = MIDDLE * middle - over + QUARTER * far_over
    sharp = (
        middle + along_x * (fine_x + SECOND * along_x * finest_x) + along_y * (fine_y + SECOND * along_y * finest_y)
    )
    around = (
        np.float32(new_here[left]) + np.float32(new_here[right])
        + np.float32(new_above[place]) + np.float32(new_below[place])
    )
    detail = now - QUARTER * around - HALF * (fine_x + fine_y)
    return now + part * (sharp - now + renewed * detail)


@kernel
def _weigh(u: Floats, v: Floats, share: Floats, settings: tuple[Any, Any], weights: Floats) -> None:
    """For each color of each pixel of a row: how much is sharpened along x and along y, the past's share, and how much
    of its finest detail is renewed."""
    sharpness, renewal = settings
    for x in range(u.size):
        softened_x, softened_y = _softened(u[x]), _softened(v[x])
        renewed = renewal * min(FOUR * (softened_x + softened_y), ONE)
        for place in range(3 * x, 3 * x + 3):
            weights[0, place] = sharpness * softened_x
            weights[1, place] = sharpness * softened_y
            weights[2, place] = share[x]
            weights[3, place] = renewed


@inlined
def _softened(shift: Any) -> Any:
    """By how much fetching softens: nothing at whole pixels, a quarter between two."""
    beside = abs(shift - np.rint(shift))
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
