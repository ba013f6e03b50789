"""How many lines the network gets to see, so that a target frame rate is held: quickly down, slowly up, rarely at all.

Every change of the work size changes the strokes, which must not be seen to pump. So the lines come from a ladder of
few rungs, the lowest of which still shows a face; a rung is left downwards when it is clearly too much for a while,
upwards only when the next one promises to fit with room to spare for longer; and a rung that did not hold is left
alone for a time that grows with each failure.
Pure bookkeeping: the time comes with each measurement.
"""

from __future__ import annotations

import math
import statistics
from collections import deque

LADDER = (240, 288, 336, 384, 432, 480, 540, 600, 720, 840, 960, 1080)
FIRST_LINES = 240

FEWEST_MEASURED = 8       # before anything is concluded
SHORT_S, LONG_S = 1.0, 4.0  # what is concluded from, downwards and upwards
TOO_MUCH = 1.0            # of the time a frame may take: above it is too slow ...
ROOM = 0.85               # ... and at a rung to be climbed it must be expected below this
PATIENCE_DOWN_S = 1.0
PATIENCE_UP_S = 4.0
LEARNING_S = 3.0          # in the beginning nobody minds; rungs are tried quickly
FIRST_BAN_S = 30.0
LONGEST_BAN_S = 600.0
TRUE_TRIAL_S = 20.0       # a rung that holds for so long was no failure


class WorkSizeControl:
    """Lines for the next frames. `note` belongs to one thread; `lines_for` may be asked on any."""

    def __init__(self, target_fps: float = 30.0, lines: int = FIRST_LINES):
        self.target_fps = target_fps
        self._lines = lines
        self._measured: deque[tuple[float, float]] = deque()
        self._began_s: float | None = None
        self._changed_s = -math.inf
        self._climbed_s = -math.inf
        self._banned_until_s: dict[int, float] = {}
        self._failures: dict[int, int] = {}

    def lines_for(self, height: int) -> int:
        """Never more than the picture has."""
        return min(self._lines, height)

    def note(self, now_s: float, busy_ms: float, lines: int, most_lines: int) -> None:
        """What the slower of the two steps took for a frame of so many lines; most_lines: what could be asked for."""
        self._began_s = now_s if self._began_s is None else self._began_s
        if lines != min(self._lines, most_lines):
            return  # a frame from before the last change
        self._lines = lines
        self._measured.append((now_s, busy_ms))
        while now_s - self._measured[0][0] > LONG_S:
            self._measured.popleft()
        if len(self._measured) >= FEWEST_MEASURED or now_s - self._changed_s > 2 * SHORT_S:
            self._conclude(now_s, most_lines)

    def _conclude(self, now_s: float, most_lines: int) -> None:
        share = self._share_since(now_s - SHORT_S)
        since_change_s = now_s - self._changed_s
        is_learning = self._began_s is not None and now_s - self._began_s < LEARNING_S
        if share > TOO_MUCH and (is_learning or since_change_s >= PATIENCE_DOWN_S):
            self._step_down(now_s, share)
        elif share < ROOM and (is_learning or since_change_s >= PATIENCE_UP_S):
            self._step_up(now_s, max(share, self._share_since(now_s - LONG_S)), most_lines)

    def _share_since(self, begin_s: float) -> float:
        """Of the time a frame may take, the part it does take."""
        return statistics.median(busy for at_s, busy in self._measured if at_s >= begin_s) * self.target_fps / 1000

    def _step_down(self, now_s: float, share: float) -> None:
        """To the highest rung that should fit; what takes the time grows with the picture's area."""
        lower = [rung for rung in LADDER if rung < self._lines]
        if not lower:
            return
        fitting = [rung for rung in lower if share * (rung / self._lines) ** 2 <= TOO_MUCH * 0.95]
        if now_s - self._climbed_s < TRUE_TRIAL_S:
            self._ban(self._lines, now_s)
        self._change(fitting[-1] if fitting else lower[0], now_s)

    def _step_up(self, now_s: float, share: float, most_lines: int) -> None:
        higher = [rung for rung in (*LADDER, most_lines) if self._lines < rung <= most_lines]
        allowed = [rung for rung in higher if now_s >= self._banned_until_s.get(rung, -math.inf)]
        if not allowed or allowed[0] != min(higher):
            return
        fitting = [rung for rung in sorted(allowed) if share * (rung / self._lines) ** 2 <= ROOM]
        if fitting:
            self._climbed_s = now_s
            self._change(fitting[-1], now_s)

    def _ban(self, rung: int, now_s: float) -> None:
        self._failures[rung] = self._failures.get(rung, 0) + 1
        ban_s = min(LONGEST_BAN_S, FIRST_BAN_S * 2 ** (self._failures[rung] - 1))
        self._banned_until_s[rung] = now_s + ban_s

    def _change(self, lines: int, now_s: float) -> None:
        self._lines = lines
        self._changed_s = now_s
        self._measured.clear()
