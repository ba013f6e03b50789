"""Sources and clips: opened, lost, found again, played, sought."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu

from fnst_live.gui import source_presenter
from fnst_live.gui.transport import clock
from fnst_live.gui.window_state import WindowState
from fnst_live.live_events import Failed, SourceBack, SourceEnded, SourceLost, SourceOpened
from fnst_live.live_settings import SourceSpec

from .conftest import WEBCAM, Bench, MakeBench
from .fake_session import SIZE, STATS, result
from .gestures import QTest

SHIFT = Qt.KeyboardModifier.ShiftModifier


def source_menu(bench: Bench) -> QMenu:
    menu = bench.window.source_picker.menu()
    assert menu is not None
    menu.aboutToShow.emit()
    return menu


def entry(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text().startswith(text))


def open_clip(bench: Bench, duration_s: float = 10.0) -> None:
    bench.session.open_clip(duration_s)
    bench.bot.waitUntil(bench.window.transport.seek_bar.isVisible)


def play_to(bench: Bench, time_s: float, fps: float = 25.0) -> None:
    bench.session.show(result(time_s=time_s, stats=dataclasses.replace(STATS, fps=fps)))
    bench.bot.waitUntil(lambda: bench.window.transport.seek_bar.value() == round(time_s * 100))


def test_it_starts_with_what_is_remembered(make_bench: MakeBench) -> None:
    spec = SourceSpec("camera", Path("/dev/video4"), 640, 480, 30.0, "MJPG")
    bench = make_bench(WindowState(source=spec, is_looping=False))
    assert bench.session.commands("start")[0][0] == spec
    assert bench.session.commands("set_loop") == [(False,)]
    assert not bench.window.actions_["loop"].isChecked()


def test_cameras_are_listed_by_name_with_their_modes_when_the_list_opens(bench: Bench) -> None:
    menu = source_menu(bench)
    modes = entry(menu, "Webcam").menu()
    assert modes is not None
    assert [action.text() for action in modes.actions() if action.text()] == [
        "Best for this machine", "1920 × 1080  ·  30 fps  ·  MJPG", "640 × 480  ·  30 fps  ·  YUYV"]
    modes.actions()[0].trigger()
    entry(modes, "1920").trigger()
    assert bench.session.commands("open_source") == [(SourceSpec("camera", WEBCAM.path),), (WEBCAM.modes[0],)]


def test_a_camera_that_cannot_be_used_says_why(bench: Bench) -> None:
    busy = entry(source_menu(bench), "Capture card")
    assert not busy.isEnabled()
    assert busy.text() == "Capture card: another program is using it"


def test_a_camera_plugged_in_later_is_in_the_list(bench: Bench) -> None:
    bench.cameras.clear()
    assert not entry(source_menu(bench), "No camera found").isEnabled()
    bench.cameras.append(dataclasses.replace(WEBCAM, name="New one", modes=()))
    entry(source_menu(bench), "New one").trigger()
    assert bench.session.commands("open_source") == [(SourceSpec("camera", WEBCAM.path),)]


def test_the_scene_and_files_are_opened_by_keys(bench: Bench) -> None:
    bench.press(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    bench.live.source.ask_for_file = lambda _folder: "/films/holiday.mp4"
    bench.press(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    bench.live.source.ask_for_file = lambda _folder: "/films/photo.jpg"
    bench.press(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert bench.session.commands("open_source") == [
        (SourceSpec("scene"),), (SourceSpec("video", Path("/films/holiday.mp4")),),
        (SourceSpec("picture", Path("/films/photo.jpg")),)]
    assert bench.live.source.folder == "/films"


class Answers:
    """What the user types, address after address; asked: what stood there before."""

    def __init__(self, *answers: str):
        self.asked: list[str] = []
        self._answers = iter(answers)

    def __call__(self, address: str) -> str:
        self.asked.append(address)
        return next(self._answers)


def test_the_screen_and_a_camera_in_the_network_are_opened_by_keys(bench: Bench) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    answers = Answers("rtsp://192.168.1.20/live", " 192.168.1.20:8080/video ", "ftp://192.168.1.20/", "")
    bench.live.source.ask_for_address = answers
    for _ in range(4):
        bench.press(Qt.Key.Key_U, control)
    assert bench.window.banner.text.startswith("ftp:// cannot be watched: give an address of http, https, rtsp")
    bench.press(Qt.Key.Key_D, control)
    assert bench.session.commands("open_source") == [
        (SourceSpec("network", address="rtsp://192.168.1.20/live"),),
        (SourceSpec("network", address="http://192.168.1.20:8080/video"),), (SourceSpec("screen"),)]
    assert answers.asked == [""] * 4


def test_the_address_of_the_present_camera_can_be_mended(make_bench: MakeBench) -> None:
    bench = make_bench(WindowState(source=SourceSpec("network", address="http://192.168.1.20/video")))
    answers = Answers("")
    bench.live.source.ask_for_address = answers
    bench.press(Qt.Key.Key_U, Qt.KeyboardModifier.ControlModifier)
    assert answers.asked == ["http://192.168.1.20/video"]
    assert not bench.session.commands("open_source")


def test_a_file_dialog_that_is_cancelled_opens_nothing(bench: Bench) -> None:
    bench.live.source.ask_for_file = lambda _folder: ""
    bench.press(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert not bench.session.commands("open_source")


def test_an_opened_source_is_named(bench: Bench) -> None:
    bench.session.tell(SourceOpened(SourceSpec("scene"), "built-in scene", SIZE, 30.0))
    bench.bot.waitUntil(lambda: bench.window.windowTitle() == "Built-in scene – fnst-live")
    assert bench.window.source_picker.accessibleName() == "Source: Built-in scene"
    assert bench.window.transport.about.text() == "64 × 36 at 30 fps"


def test_a_lost_camera_is_told_of_until_it_is_back(bench: Bench) -> None:
    bench.session.tell(SourceLost("Webcam was unplugged: plug it in again"))
    bench.bot.waitUntil(lambda: bench.window.banner.text == "Webcam was unplugged: plug it in again")
    bench.session.tell(SourceBack())
    bench.bot.waitUntil(lambda: not bench.window.banner.text)


def test_coming_back_takes_away_no_other_message(bench: Bench) -> None:
    bench.session.tell(SourceLost("Webcam was unplugged"))
    bench.session.tell(Failed("the disk is full"))
    bench.session.tell(SourceBack())
    bench.settle()
    assert bench.window.banner.text == "The disk is full"


def test_only_what_a_source_can_do_is_offered(bench: Bench) -> None:
    actions = bench.window.actions_
    assert actions["freeze"].isEnabled()
    assert not actions["play"].isEnabled()
    open_clip(bench)
    assert actions["play"].isEnabled()
    assert not actions["freeze"].isEnabled()


def test_freeze(bench: Bench) -> None:
    bench.press(Qt.Key.Key_Z)
    bench.press(Qt.Key.Key_Z)
    assert bench.session.commands("freeze") == [(True,), (False,)]


def test_space_pauses_and_plays(bench: Bench) -> None:
    open_clip(bench)
    bench.press(Qt.Key.Key_Space)
    assert bench.window.actions_["play"].text() == "Play"
    bench.press(Qt.Key.Key_Space)
    assert bench.window.actions_["play"].text() == "Pause"
    assert [command[0] for command in bench.session.told][-2:] == ["pause", "play"]


def test_the_end_of_a_clip_can_be_played_on_from(bench: Bench) -> None:
    open_clip(bench)
    bench.session.tell(SourceEnded())
    bench.bot.waitUntil(lambda: bench.window.actions_["play"].text() == "Play")
    assert not bench.session.commands("pause")
    bench.press(Qt.Key.Key_Space)
    assert bench.session.commands("play")


@pytest.mark.parametrize(("key", "frames"), [(Qt.Key.Key_Comma, -1), (Qt.Key.Key_Period, 1)])
def test_frame_steps_pause(bench: Bench, key: Qt.Key, frames: int) -> None:
    open_clip(bench)
    bench.press(key)
    assert bench.session.commands("step") == [(frames,)]
    assert bench.window.actions_["play"].text() == "Play"


def test_seeking_by_keys_stays_within_the_clip(bench: Bench) -> None:
    open_clip(bench)
    play_to(bench, 6.0)
    bench.press(Qt.Key.Key_Right, SHIFT)
    bench.press(Qt.Key.Key_Left, SHIFT)
    bench.press(Qt.Key.Key_Left, SHIFT)
    bench.press(Qt.Key.Key_Left, SHIFT)
    assert [seconds for (seconds,) in bench.session.commands("seek")] == [10.0, 5.0, 0.0, 0.0]


def test_pictures_from_before_a_seek_move_nothing(bench: Bench) -> None:
    open_clip(bench, 60.0)
    play_to(bench, 6.0)
    bench.press(Qt.Key.Key_Right, SHIFT)
    for time_s in (6.04, 6.08):
        bench.session.show(result(time_s=time_s))
        bench.settle()
    bench.press(Qt.Key.Key_Right, SHIFT)
    assert [seconds for (seconds,) in bench.session.commands("seek")] == [11.0, 16.0]
    assert bench.window.transport.seek_bar.value() == 1600
    play_to(bench, 16.04)


def test_a_seek_that_leads_nowhere_does_not_stop_the_clock(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_presenter, "SEEK_PATIENCE_S", 0.0)
    open_clip(bench, 60.0)
    play_to(bench, 6.0)
    bench.press(Qt.Key.Key_Right, SHIFT)
    play_to(bench, 6.2)


def test_a_press_on_the_bar_goes_there(bench: Bench) -> None:
    open_clip(bench)
    bar = bench.window.transport.seek_bar
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.width() // 2, bar.height() // 2))
    ((seconds,),) = bench.session.commands("seek")
    assert isinstance(seconds, float)
    assert abs(seconds - 5.0) < 0.2


def test_the_time_is_shown_and_moves_no_held_handle(bench: Bench) -> None:
    open_clip(bench, 75.0)
    play_to(bench, 62.5)
    assert bench.window.transport.time.text() == "1:02 / 1:15"
    assert not bench.session.commands("seek")
    bench.window.transport.seek_bar.setSliderDown(True)
    bench.session.show(result(time_s=70.0))
    bench.settle()
    assert bench.window.transport.seek_bar.value() == 6250


def test_a_machine_slower_than_the_clip_is_told_of(bench: Bench) -> None:
    open_clip(bench)
    play_to(bench, 1.0, fps=12.0)
    assert bench.window.transport.pace.text() == "12 of 25 fps"
    play_to(bench, 2.0, fps=25.0)
    assert not bench.window.transport.pace.text()


def test_loop(bench: Bench) -> None:
    open_clip(bench)
    bench.press(Qt.Key.Key_L)
    assert bench.session.commands("set_loop") == [(True,), (False,)]
    assert not bench.live.state().is_looping


def test_loop_at_the_end_plays_anew(bench: Bench) -> None:
    play = bench.window.actions_["play"]
    open_clip(bench)
    bench.press(Qt.Key.Key_L)
    bench.session.tell(SourceEnded())
    bench.bot.waitUntil(lambda: play.text() == "Play")
    bench.press(Qt.Key.Key_L)
    assert play.text() == "Pause"


def test_loop_leaves_a_clip_that_was_paused_alone(bench: Bench) -> None:
    play = bench.window.actions_["play"]
    open_clip(bench)
    bench.press(Qt.Key.Key_L)
    bench.session.tell(SourceEnded())
    bench.bot.waitUntil(lambda: play.text() == "Play")
    bench.press(Qt.Key.Key_Left, SHIFT)
    bench.press(Qt.Key.Key_L)
    assert play.text() == "Play"


def test_a_live_source_after_a_clip_has_no_transport(bench: Bench) -> None:
    open_clip(bench)
    bench.session.tell(SourceOpened(SourceSpec("scene"), "built-in scene", SIZE, 30.0))
    bench.bot.waitUntil(lambda: not bench.window.transport.seek_bar.isVisible())
    bench.press(Qt.Key.Key_Space)
    assert not bench.session.commands("pause")


def test_sound_can_be_switched_off_and_is_remembered(bench: Bench) -> None:
    open_clip(bench)
    bench.press(Qt.Key.Key_N)
    assert not bench.live.state().has_sound


def test_a_source_that_cannot_be_had_leaves_the_one_before_in_place(bench: Bench) -> None:
    bench.session.tell(SourceOpened(SourceSpec("camera", WEBCAM.path), "Webcam", SIZE, 30.0))
    bench.bot.waitUntil(lambda: bench.window.windowTitle().startswith("Webcam"))
    bench.live.source.open_path("/films/broken.mp4")
    assert bench.window.source_picker.accessibleName() == "Source: broken.mp4"
    bench.session.tell(Failed("broken.mp4 holds no video"))
    bench.bot.waitUntil(lambda: bench.window.source_picker.accessibleName() == "Source: Webcam")
    assert bench.window.banner.text == "broken.mp4 holds no video"
    assert bench.live.state().source.kind == "camera"


def test_the_scene_in_place_of_a_camera_is_not_remembered(bench: Bench) -> None:
    bench.session.tell(SourceOpened(SourceSpec("scene"), "built-in scene", SIZE, 30.0))
    bench.settle()
    assert bench.live.state().source == SourceSpec("camera")


def test_another_source_is_not_frozen(bench: Bench) -> None:
    bench.press(Qt.Key.Key_Z)
    bench.live.source.open(SourceSpec("scene"))
    assert bench.session.commands("freeze") == [(True,), (False,)]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3723, "1:02:03")])
def test_the_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
