"""A clock that stands, runs, and can be set; nobody waits on it for ever."""

from __future__ import annotations

import threading

import pytest

from fnst_live.sources.pace import Pace

PATIENCE_S = 20


def waiting_on(pace: Pace, seconds: float | None) -> tuple[threading.Thread, list[bool]]:
    outcome: list[bool] = []
    thread = threading.Thread(target=lambda: outcome.append(pace.wait_until(seconds)))
    thread.start()
    return thread, outcome


def test_it_stands_until_it_is_run() -> None:
    pace = Pace()
    assert not pace.is_running
    assert pace.now_s == pace.now_s == 0
    pace.run()
    assert pace.wait_until(0.01)
    assert pace.now_s >= 0.01


def test_it_stands_where_it_was_stopped_and_goes_on_from_there() -> None:
    pace = Pace()
    pace.run()
    pace.set(50)
    pace.stand()
    stood_s = pace.now_s
    assert stood_s == pace.now_s >= 50
    pace.run()
    assert pace.wait_until(stood_s + 0.001)
    assert pace.now_s < stood_s + PATIENCE_S


def test_it_can_be_set_while_it_stands() -> None:
    pace = Pace()
    pace.set(12.5)
    assert pace.now_s == 12.5


@pytest.mark.parametrize("seconds", [1000.0, None])
def test_a_jolt_ends_one_wait_and_only_one(seconds: float | None) -> None:
    pace = Pace()
    pace.run()
    thread, outcome = waiting_on(pace, seconds)
    pace.jolt()
    thread.join(PATIENCE_S)
    assert outcome == [False]
    assert pace.wait_until(0)


def test_a_jolt_before_the_wait_counts() -> None:
    pace = Pace()
    pace.jolt()
    assert not pace.wait_until(None)


def test_running_and_setting_are_seen_by_whoever_waits() -> None:
    pace = Pace()
    thread, outcome = waiting_on(pace, 100)
    pace.set(100)
    pace.run()
    thread.join(PATIENCE_S)
    assert outcome == [True]


def test_closing_ends_every_wait() -> None:
    pace = Pace()
    thread, outcome = waiting_on(pace, None)
    pace.close()
    thread.join(PATIENCE_S)
    assert outcome == [False]
    assert not pace.wait_until(0)
    assert pace.is_closed
