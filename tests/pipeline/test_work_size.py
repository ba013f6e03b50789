"""The work size finds what holds the rate, and then stays there. Time is made up here."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from fnst_live.pipeline.work_size import LADDER, WorkSizeControl

Cost = Callable[[float, int], float]  # (second, lines) -> ms a frame


def by_area(ms_at_480: float) -> Cost:
    return lambda _, lines: ms_at_480 * (lines / 480) ** 2


def lines_over_time(control: WorkSizeControl, cost: Cost, seconds: float, height: int = 480) -> list[int]:
    """One entry a frame; a frame takes its time, or the target's."""
    now_s, seen = 0.0, []
    while now_s < seconds:
        lines = control.lines_for(height)
        busy_ms = cost(now_s, lines)
        now_s += max(busy_ms, 1000 / control.target_fps) / 1000
        control.note(now_s, busy_ms, lines, height)
        seen.append(lines)
    return seen


def changes(lines: list[int]) -> int:
    return int(np.count_nonzero(np.diff(lines)))


@pytest.mark.parametrize("ms_at_480", [8, 15, 30, 60, 90, 120])
def test_the_target_is_held_at_as_many_lines_as_it_allows(ms_at_480: float) -> None:
    cost = by_area(ms_at_480)
    seen = lines_over_time(WorkSizeControl(30), cost, 60)
    settled = seen[-1]
    assert cost(0, settled) <= 1000 / 30
    higher = [rung for rung in LADDER if settled < rung <= 480]
    assert not higher or cost(0, higher[0]) > 0.85 * 1000 / 30


@pytest.mark.parametrize("ms_at_480", [15, 30, 60, 90])
def test_it_settles_within_seconds_and_does_not_pump(ms_at_480: float) -> None:
    seen = lines_over_time(WorkSizeControl(30), by_area(ms_at_480), 120)
    assert changes(seen) <= 4
    assert changes(seen[len(seen) // 10 :]) == 0


def test_noise_does_not_make_it_pump() -> None:
    random = np.random.default_rng(0)
    cost = by_area(60)
    noisy = lines_over_time(WorkSizeControl(30), lambda t, lines: cost(t, lines) * random.uniform(0.8, 1.25), 300)
    assert changes(noisy[len(noisy) // 10 :]) <= 2


def test_a_single_slow_frame_changes_nothing() -> None:
    cost = by_area(30)
    seen = lines_over_time(WorkSizeControl(30), lambda t, lines: 400 if 30 < t < 30.3 else cost(t, lines), 40)
    assert changes(seen[len(seen) // 2 :]) == 0


def test_a_machine_that_gets_busy_costs_lines_and_one_that_is_free_again_gives_them_back() -> None:
    calm, busy = by_area(25), by_area(100)
    seen = lines_over_time(WorkSizeControl(30), lambda t, lines: busy(t, lines) if 20 < t < 40 else calm(t, lines), 140)
    assert seen[0] < max(seen) == 480
    assert min(seen[len(seen) // 10 :]) < 300
    assert seen[-1] == 480


def test_a_rung_that_does_not_hold_is_tried_less_and_less_often() -> None:
    """Where the cost does not grow with the area, the promise of the next rung is wrong again and again."""

    def cliff(_: float, lines: int) -> float:
        return 25 if lines <= 288 else 45

    seen = lines_over_time(WorkSizeControl(30, lines=288), cliff, 600)
    tries = sum(before == 288 and after > 288 for before, after in itertools.pairwise(seen))
    assert tries <= 6


def test_never_more_lines_than_the_picture_has_nor_fewer_than_the_lowest_rung() -> None:
    control = WorkSizeControl(30)
    assert max(lines_over_time(control, by_area(1), 30, height=360)) == 360
    assert control.lines_for(200) == 200
    assert min(lines_over_time(WorkSizeControl(30), by_area(5000), 60)) == LADDER[0]


def test_a_lower_target_allows_more_lines() -> None:
    slow, quick = (lines_over_time(WorkSizeControl(fps), by_area(60), 60)[-1] for fps in (15, 30))
    assert slow > quick
