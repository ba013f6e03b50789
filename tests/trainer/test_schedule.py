"""Schedules under a clock of our own: by steps, and by a budget that must not be overdrawn."""

from __future__ import annotations

import pytest

from trainer.schedule import StepSchedule, Stopwatch, TimeSchedule


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_by_steps() -> None:
    schedule = StepSchedule(8)
    assert [schedule.done(step) for step in (0, 4, 8, 9)] == [0, 0.5, 1, 1]
    assert [schedule.is_over(step) for step in (7, 8, 9)] == [False, True, True]
    assert schedule.seconds_left(4, 0.5) == 8


def test_a_stopwatch_adds_earlier_sittings(clock: Clock) -> None:
    stopwatch = Stopwatch(clock)
    clock.now_s += 3
    stopwatch.add(10)
    assert stopwatch.spent_s == 13


def test_a_budget_ends_before_the_step_that_would_overdraw_it(clock: Clock) -> None:
    schedule = TimeSchedule(60, Stopwatch(clock))
    schedule.closing_takes(5)
    schedule.closing_takes(2)  # the longest counts
    step = 0
    while not schedule.is_over(step):
        clock.now_s += 4
        step += 1
    assert step == 13  # 52 s of steps, and 5 s to close; one more step would end after 61 s
    assert schedule.done(step) == pytest.approx(52 / 55)
    assert schedule.seconds_left(step, 1.0) == 8


def test_asking_twice_changes_nothing(clock: Clock) -> None:
    schedule = TimeSchedule(10, Stopwatch(clock))
    for step in range(2):
        assert not schedule.is_over(step)
        assert not schedule.is_over(step)
        clock.now_s += 4
    assert schedule.is_over(2)


def test_the_first_step_is_always_taken(clock: Clock) -> None:
    schedule = TimeSchedule(1, Stopwatch(clock))
    clock.now_s += 50
    assert not schedule.is_over(0)
    assert schedule.is_over(1)
    assert schedule.done(1) == 1
    assert schedule.seconds_left(1, 1.0) == 0
