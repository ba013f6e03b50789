"""Bands of rows on all cores: every row once, the same picture everywhere, and no seam."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.stabilize import bands
from fnst_live.stabilize.bands import in_bands
from fnst_live.stabilize.flow import BackwardFlow
from fnst_live.stabilize.refinement import Refinement, make_workspace, refine
from fnst_live.stabilize.warp import fetched
from tests.stabilize.test_flow import moved, texture

PATIENCE_S = 20


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadPoolExecutor]:
    """Three, however many cores there are."""
    with ThreadPoolExecutor(3) as executor:
        monkeypatch.setattr(bands, "_helpers", lambda: executor)
        yield executor


@pytest.mark.usefixtures("helpers")
@pytest.mark.parametrize("rows", [1, 95, 96, 192, 200, 480, 1081])
def test_every_row_is_done_once(rows: int) -> None:
    done = np.zeros(rows, int)
    edges: list[tuple[int, int]] = []

    def work(top: int, bottom: int) -> None:
        edges.append((top, bottom))
        done[top:bottom] += 1

    in_bands(work, rows)
    assert (done == 1).all()
    assert len(edges) == max(1, rows // 96)


@pytest.mark.usefixtures("helpers")
def test_bands_are_done_at_once() -> None:
    all_begun = threading.Barrier(4)
    in_bands(lambda top, bottom: all_begun.wait(PATIENCE_S), 400)


def test_busy_helpers_are_not_waited_for(helpers: ThreadPoolExecutor) -> None:
    is_over = threading.Event()
    for _ in range(3):
        helpers.submit(is_over.wait, PATIENCE_S)
    here: list[str] = []
    in_bands(lambda top, bottom: here.append(threading.current_thread().name), 400)
    is_over.set()
    assert here == [threading.current_thread().name] * 4


@pytest.mark.usefixtures("helpers")
@pytest.mark.parametrize("failing", [0, 3])
def test_what_goes_wrong_in_a_band_goes_wrong_here(failing: int) -> None:
    def work(top: int, bottom: int) -> None:
        if top == 100 * failing:
            raise ValueError("band")

    with pytest.raises(ValueError, match="band"):
        in_bands(work, 400)


@pytest.mark.usefixtures("helpers")
@pytest.mark.parametrize("failing", [0, 1])
def test_no_band_is_still_at_work_when_one_has_failed(failing: int) -> None:
    all_begun, is_over = threading.Barrier(4), threading.Event()

    def work(top: int, bottom: int) -> None:
        all_begun.wait(PATIENCE_S)
        if top == 100 * failing:
            raise ValueError("band")
        if top == 300:
            time.sleep(0.1)
            is_over.set()

    with pytest.raises(ValueError, match="band"):
        in_bands(work, 400)
    assert is_over.is_set()


def test_a_failure_does_not_wait_for_helpers_that_are_busy(helpers: ThreadPoolExecutor) -> None:
    is_over = threading.Event()
    busy = [helpers.submit(is_over.wait, PATIENCE_S) for _ in range(3)]
    with pytest.raises(ZeroDivisionError):
        in_bands(lambda top, bottom: 1 / top, 400)
    assert not any(future.done() for future in busy)
    is_over.set()


def flow_of(now: npt.NDArray[np.uint8], before: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return BackwardFlow(exact=False).estimate(now, before)


def test_flow_does_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    before = texture(210, 160)
    now = moved(before, 2.3, -1.2)
    with ThreadPoolExecutor(3) as executor:
        monkeypatch.setattr(bands, "_helpers", lambda: executor)
        by_many = flow_of(now, before)
    monkeypatch.setattr(bands, "_helpers", lambda: None)
    assert np.array_equal(flow_of(now, before), by_many)
    assert np.abs(by_many[0, 20:-20, 20:-20] + 2.3).mean() < 0.1


def test_a_refinement_has_no_seam() -> None:
    height, width = 240, 160
    before = texture(height, width)
    now = moved(before, 1.3, -0.7).astype(np.float32)
    start = (np.random.default_rng(1).normal(0, 0.5, (2, height, width)) - 1).astype(np.float32)
    warped = fetched(before.astype(np.float32), start)
    whole, in_two = start.copy(), start.copy()
    refine(now, warped, whole, make_workspace(height, width), 2, 3)
    Refinement().refine(now, warped, in_two, 2, 3)
    assert np.abs(whole - start).mean() > 0.1
    difference = np.abs(whole - in_two).max((0, 2))
    assert difference.max() < 0.01
    assert difference[:100].max() < 1e-4
