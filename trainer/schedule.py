"""How long a run lasts, and how far it is: by steps, or by the clock.

The learning rate follows a cosine over the whole run (Loshchilov & Hutter 2017), so the end must be known from the
beginning. With `--time-budget` the end is a time of day, and the steps are as many as fit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

Clock = Callable[[], float]


class Stopwatch:
    """Runs from its making; what earlier sittings of a run took can be added."""

    def __init__(self, clock: Clock = time.monotonic):
        self._clock, self._started_s = clock, clock()

    def add(self, seconds: float) -> None:
        self._started_s -= seconds

    @property
    def spent_s(self) -> float:
        return self._clock() - self._started_s


class Schedule(Protocol):
    """step: how many are done."""

    def done(self, step: int) -> float:
        """0..1 of the whole run."""
        ...

    def is_over(self, step: int) -> bool: ...

    def seconds_left(self, step: int, steps_per_s: float) -> float: ...

    def closing_takes(self, seconds: float) -> None:
        """What is to be done after the last step takes this long, as the times before show."""
        ...


class StepSchedule:
    """Ends after a number of steps."""

    def __init__(self, step_count: int):
        self.step_count = step_count

    def done(self, step: int) -> float:
        return min(1.0, step / self.step_count)

    def is_over(self, step: int) -> bool:
        return step >= self.step_count

    def seconds_left(self, step: int, steps_per_s: float) -> float:
        return (self.step_count - step) / steps_per_s

    def closing_takes(self, seconds: float) -> None:
        """The clock is of no matter here."""


class TimeSchedule:
    """Ends on time: everything counts from the first moment, and the last things to do have their time set aside."""

    def __init__(self, budget_s: float, stopwatch: Stopwatch):
        self._budget_s, self._stopwatch = budget_s, stopwatch
        self._closing_s = self._step_s = 0.0
        self._last_step, self._last_s = -1, 0.0

    def closing_takes(self, seconds: float) -> None:
        self._closing_s = max(self._closing_s, seconds)

    def done(self, step: int) -> float:  # noqa: ARG002  (same signature as StepSchedule)
        return min(1.0, self._stopwatch.spent_s / max(self._budget_s - self._closing_s, 1e-9))

    def is_over(self, step: int) -> bool:
        """A step that would end too late is not begun; the first one always is."""
        now_s = self._stopwatch.spent_s
        if step > self._last_step:
            self._step_s = now_s - self._last_s if self._last_step >= 0 else 0.0
            self._last_step, self._last_s = step, now_s
        return step > 0 and now_s + self._step_s + self._closing_s > self._budget_s

    def seconds_left(self, step: int, steps_per_s: float) -> float:  # noqa: ARG002
        return max(0.0, self._budget_s - self._stopwatch.spent_s)
