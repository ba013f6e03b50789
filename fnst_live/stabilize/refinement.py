"""Variational refinement of a dense flow: the energy of Brox et al. 2004, solved as OpenCV's implementation does.

Colors and their gradients shall be the same along the flow, both normalized (Zimmer et al. 2011), and the flow shall be
smooth but for edges. Everything is linearized around the flow that comes in; the robust weights follow in a few rounds,
and in each the linear system is relaxed by successive over-relaxation. Its unknowns are sorted like the squares of a
chessboard, since the neighbors of a black one are all white: a whole row of one color is updated at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fnst_live.stabilize.bands import in_bands
from fnst_live.stabilize.kernel import kernel

Plane = npt.NDArray[np.float32]

SMOOTHNESS, COLOR, GRADIENT = np.float32(20), np.float32(5), np.float32(10)  # weights of the energy's terms
EDGE = np.float32(1e-4)    # squared slope of the flow from which on it is penalized by its size only
FLAT = np.float32(1e-2)    # squared gradient that counts as none
OVER_RELAXATION = np.float32(1.8)
BEYOND = 12  # rows: as far as a few sweeps carry anything

ONE, TWO = np.float32(1), np.float32(2)  # a whole number would turn the sum into float64, at half the speed

# What is kept of each unknown: the flow, the system's coefficients, and the weights of the smoothness towards the right
# and downwards.
U, V, COUPLING, INVERSE_U, INVERSE_V, RIGHT_U, RIGHT_V, TO_RIGHT, TO_BELOW = range(9)


Workspace = tuple[Plane, Plane, Plane, Plane, Plane]  # see `make_workspace`


def make_workspace(height: int, width: int) -> Workspace:
    """Room for one size: derivatives, the flow to start with, smoothness, a row of the system, the board."""
    planes, board = (height, width), (2, 9, height + 2, (width + 1) // 2 + 2)  # by color, with a border of nothing
    derivatives, start, smoothness = (np.zeros((count, *planes), np.float32) for count in (9, 2, 2))
    return derivatives, start, smoothness, np.zeros((5, width), np.float32), np.zeros(board, np.float32)


class Refinement:
    """Of flows of one size, in bands that see a few rows of their neighbors'."""

    def __init__(self) -> None:
        self._rooms: dict[int, tuple[Workspace, Plane]] = {}  # by the first row of the band

    def refine(self, now: Plane, warped: Plane, flow: Plane, rounds: int, sweeps: int) -> None:
        """In place; see `refine`. Always of the same size."""
        before = flow.copy()  # what a band sees of its neighbors' must not depend on who is first

        def refine_band(top: int, bottom: int) -> None:
            seen = _seen_by(top, bottom, now.shape[0])
            workspace, refined = self._room(top, seen.stop - seen.start, now.shape[1])
            refined[:] = before[:, seen]
            refine(now[seen], warped[seen], refined, workspace, rounds, sweeps)
            flow[:, top:bottom] = refined[:, top - seen.start : bottom - seen.start]

        in_bands(refine_band, now.shape[0])

    def _room(self, top: int, rows: int, width: int) -> tuple[Workspace, Plane]:
        if top not in self._rooms:
            self._rooms[top] = make_workspace(rows, width), np.empty((2, rows, width), np.float32)
        return self._rooms[top]


def _seen_by(top: int, bottom: int, height: int) -> slice:
    return slice(max(top - BEYOND, 0), min(bottom + BEYOND, height))


@kernel
def refine(now: Plane, warped: Plane, flow: Plane, workspace: Workspace, rounds: int, sweeps: int) -> None:
    """In place: flow (2, height, width), by which `warped` was fetched from the earlier picture, in 0..255 both."""
    derivatives, start, smoothness, row, board = workspace
    height, width = now.shape
    _derive(now, warped, derivatives)
    start[:] = flow
    _put_on_board(flow, board)
    for _ in range(rounds):
        _weigh_smoothness(flow, smoothness)
        for y in range(height):
            _weigh_data(derivatives, start, flow, y, row)
            _add_smoothness(smoothness, y, row)
            _sort_onto_board(row, smoothness, y, board)
        for _ in range(sweeps):
            _relax(board, 0, height, width)
            _relax(board, 1, height, width)
        _take_from_board(board, flow)


@kernel
def _derive(now: Plane, warped: Plane, derivatives: Plane) -> None:
    """x, y, t, xx, xy, yy, xt, yt of the two pictures' mean, which comes last; steps over two pixels."""
    height, width = now.shape
    mean, change = derivatives[8], derivatives[2]
    for y in range(height):
        for x in range(width):
            mean[y, x] = (now[y, x] + warped[y, x]) / TWO
            change[y, x] = warped[y, x] - now[y, x]
    _along_x(mean, derivatives[0])
    _along_y(mean, derivatives[1])
    _along_x(derivatives[0], derivatives[3])
    _along_y(derivatives[0], derivatives[4])
    _along_y(derivatives[1], derivatives[5])
    _along_x(change, derivatives[6])
    _along_y(change, derivatives[7])


@kernel
def _along_x(picture: Plane, slope: Plane) -> None:
    height, width = picture.shape
    for y in range(height):
        line, result = picture[y], slope[y]
        for x in range(1, width - 1):
            result[x] = line[x + 1] - line[x - 1]
        result[0] = line[1] - line[0]
        result[width - 1] = line[width - 1] - line[width - 2]


@kernel
def _along_y(picture: Plane, slope: Plane) -> None:
    height, width = picture.shape
    for y in range(height):
        above, below, result = picture[max(y - 1, 0)], picture[min(y + 1, height - 1)], slope[y]
        for x in range(width):
            result[x] = below[x] - above[x]


@kernel
def _weigh_smoothness(flow: Plane, smoothness: Plane) -> None:
    """Between each pixel and its right neighbor, and the one below; nothing over the border."""
    _, height, width = flow.shape
    for y in range(height):
        below = min(y + 1, height - 1)
        u, v, u_below, v_below = flow[0, y], flow[1, y], flow[0, below], flow[1, below]
        to_right, to_below = smoothness[0, y], smoothness[1, y]
        for x in range(width - 1):
            ux, vx, uy, vy = u[x + 1] - u[x], v[x + 1] - v[x], u_below[x] - u[x], v_below[x] - v[x]
            weight = SMOOTHNESS / np.sqrt(ux * ux + vx * vx + uy * uy + vy * vy + EDGE)
            to_right[x] = weight
            to_below[x] = weight
        to_right[width - 1] = 0
        to_below[width - 1] = to_below[width - 2]
    smoothness[1, height - 1] = 0


@kernel
def _weigh_data(derivatives: Plane, start: Plane, flow: Plane, y: int, row: Plane) -> None:
    """A row of the system, uu, uv, vv and both right sides: constancy of color and of its gradient."""
    along_x, along_y, change, change_x, change_y = (
        derivatives[0, y], derivatives[1, y], derivatives[2, y], derivatives[6, y], derivatives[7, y]
    )
    xx, xy, yy = derivatives[3, y], derivatives[4, y], derivatives[5, y]
    u_start, v_start, u, v = start[0, y], start[1, y], flow[0, y], flow[1, y]
    uu, uv, vv, right_u, right_v = row[0], row[1], row[2], row[3], row[4]
    for x in range(uu.size):
        ix, iy, it = along_x[x], along_y[x], change[x]
        ixx, ixy, iyy, ixt, iyt = xx[x], xy[x], yy[x], change_x[x], change_y[x]
        norm = ONE / (ix * ix + iy * iy + FLAT)
        du, dv = u[x] - u_start[x], v[x] - v_start[x]
        left = it + ix * du + iy * dv
        color = COLOR * norm / np.sqrt(left * left * norm + EDGE)
        norm_x, norm_y = ONE / (ixx * ixx + ixy * ixy + FLAT), ONE / (iyy * iyy + ixy * ixy + FLAT)
        left_x, left_y = ixt + ixx * du + ixy * dv, iyt + ixy * du + iyy * dv
        gradient = GRADIENT / np.sqrt(left_x * left_x * norm_x + left_y * left_y * norm_y + EDGE)
        norm_x *= gradient
        norm_y *= gradient
        a = color * ix * ix + norm_x * ixx * ixx + norm_y * ixy * ixy + FLAT
        b = color * ix * iy + norm_x * ixx * ixy + norm_y * ixy * iyy
        c = color * iy * iy + norm_x * ixy * ixy + norm_y * iyy * iyy + FLAT
        uu[x], uv[x], vv[x] = a, b, c
        by_u = color * ix * it + norm_x * ixx * ixt + norm_y * ixy * iyt
        by_v = color * iy * it + norm_x * ixy * ixt + norm_y * iyy * iyt
        right_u[x] = a * u_start[x] + b * v_start[x] - by_u
        right_v[x] = b * u_start[x] + c * v_start[x] - by_v


@kernel
def _add_smoothness(smoothness: Plane, y: int, row: Plane) -> None:
    """The pull of the four neighbors, to the diagonal."""
    uu, vv, to_right, to_below = row[0], row[2], smoothness[0, y], smoothness[1, y]
    to_above = smoothness[1, y - 1]  # of the first row it is the last, which is nothing
    to_left = to_right[:-1]
    for x in range(uu.size):
        pull = to_right[x] + to_below[x] + to_above[x]
        uu[x] += pull
        vv[x] += pull
    for x in range(1, uu.size):
        uu[x] += to_left[x - 1]
        vv[x] += to_left[x - 1]


@kernel
def _put_on_board(flow: Plane, board: Plane) -> None:
    _, height, width = flow.shape
    for y in range(height):
        for color in range(2):
            first = (y + color) & 1
            u, v = board[color, U, y + 1, 1:], board[color, V, y + 1, 1:]
            for place in range((width - first + 1) // 2):
                u[place], v[place] = flow[0, y, 2 * place + first], flow[1, y, 2 * place + first]


@kernel
def _sort_onto_board(row: Plane, smoothness: Plane, y: int, board: Plane) -> None:
    width = row.shape[1]
    uu, uv, vv, of_u, of_v, to_right, to_below = (
        row[0], row[1], row[2], row[3], row[4], smoothness[0, y], smoothness[1, y]
    )
    for color in range(2):
        first = (y + color) & 1
        coupling, inverse_u, inverse_v = (
            board[color, COUPLING, y + 1, 1:], board[color, INVERSE_U, y + 1, 1:], board[color, INVERSE_V, y + 1, 1:]
        )
        right_u, right_v = board[color, RIGHT_U, y + 1, 1:], board[color, RIGHT_V, y + 1, 1:]
        right, below = board[color, TO_RIGHT, y + 1, 1:], board[color, TO_BELOW, y + 1, 1:]
        for place in range((width - first + 1) // 2):
            x = 2 * place + first
            coupling[place] = uv[x]
            inverse_u[place] = OVER_RELAXATION / uu[x]
            inverse_v[place] = OVER_RELAXATION / vv[x]
            right_u[place] = of_u[x]
            right_v[place] = of_v[x]
            right[place] = to_right[x]
            below[place] = to_below[x]


@kernel
def _relax(board: Plane, color: int, height: int, width: int) -> None:
    """One sweep over the unknowns of one color."""
    kept = ONE - OVER_RELAXATION
    own, other = board[color], board[1 - color]
    for y in range(height):
        first, line = (y + color) & 1, y + 1
        u, v = own[U, line, 1:], own[V, line, 1:]
        u_left, u_right, u_above, u_below = (
            other[U, line, first:], other[U, line, first + 1:], other[U, line - 1, 1:], other[U, line + 1, 1:]
        )
        v_left, v_right, v_above, v_below = (
            other[V, line, first:], other[V, line, first + 1:], other[V, line - 1, 1:], other[V, line + 1, 1:]
        )
        to_left, to_right = other[TO_RIGHT, line, first:], own[TO_RIGHT, line, 1:]
        to_above, to_below = other[TO_BELOW, line - 1, 1:], own[TO_BELOW, line, 1:]
        coupling, inverse_u, inverse_v = own[COUPLING, line, 1:], own[INVERSE_U, line, 1:], own[INVERSE_V, line, 1:]
        right_u, right_v = own[RIGHT_U, line, 1:], own[RIGHT_V, line, 1:]
        for place in range((width - first + 1) // 2):
            pull_u = (
                to_left[place] * u_left[place] + to_right[place] * u_right[place]
                + to_above[place] * u_above[place] + to_below[place] * u_below[place] + right_u[place]
            )
            pull_v = (
                to_left[place] * v_left[place] + to_right[place] * v_right[place]
                + to_above[place] * v_above[place] + to_below[place] * v_below[place] + right_v[place]
            )
            new_u = kept * u[place] + inverse_u[place] * (pull_u - coupling[place] * v[place])
            u[place] = new_u
            v[place] = kept * v[place] + inverse_v[place] * (pull_v - coupling[place] * new_u)


@kernel
def _take_from_board(board: Plane, flow: Plane) -> None:
    _, height, width = flow.shape
    for y in range(height):
        for color in range(2):
            first = (y + color) & 1
            u, v = board[color, U, y + 1, 1:], board[color, V, y + 1, 1:]
            for place in range((width - first + 1) // 2):
                flow[0, y, 2 * place + first], flow[1, y, 2 * place + first] = u[place], v[place]
