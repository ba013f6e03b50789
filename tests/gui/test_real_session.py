"""The window with a real session behind it, without a screen: what the user does, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from fnst_live.gui.exports import QueuedExports
from fnst_live.gui.keeping_presenter import KeepFolders
from fnst_live.gui.live_window import LiveWindow, Surroundings
from fnst_live.gui.style_choice import installed_styles
from fnst_live.gui.window_state import WindowState
from fnst_live.live_devices import camera_choices
from fnst_live.live_session import LiveSession
from fnst_live.live_settings import LiveLook, SourceSpec
from fnst_live.pipeline.live import LiveResult

from .gestures import QTest

PATIENCE_MS = 60_000
LOOK = LiveLook("starry-night", work_height=48, engine="torch")

pytestmark = pytest.mark.usefixtures("one_thread")


class Seat:
    """Somebody in front of the window."""

    def __init__(self, live: LiveWindow, bot: QtBot):
        self.live, self.bot = live, bot
        self.newest: LiveResult | None = None
        live.bridge.result_arrived.connect(self._on_result)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.live.window.viewport, key, modifier)

    def wait_for_style(self, style: str) -> None:
        self.bot.waitUntil(lambda: self.newest is not None and self.newest.style == style, timeout=PATIENCE_MS)

    def wait_for_toast(self, start: str) -> None:
        self.bot.waitUntil(lambda: self.live.window.toast.text.startswith(start), timeout=PATIENCE_MS)

    def _on_result(self, result: LiveResult) -> None:
        self.newest = result


@pytest.fixture
def folders(tmp_path: Path) -> KeepFolders:
    return KeepFolders(tmp_path / "Pictures", tmp_path / "Videos")


@pytest.fixture
def seat(
    no_widget_left_behind: None, qtbot: QtBot, folders: KeepFolders, tmp_path: Path,
) -> Iterator[Seat]:
    exports = QueuedExports(tmp_path / "exports.json")
    surroundings = Surroundings(LiveSession, installed_styles, camera_choices, folders, exports)
    live = LiveWindow(surroundings, WindowState(SourceSpec("scene"), LOOK))
    live.show()
    yield Seat(live, qtbot)
    live.end()
    live.dispose()


def test_the_next_style_is_shown_and_the_gallery_has_the_frame_in_every_style(seat: Seat) -> None:
    seat.wait_for_style("starry-night")
    cards = seat.live.window.gallery.cards.values()
    assert len(cards) >= 5
    previews = [card.picture_key for card in cards]
    seat.live.look.choose("the-scream")
    seat.wait_for_style("the-scream")
    seat.bot.waitUntil(
        lambda: all(card.picture_key != preview for card, preview in zip(cards, previews, strict=True)),
        timeout=PATIENCE_MS,
    )


def test_a_snapshot_and_a_recording_are_saved(seat: Seat, folders: KeepFolders) -> None:
    seat.wait_for_style("starry-night")
    seat.press(Qt.Key.Key_S)
    seat.wait_for_toast("Saved")
    assert len(list(folders.pictures.iterdir())) == 1
    seat.live.window.toast.hide()
    seat.press(Qt.Key.Key_R)
    seat.bot.waitUntil(lambda: seat.live.keeping.is_recording, timeout=PATIENCE_MS)
    seat.press(Qt.Key.Key_R)
    seat.wait_for_toast("Saved")
    assert not seat.live.keeping.is_recording
    assert len(list(folders.videos.iterdir())) == 1


def test_a_clip_is_played_paused_and_sought(seat: Seat, long_scene: Path) -> None:
    seat.wait_for_style("starry-night")
    seat.live.source.open_path(str(long_scene))
    bar = seat.live.window.transport.seek_bar
    seat.bot.waitUntil(lambda: bar.isVisible() and bar.value() > 0, timeout=PATIENCE_MS)
    seat.press(Qt.Key.Key_Space)
    seat.live.window.transport.sought.emit(1.0)
    seat.bot.waitUntil(
        lambda: seat.newest is not None and seat.newest.time_s is not None and abs(seat.newest.time_s - 1.0) < 0.05,
        timeout=PATIENCE_MS,
    )


def test_a_file_that_is_no_video_is_told_of_and_the_scene_goes_on(seat: Seat, tmp_path: Path) -> None:
    seat.wait_for_style("starry-night")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video" * 100)
    seat.live.source.open_path(str(broken))
    seat.bot.waitUntil(lambda: "broken.mp4" in seat.live.window.banner.text, timeout=PATIENCE_MS)
    assert seat.live.window.source_picker.accessibleName() == "Source: Built-in scene"


def test_the_window_may_be_closed_while_it_records(seat: Seat, folders: KeepFolders) -> None:
    seat.wait_for_style("starry-night")
    seat.press(Qt.Key.Key_R)
    seat.bot.waitUntil(lambda: seat.live.keeping.is_recording, timeout=PATIENCE_MS)
    seat.live.window.close()
    (recording,) = folders.videos.iterdir()
    assert recording.stat().st_size > 0
    assert ".part" not in recording.name


def test_the_window_may_be_closed_before_anything_has_come(seat: Seat) -> None:
    seat.live.window.close()
    assert seat.newest is None
