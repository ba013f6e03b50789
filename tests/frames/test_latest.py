"""One slot: the newest wins, and nobody waits for ever."""

from __future__ import annotations

import threading

from fnst_live.frames.latest import LatestFrame


def test_the_newest_wins_and_what_nobody_took_is_told_of() -> None:
    slot: LatestFrame[int] = LatestFrame()
    assert not slot.put(1)
    assert slot.put(2)
    assert slot.take(0) == 2
    assert not slot.put(3)


def test_each_item_is_taken_once_but_can_be_looked_at_again() -> None:
    slot: LatestFrame[int] = LatestFrame()
    assert slot.newest() is None
    slot.put(1)
    assert (slot.take(0), slot.take(0), slot.newest()) == (1, None, 1)


def test_whoever_waits_gets_what_comes() -> None:
    slot: LatestFrame[int] = LatestFrame()
    taken: list[int | None] = []
    waiting = threading.Thread(target=lambda: taken.append(slot.take()))
    waiting.start()
    slot.put(7)
    waiting.join(10)
    assert taken == [7]


def test_closing_wakes_whoever_waits_and_leaves_the_last_to_look_at() -> None:
    slot: LatestFrame[int] = LatestFrame()
    slot.put(7)
    slot.take()
    taken: list[int | None] = []
    waiting = threading.Thread(target=lambda: taken.append(slot.take()))
    waiting.start()
    slot.close()
    waiting.join(10)
    assert (taken, slot.newest(), slot.is_closed) == ([None], 7, True)


def test_waking_ends_one_wait_even_before_it_began() -> None:
    slot: LatestFrame[int] = LatestFrame()
    slot.wake()
    assert slot.take() is None
    slot.put(1)
    assert slot.take() == 1


def test_waking_takes_no_item_away() -> None:
    slot: LatestFrame[int] = LatestFrame()
    slot.put(1)
    slot.wake()
    assert slot.take() == 1
