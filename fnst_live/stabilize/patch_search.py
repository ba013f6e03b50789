"""Where small patches of a picture were in the one before: the search of Kroeger et al. 2016 ("DIS"), on one scale.

Patches overlap. Each starts from the best of what the coarser scale, the patch beside it and the one above it have
found, and goes one step downhill from there (inverse compositional Gauss-Newton: the gradient is the template's, so its
structure tensor is computed once). Then once more from the other side. Brightness may change: patches are compared less
their means. Every pixel's flow is the mean of its patches', weighted by how well each explains it.

All pictures are float32 in 0..255; earlier ones extend MARGIN pixels beyond every border.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fnst_live.stabilize.kernel import inlined, kernel

Value = np.float32
Plane = npt.NDArray[Value]
Place = tuple[int, int]  # row and column of a patch

# What patches are compared on: now, (height, width); before, with its margin; the slopes of now; the tensors.
Pictures = tuple[Plane, Plane, Plane, Plane, Plane]

PATCH = 8    # pixels wide and high
MARGIN = 16
BANDS = 8    # of rows; what a patch has found does not spread from one to the next (nor does it in OpenCV's)
DAMPING = np.float32(250)  # of a step, as that much of squared gradient: where there is none, noise is not followed
ALIKE_PX = np.float32(0.06)  # two flows that differ by less, of which one step is enough

ONE, AREA = np.float32(1), np.float32(PATCH * PATCH)  # a whole number would turn a sum into float64, at half the speed


@kernel
def structure_tensors(along_x: Plane, along_y: Plane, stride: int, tensors: Plane, first: int, last: int) -> None:
    """Sums over patches every `stride` pixels; tensors (rows, columns, 5): xx, xy, yy, x, y of the gradient.

    Of the rows from first to before last, as all that follows.
    """
    columns = tensors.shape[1]
    for row in range(first, last):
        for column in range(columns):
            xx = xy = yy = x = y = np.float32(0)
            left = column * stride
            for line in range(row * stride, row * stride + PATCH):
                horizontal, vertical = along_x[line], along_y[line]
                for place in range(left, left + PATCH):
                    a, b = horizontal[place], vertical[place]
                    xx += a * a
                    xy += a * b
                    yy += b * b
                    x += a
                    y += b
            tensors[row, column, 0] = xx
            tensors[row, column, 1] = xy
            tensors[row, column, 2] = yy
            tensors[row, column, 3] = x
            tensors[row, column, 4] = y


@kernel
def search(pictures: Pictures, start: Plane, stride: int, found: Plane, first: int, last: int) -> None:
    """start: the flow to begin with, (2, height, width); found: a flow for each patch, (2, rows, columns).

    first, last: of the BANDS, none of which asks for another.
    """
    _, rows, columns = found.shape
    band_height = -(-rows // BANDS)
    middle = PATCH // 2
    for band in range(first, last):
        top, bottom = min(band * band_height, rows), min((band + 1) * band_height, rows)
        for row in range(top, bottom):
            for column in range(columns):
                y, x = row * stride, column * stride
                found[0, row, column] = start[0, y + middle, x + middle]
                found[1, row, column] = start[1, y + middle, x + middle]
                beside, above = (row, column - 1), (row - 1, column)
                _descend(pictures, found, row, column, stride, beside, column > 0, above, row > top)
        for row in range(bottom - 1, top - 1, -1):
            for column in range(columns - 1, -1, -1):
                beside, below = (row, column + 1), (row + 1, column)
                _descend(pictures, found, row, column, stride, beside, column < columns - 1, below, row < bottom - 1)


@inlined
def _descend(
    pictures: Pictures, found: Plane, row: int, column: int, stride: int, beside: Place, has_beside: bool,  # noqa: FBT001
    across: Place, has_across: bool,  # noqa: FBT001
) -> None:
    """One step from the best of what this patch and its two neighbors have."""
    y, x = row * stride, column * stride
    tensor = pictures[4][row, column]
    u, v = found[0, row, column], found[1, row, column]
    error, slope_x, slope_y = _compared(pictures, tensor, y, x, u, v)
    for place, is_there in ((beside, has_beside), (across, has_across)):
        if is_there:
            other_u, other_v = found[0, place[0], place[1]], found[1, place[0], place[1]]
            if abs(other_u - u) + abs(other_v - v) > ALIKE_PX:  # else it leads to the same place
                other = _compared(pictures, tensor, y, x, other_u, other_v)
                if other[0] < error:
                    error, slope_x, slope_y = other
                    u, v = other_u, other_v
    xx, xy, yy = tensor[0] + DAMPING, tensor[1], tensor[2] + DAMPING
    determinant = xx * yy - xy * xy
    step_x = (yy * slope_x - xy * slope_y) / determinant
    step_y = (xx * slope_y - xy * slope_x) / determinant
    if step_x * step_x + step_y * step_y <= AREA:  # else it leads anywhere
        u -= step_x
        v -= step_y
    found[0, row, column], found[1, row, column] = u, v


@inlined
def _compared(pictures: Pictures, tensor: Plane, y: int, x: int, u: Value, v: Value) -> tuple[Value, Value, Value]:
    """A patch with where (u, v) leads: squared error without the mean's, and half its gradient."""
    now, before, along_x, along_y, _ = pictures
    from_x, part_x = _place(x, u, now.shape[1])
    from_y, part_y = _place(y, v, now.shape[0])
    lower_right = part_x * part_y
    upper_right, lower_left = part_x - lower_right, part_y - lower_right
    upper_left = ONE - part_x - lower_left
    total = squares = slope_x = slope_y = np.float32(0)
    for line in range(PATCH):
        upper, lower = before[from_y + line, from_x:], before[from_y + line + 1, from_x:]
        here, horizontal, vertical = now[y + line, x:], along_x[y + line, x:], along_y[y + line, x:]
        for place in range(PATCH):
            difference = (
                upper_left * upper[place] + upper_right * upper[place + 1]
                + lower_left * lower[place] + lower_right * lower[place + 1] - here[place]
            )
            total += difference
            squares += difference * difference
            slope_x += difference * horizontal[place]
            slope_y += difference * vertical[place]
    mean = total / AREA
    return squares - mean * total, slope_x - mean * tensor[3], slope_y - mean * tensor[4]


@inlined
def _place(at: int, shift: Value, side: int) -> tuple[int, Value]:
    """Whole and fractional part of a patch's place in the extended picture, held inside."""
    place = min(max(np.float32(at) + shift, np.float32(1 - PATCH)), np.float32(side - 1)) + np.float32(MARGIN)
    whole = int(place)
    return whole, place - np.float32(whole)


@kernel
def spread(pictures: Pictures, found: Plane, stride: int, flow: Plane, weight: Plane, top: int, bottom: int) -> None:
    """From patches to pixels: flow (2, height, width); weight (height, width) is room to work in."""
    width = weight.shape[1]
    _, rows, columns = found.shape
    flow[:, top:bottom] = 0
    weight[top:bottom] = 0
    for row in range(rows):
        y = row * stride
        if y >= bottom or y + PATCH <= top:
            continue
        for column in range(columns):
            u, v = found[0, row, column], found[1, row, column]
            _add_patch(pictures, u, v, y, column * stride, flow, weight, max(top - y, 0), min(bottom - y, PATCH))
    covered_height, covered_width = (rows - 1) * stride + PATCH, (columns - 1) * stride + PATCH
    for y in range(top, min(bottom, covered_height)):
        for x in range(covered_width):
            flow[0, y, x] /= weight[y, x]
            flow[1, y, x] /= weight[y, x]
        for x in range(covered_width, width):
            flow[0, y, x], flow[1, y, x] = flow[0, y, covered_width - 1], flow[1, y, covered_width - 1]
    for y in range(covered_height, bottom):
        flow[0, y], flow[1, y] = flow[0, covered_height - 1], flow[1, covered_height - 1]


@inlined
def _add_patch(
    pictures: Pictures, u: Value, v: Value, y: int, x: int, flow: Plane, weight: Plane, first: int, last: int
) -> None:
    """Lines from first to before last."""
    now, before = pictures[0], pictures[1]
    from_x, part_x = _place(x, u, now.shape[1])
    from_y, part_y = _place(y, v, now.shape[0])
    lower_right = part_x * part_y
    upper_right, lower_left = part_x - lower_right, part_y - lower_right
    upper_left = ONE - part_x - lower_left
    for line in range(first, last):
        upper, lower = before[from_y + line, from_x:], before[from_y + line + 1, from_x:]
        here, sum_weight = now[y + line, x:], weight[y + line, x:]
        sum_u, sum_v = flow[0, y + line, x:], flow[1, y + line, x:]
        for place in range(PATCH):
            difference = (
                upper_left * upper[place] + upper_right * upper[place + 1]
                + lower_left * lower[place] + lower_right * lower[place + 1] - here[place]
            )
            share = ONE / max(ONE, abs(difference))
            sum_u[place] += share * u
            sum_v[place] += share * v
            sum_weight[place] += share
