"""Errands are done in order, on their thread, whatever one of them raises."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from fnst_live.live.errands import Errands

PATIENCE_S = 20


@pytest.fixture
def errors() -> list[Exception]:
    return []


@pytest.fixture
def errands(errors: list[Exception]) -> Iterator[Errands]:
    errands = Errands("test errands", errors.append)
    errands.start()
    yield errands
    errands.close()


def test_all_are_done_in_order_on_their_own_thread(errands: Errands) -> None:
    done: list[tuple[int, str]] = []
    for number in range(5):
        errands.post(lambda number=number: done.append((number, threading.current_thread().name)))  # type: ignore[misc]
    errands.close(is_finishing=True)
    assert done == [(number, "test errands") for number in range(5)]


def test_an_error_is_told_and_the_next_is_done(errands: Errands, errors: list[Exception]) -> None:
    done: list[int] = []
    errands.post(lambda: 1 // 0)
    errands.post(lambda: done.append(1))
    errands.close(is_finishing=True)
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert done == [1]


def test_closing_waits_for_the_one_in_hand_and_drops_the_rest(errands: Errands) -> None:
    done: list[int] = []
    has_begun, may_end = threading.Event(), threading.Event()

    def first() -> None:
        has_begun.set()
        assert may_end.wait(PATIENCE_S)
        done.append(1)

    errands.post(first)
    errands.post(lambda: done.append(2))
    assert has_begun.wait(PATIENCE_S)
    closing = threading.Thread(target=errands.close)
    closing.start()
    may_end.set()
    closing.join(PATIENCE_S)
    assert done[0] == 1
    errands.post(lambda: done.append(3))
    assert 3 not in done


def test_one_that_was_never_started_can_be_closed() -> None:
    Errands("idle", lambda _: None).close()
