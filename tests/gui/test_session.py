"""The door between core threads and the window: frames are pulled, never queued; events are never lost."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from fnst_live.gui.session import SessionBridge
from fnst_live.live_events import Event, Notice

from .fake_session import FakeSession, result


def bridge_and_session() -> tuple[SessionBridge, FakeSession]:
    bridge = SessionBridge(FakeSession)
    assert isinstance(bridge.session, FakeSession)
    return bridge, bridge.session


def test_a_hundred_frames_while_the_window_is_busy_are_one_wake_and_one_pull(qtbot: QtBot) -> None:
    bridge, session = bridge_and_session()
    arrived: list[object] = []
    bridge.result_arrived.connect(arrived.append)
    last = result()
    for _ in range(99):
        session.show(result())
    session.show(last)
    qtbot.waitUntil(lambda: bool(arrived))
    qtbot.wait(1)
    assert arrived == [last]
    assert session.pulled_count == 1


def test_the_next_frame_after_a_pull_wakes_again(qtbot: QtBot) -> None:
    bridge, session = bridge_and_session()
    for _ in range(3):
        with qtbot.waitSignal(bridge.result_arrived):
            session.show(result())
    assert session.pulled_count == 3


def test_events_come_all_and_in_order(qtbot: QtBot) -> None:
    bridge, session = bridge_and_session()
    told: list[Event] = []
    bridge.event_arrived.connect(told.append)
    sent = [Notice(str(number)) for number in range(20)]
    for notice in sent:
        session.tell(notice)
    qtbot.waitUntil(lambda: len(told) == len(sent))
    assert told == sent


def test_nothing_is_told_after_closing(qtbot: QtBot) -> None:
    bridge, session = bridge_and_session()
    arrived: list[object] = []
    bridge.result_arrived.connect(arrived.append)
    bridge.event_arrived.connect(arrived.append)
    session.show(result())
    session.tell(Notice("late"))
    bridge.close()
    qtbot.wait(1)
    assert not arrived
    assert session.told == [("close",)]
