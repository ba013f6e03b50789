"""Numbers over the last two seconds."""

from __future__ import annotations

import pytest

from fnst_live.pipeline.stats import Measured, StatsMeter


def meter_of(*moments: tuple[float, float, float]) -> StatsMeter:
    """When it was ready, its latency, and what stylizing took."""
    meter = StatsMeter()
    for ready_s, latency_ms, stylize_ms in moments:
        meter.note(Measured(ready_s, latency_ms, {"stylize": stylize_ms}))
    return meter


def test_nothing_measured_is_nothing_told() -> None:
    meter = StatsMeter()
    assert (meter.fps, meter.latency_ms, meter.stage_ms) == (0, 0, {})


def test_one_result_has_no_rate() -> None:
    assert meter_of((1.0, 30, 20)).fps == 0


def test_rate_and_medians() -> None:
    meter = meter_of(*((i / 25, 30 + i % 3, 10.0) for i in range(26)))
    assert meter.fps == pytest.approx(25)
    assert meter.latency_ms == 31
    assert meter.stage_ms == {"stylize": 10}


def test_what_is_older_than_two_seconds_is_forgotten() -> None:
    meter = meter_of((0.0, 500, 500), (1.0, 500, 500), (3.5, 20, 10), (4.0, 20, 10))
    assert (meter.fps, meter.latency_ms) == (2, 20)


def test_a_stage_that_is_no_more_is_not_told() -> None:
    meter = meter_of((0.0, 30, 20))
    meter.note(Measured(0.1, 10, {"compose": 3.0}))
    assert meter.stage_ms == {"compose": 3}
