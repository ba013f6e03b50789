"""Clocks: what a frame takes on the wall and of the processors, as medians with their spread.

Processor time beside wall time tells what limits the speed: where few cores do everything at once, it is the sum of
all processor time that counts, not the slowest stage.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """How long a figure is measured: for so many seconds, and at least so many runs."""

    seconds: float
    fewest_runs: int = 5


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of so many values, and the least of them."""

    median: float
    lower: float
    upper: float
    least: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of one value or more."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0], values[0], 1)
        lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, lower, upper, min(values), len(values))

    def as_json(self) -> dict[str, float]:
        return {
            "median": round(self.median, 4), "lower": round(self.lower, 4), "upper": round(self.upper, 4),
            "least": round(self.least, 4), "count": self.count,
        }


@dataclass(frozen=True)
class Timing:
    """Of a frame, in milliseconds. cpu_ms: of all threads of the process together."""

    wall_ms: Spread
    cpu_ms: Spread

    @property
    def fps(self) -> float:
        """Frames a second, if nothing else were done."""
        return 1000 / max(self.wall_ms.median, 1e-6)

    def as_json(self) -> dict[str, dict[str, float]]:
        return {"milliseconds": self.wall_ms.as_json(), "cpu_milliseconds": self.cpu_ms.as_json()}


def time_runs(run: Callable[[], object], budget: Budget, frames_per_run: int = 1) -> Timing:
    """Run it once to warm up, then again and again. frames_per_run: what one run is divided by."""
    run()
    wall_ms: list[float] = []
    cpu_ms: list[float] = []
    until_s = time.perf_counter() + budget.seconds
    while len(wall_ms) < budget.fewest_runs or time.perf_counter() < until_s:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        run()
        cpu_ms.append((time.process_time() - cpu_s) * 1000 / frames_per_run)
        wall_ms.append((time.perf_counter() - wall_s) * 1000 / frames_per_run)
    return Timing(Spread.of(wall_ms), Spread.of(cpu_ms))


def time_on_worker(run: Callable[[], object], budget: Budget) -> Timing:
    """On a thread of its own, as the runners paint: each thread may have helpers of its own in a library, and how those
    wait for one another depends on whose they are. Ctrl-C ends it after the run it is at.
    """
    is_stopped = threading.Event()

    def run_unless_stopped() -> None:
        if is_stopped.is_set():
            raise CancelledError
        run()

    with ThreadPoolExecutor(1, thread_name_prefix="paint") as worker:
        try:
            return worker.submit(time_runs, run_unless_stopped, budget).result()
        finally:
            is_stopped.set()
