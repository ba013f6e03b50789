"""The belt: bounded, and nobody waits for ever."""

from __future__ import annotations

import threading

import pytest

from fnst_live.pipeline.belt import Belt, BeltStopped


def test_items_arrive_in_order_and_the_end_is_seen() -> None:
    belt: Belt[int] = Belt(2)

    def produce() -> None:
        for i in range(50):
            belt.put(i)
        belt.close()

    producer = threading.Thread(target=produce)
    producer.start()
    assert list(belt) == list(range(50))
    producer.join()


def test_never_more_than_its_capacity_lies_on_it() -> None:
    belt: Belt[int] = Belt(3)
    produced, room = [], threading.Event()

    def produce() -> None:
        for i in range(10):
            belt.put(i)
            produced.append(i)
            if len(produced) == 3:
                room.set()
        belt.close()

    producer = threading.Thread(target=produce)
    producer.start()
    assert room.wait(5)
    assert produced == [0, 1, 2]
    for seen, _ in enumerate(belt):
        assert len(produced) <= seen + 1 + 3 + 1
    producer.join()


def test_a_stopped_belt_frees_a_waiting_producer() -> None:
    belt: Belt[int] = Belt(1)
    belt.put(0)
    outcome: list[type[BaseException]] = []

    def produce() -> None:
        try:
            belt.put(1)
        except BeltStopped as stop:
            outcome.append(type(stop))

    producer = threading.Thread(target=produce)
    producer.start()
    belt.stop()
    producer.join(5)
    assert outcome == [BeltStopped]


def test_a_stopped_belt_ends_its_consumer_and_drops_what_it_holds() -> None:
    belt: Belt[int] = Belt(2)
    belt.put(1)
    belt.stop()
    assert list(belt) == []
    with pytest.raises(BeltStopped):
        belt.put(2)


def test_an_offer_is_taken_only_where_there_is_room_and_somebody_to_take_it() -> None:
    belt: Belt[int] = Belt(1)
    assert belt.offer(1)
    assert not belt.offer(2)
    assert next(iter(belt)) == 1
    belt.close()
    assert not belt.offer(3)


def test_who_waits_for_room_is_told_when_nobody_takes_anything_any_more() -> None:
    belt: Belt[int] = Belt(1)
    belt.wait_for_room()
    belt.put(1)
    belt.stop()
    with pytest.raises(BeltStopped):
        belt.wait_for_room()
