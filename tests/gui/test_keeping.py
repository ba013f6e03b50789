"""Snapshots and recordings: one key each; the button shows what is, not what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtMultimedia import QMediaDevices

from fnst_live.gui.keeping_presenter import KeepFolders
from fnst_live.gui.window_state import WindowState
from fnst_live.live_events import (
    BroadcastEnded,
    BroadcastStarted,
    Failed,
    RecordingLost,
    RecordingSaved,
    RecordingStarted,
    SnapshotSaved,
)

from .conftest import Bench, MakeBench
from .fake_session import result
from .gestures import QTest


def record(bench: Bench) -> None:
    bench.press(Qt.Key.Key_R)
    bench.session.tell(RecordingStarted((Path("a.mkv"),)))
    bench.bot.waitUntil(lambda: bench.live.keeping.is_recording)


def test_a_snapshot_is_one_key_and_shows_the_way(bench: Bench) -> None:
    bench.press(Qt.Key.Key_S)
    assert bench.session.commands("snapshot") == [(bench.folders.pictures,)]
    shown: list[Path] = []

    def open_folder(path: Path) -> bool:
        shown.append(path)
        return True

    bench.live.keeping.show_in_folder = open_folder
    bench.session.tell(SnapshotSaved(Path("/p/shot.png")))
    bench.bot.waitUntil(lambda: bench.window.toast.text == "Saved shot.png")
    QTest.mouseClick(bench.window.toast.button, Qt.MouseButton.LeftButton)
    assert shown == [Path("/p/shot.png")]
    assert not bench.window.banner.text


def test_without_a_file_browser_it_says_where_the_file_is(bench: Bench) -> None:
    bench.live.keeping.show_in_folder = lambda _: False
    bench.window.toast.show_in_folder.emit(Path("/p/shot.png"))
    assert bench.window.banner.text == "No file browser could be opened: the file is /p/shot.png"


def test_a_recording_begins_when_the_session_says_so(bench: Bench) -> None:
    action = bench.window.actions_["record"]
    bench.press(Qt.Key.Key_R)
    assert bench.session.commands("start_recording") == [(bench.folders.videos, False, False)]
    assert not action.isChecked()
    bench.session.tell(RecordingStarted((Path("a.mkv"),)))
    bench.bot.waitUntil(action.isChecked)
    assert bench.window.recorder.time.text() == "0:00"
    assert action.text() == "Stop recording"


def test_a_recording_ends_and_is_told_of(bench: Bench) -> None:
    record(bench)
    bench.press(Qt.Key.Key_R)
    assert bench.session.commands("stop_recording") == [()]
    bench.session.tell(RecordingSaved((Path("a.mkv"),), ("the microphone fell silent",)))
    bench.bot.waitUntil(lambda: not bench.live.keeping.is_recording)
    assert bench.window.toast.text == "Saved a.mkv"
    assert bench.window.banner.text == "The microphone fell silent"
    assert not bench.window.actions_["record"].isChecked()
    assert not bench.window.recorder.time.text()


def test_a_recording_that_cannot_begin_leaves_the_button_up(bench: Bench) -> None:
    bench.press(Qt.Key.Key_R)
    bench.session.tell(Failed("the disk is full: free some space", "errno 28"))
    bench.bot.waitUntil(lambda: bool(bench.window.banner.text))
    assert not bench.window.actions_["record"].isChecked()


def test_a_full_disk_ends_the_recording_and_says_so(bench: Bench) -> None:
    record(bench)
    bench.session.tell(RecordingLost())
    bench.session.tell(Failed("the disk is full: the recording has ended"))
    bench.bot.waitUntil(lambda: not bench.live.keeping.is_recording)
    bench.bot.waitUntil(lambda: bench.window.banner.text == "The disk is full: the recording has ended")
    assert not bench.window.actions_["record"].isChecked()
    assert not bench.window.recorder.time.text()
    bench.press(Qt.Key.Key_R)
    assert len(bench.session.commands("start_recording")) == 2


def test_a_recording_without_a_picture_saves_nothing_and_says_so(bench: Bench) -> None:
    bench.session.tell(RecordingSaved((), ("no picture came: nothing was saved",)))
    bench.bot.waitUntil(lambda: bench.window.banner.text == "No picture came: nothing was saved")
    assert not bench.window.toast.text


def test_the_original_beside(make_bench: MakeBench) -> None:
    bench = make_bench(WindowState(keeps_original=True))
    bench.press(Qt.Key.Key_R)
    assert bench.session.commands("start_recording")[0][1] is True
    bench.press(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert not bench.live.state().keeps_original


def test_tracks_cannot_change_during_a_recording(bench: Bench) -> None:
    record(bench)
    assert not bench.window.actions_["microphone"].isEnabled()
    assert not bench.window.actions_["keep_original"].isEnabled()


def test_the_switch_of_the_virtual_camera_shows_what_is(bench: Bench) -> None:
    switch = bench.window.actions_["broadcast"]
    bench.press(Qt.Key.Key_V)
    assert bench.session.commands("start_broadcast") == [()]
    assert not switch.isChecked()
    bench.session.tell(BroadcastStarted("fnst-live"))
    bench.bot.waitUntil(switch.isChecked)
    assert bench.window.toast.text == "Other programs see this as the camera fnst-live"
    bench.press(Qt.Key.Key_V)
    assert bench.session.commands("stop_broadcast") == [()]
    assert switch.isChecked()
    bench.session.tell(BroadcastEnded())
    bench.bot.waitUntil(lambda: not switch.isChecked())


def test_without_a_virtual_camera_it_is_said_how_to_have_one(bench: Bench) -> None:
    bench.press(Qt.Key.Key_V)
    bench.session.tell(Failed("there is no virtual camera here: install v4l2loopback"))
    bench.bot.waitUntil(
        lambda: bench.window.banner.text == "There is no virtual camera here: install v4l2loopback")
    assert not bench.window.actions_["broadcast"].isChecked()


def test_asked_for_on_the_command_line_it_begins_with_the_first_painted_picture(bench: Bench) -> None:
    bench.live.show(is_broadcasting=True)
    assert not bench.session.commands("start_broadcast")
    bench.session.show(result())
    bench.bot.waitUntil(lambda: bench.session.commands("start_broadcast") == [()])
    bench.session.show(result())
    bench.bot.wait(50)
    assert len(bench.session.commands("start_broadcast")) == 1


def test_without_a_microphone_the_switch_goes_back_and_says_why(bench: Bench) -> None:
    if not QMediaDevices.defaultAudioInput().isNull():
        pytest.skip("this machine has a microphone")
    bench.press(Qt.Key.Key_A)
    assert not bench.window.actions_["microphone"].isChecked()
    assert bench.window.banner.text == "No microphone was found: connect one and switch it on again"


def test_the_users_own_folders() -> None:
    folders = KeepFolders.of_the_user()
    assert folders.pictures.is_absolute()
    assert folders.videos.is_absolute()


def test_in_full_screen_the_picture_says_that_it_is_recorded(bench: Bench) -> None:
    viewport, full_screen = bench.window.viewport, bench.window.actions_["full_screen"]
    record(bench)
    assert not viewport.recorded_time
    full_screen.setChecked(True)
    bench.bot.waitUntil(lambda: viewport.recorded_time.startswith("0:0"))
    corner = viewport.grab().toImage().pixelColor(viewport.width() - 18, 30)
    assert corner.lightness() < 30
    full_screen.setChecked(False)
    bench.bot.waitUntil(lambda: not viewport.recorded_time)
    full_screen.setChecked(True)
    bench.session.tell(RecordingLost())
    bench.bot.waitUntil(lambda: not bench.live.keeping.is_recording)
    assert not viewport.recorded_time
