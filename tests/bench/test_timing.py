"""Medians, quartiles, and the division by frames; the clocks are fakes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from fnst_live.bench import timing
from fnst_live.bench.timing import Budget, Spread, Timing, time_on_worker, time_runs


def test_median_and_quartiles() -> None:
    assert Spread.of([5, 1, 4, 2, 3]) == Spread(median=3, lower=2, upper=4, least=1, count=5)
    assert Spread.of([1, 2]) == Spread(median=1.5, lower=1.25, upper=1.75, least=1, count=2)


def test_one_value_has_no_spread() -> None:
    assert Spread.of([7.0]) == Spread(7, 7, 7, 7, 1)


def test_frames_a_second_by_the_median() -> None:
    assert Timing(Spread.of([40, 20, 1000]), Spread.of([1])).fps == 25


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stands still but for `pass_s`; the processors are twice as fast as the wall."""
    fake = SimpleNamespace(now_s=0.0)
    time = SimpleNamespace(perf_counter=lambda: fake.now_s, process_time=lambda: fake.now_s * 2)
    monkeypatch.setattr(timing, "time", time)
    return fake


def test_the_first_run_warms_up_and_does_not_count(clock: SimpleNamespace) -> None:
    durations_s: Iterator[float] = iter([60, 0.1, 0.2, 0.3])

    def run() -> None:
        clock.now_s += next(durations_s)

    measured = time_runs(run, Budget(seconds=0, fewest_runs=3), frames_per_run=10)
    assert measured.wall_ms.count == 3
    assert measured.wall_ms.median == pytest.approx(20)
    assert measured.cpu_ms.median == pytest.approx(40)


def test_it_goes_on_until_the_time_is_over(clock: SimpleNamespace) -> None:
    def run() -> None:
        clock.now_s += 1

    assert time_runs(run, Budget(seconds=7, fewest_runs=2)).wall_ms.count == 7


def test_a_worker_counts_alike() -> None:
    assert time_on_worker(lambda: None, Budget(0, 4)).wall_ms.count == 4


def test_the_worker_stops_with_whoever_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C reaches the waiting thread only; the time that was given to the figure is not waited for."""
    runs: list[int] = []
    is_running = threading.Event()

    def run() -> None:
        runs.append(len(runs))
        is_running.set()

    def interrupted(_: object) -> Timing:
        is_running.wait()
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        time_on_worker(run, Budget(600))
    count = len(runs)
    assert count > 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("paint")]
    assert len(runs) == count
