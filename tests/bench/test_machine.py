"""Who else used the machine, and what its matrix products reach."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from fnst_live.bench import machine
from fnst_live.bench.machine import MachineState, OthersMeter, machine_state, matmul_rates
from fnst_live.bench.timing import Budget

from .examples import MACHINE


def test_a_quiet_machine_is_no_reason_to_warn() -> None:
    assert MachineState(MACHINE, 2, (0.4, 9, 9), 0.04).warnings == []
    assert MachineState(MACHINE, 2, None, None).warnings == []


def test_a_busy_one_is() -> None:
    before, meanwhile = MachineState(MACHINE, 2, (1.5, 0, 0), 0.4).warnings
    assert before.startswith("the machine was busy before this began (load average 1.50, cores: 2)")
    assert meanwhile.startswith("others used 40% of its cores meanwhile")


@pytest.fixture
def core_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "stat"
    monkeypatch.setattr(machine, "CORE_TIMES", file)
    monkeypatch.setattr(os, "sysconf", lambda _: 100)
    return file


def test_what_others_used(core_times: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In 10 s of two cores: 11 s busy (user, nice, system, interrupts, stolen), of which 6 s are ours."""
    own = SimpleNamespace(process_time=iter([1.0, 7.0]).__next__)
    monkeypatch.setattr(machine, "time", own)
    core_times.write_text("cpu  100 0 0 1000 0 0 0 0 55 5\ncpu0 9 9 9\n")
    meter = OthersMeter()
    core_times.write_text("cpu  700 100 100 1800 100 50 50 200 99 9\ncpu0 9 9 9\n")
    assert meter.share() == pytest.approx((11 - 6) / 20)


def test_where_the_system_does_not_tell(core_times: Path) -> None:
    assert OthersMeter().share() is None


def test_this_machine() -> None:
    state = machine_state()
    assert state.usable_cores >= 1
    record = state.as_json()
    assert record["processor"] == state.machine.processor
    assert record["others_share"] is None


def test_matmul_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "MATMUL_SIDE", 16)
    rates = matmul_rates(frozenset({"bf16", "f32", "int8"}), Budget(0, 2))
    assert list(rates) == ["f32", "bf16"]
    assert all(rate > 0 for rate in rates.values())


def test_the_best_run_makes_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """1000^3 multiply-adds, two operations each, in 4 ms."""
    spread = SimpleNamespace(wall_ms=SimpleNamespace(least=4.0, median=9.0))
    monkeypatch.setattr(machine, "time_runs", lambda *_: spread)
    monkeypatch.setattr(machine, "MATMUL_SIDE", 1000)
    assert matmul_rates(frozenset({"f32"}), Budget(0)) == {"f32": pytest.approx(500)}
