"""Window, banner, toast, overlay, full screen: what lies where, and how it goes away."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QGuiApplication

from fnst_live.live_events import Failed, Notice

from .conftest import Bench
from .fake_session import result
from .gestures import QTest


def fail(bench: Bench, details: str = "") -> None:
    bench.session.tell(Failed("the clip cannot be read: choose another", details))
    bench.bot.waitUntil(lambda: bool(bench.window.banner.text))


def test_an_error_is_one_line_with_details_to_copy(bench: Bench) -> None:
    fail(bench, "Traceback …")
    banner = bench.window.banner
    assert banner.text == "The clip cannot be read: choose another"
    QTest.mouseClick(banner.copy_button, Qt.MouseButton.LeftButton)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == "the clip cannot be read: choose another\n\nTraceback …"
    assert banner.copy_button.text() == "Copied"


def test_an_error_without_details_offers_none(bench: Bench) -> None:
    fail(bench)
    assert not bench.window.banner.copy_button.isVisible()


def test_a_notice_is_quieter_than_an_error(bench: Bench) -> None:
    bench.session.tell(Notice("no camera was found: the built-in scene plays"))
    bench.bot.waitUntil(lambda: bool(bench.window.banner.text))
    assert bench.window.banner.property("kind") == "notice"


def test_the_banner_moves_nothing_and_lies_within_the_picture(bench: Bench) -> None:
    before = bench.window.viewport.geometry()
    fail(bench, "details")
    bench.settle()
    banner = bench.window.banner
    assert bench.window.viewport.geometry() == before
    assert bench.window.viewport.rect().contains(banner.geometry())
    assert banner.height() < 80


def test_a_long_message_is_shown_whole_in_a_narrow_window(bench: Bench) -> None:
    bench.window.resize(900, 640)
    bench.session.tell(Failed("a sentence of many words " * 12, "details"))
    bench.bot.waitUntil(lambda: bool(bench.window.banner.text))
    bench.settle()
    label = bench.window.banner.label
    assert label.height() >= label.heightForWidth(label.width())


def test_escape_closes_the_topmost_thing_first(bench: Bench) -> None:
    bench.press(Qt.Key.Key_F)
    fail(bench)
    bench.press(Qt.Key.Key_Escape)
    assert not bench.window.banner.text
    assert bench.window.isFullScreen()
    bench.press(Qt.Key.Key_Escape)
    assert not bench.window.isFullScreen()


def test_the_banner_is_closed_by_its_button(bench: Bench) -> None:
    fail(bench)
    QTest.mouseClick(bench.window.banner.close_button, Qt.MouseButton.LeftButton)
    assert not bench.window.banner.text


def test_a_toast_lies_at_the_foot_of_the_picture_and_goes_by_itself(bench: Bench) -> None:
    toast = bench.window.toast
    toast.show_text("Saved")
    bench.settle()
    assert bench.window.viewport.rect().contains(toast.geometry())
    assert toast.geometry().center().y() > bench.window.viewport.height() * 0.8
    toast.timer.setInterval(1)
    toast.timer.start()
    bench.bot.waitUntil(lambda: not toast.text)


def test_a_toast_stays_while_the_keyboard_is_in_it(bench: Bench) -> None:
    toast = bench.window.toast
    toast.show_saved("Saved a.png", bench.folders.pictures / "a.png")
    toast.button.setFocus(Qt.FocusReason.TabFocusReason)
    toast.timer.setInterval(1)
    with bench.bot.waitSignal(toast.timer.timeout):
        toast.timer.start()
    assert toast.text


def test_the_overlay_opens_by_key_and_any_key_closes_it(bench: Bench) -> None:
    overlay = bench.window.overlay
    for opening in (Qt.Key.Key_Question, Qt.Key.Key_F1):
        bench.press(opening)
        assert overlay.isVisible()
        assert overlay.hasFocus()
        bench.press(Qt.Key.Key_1)
        assert not overlay.isVisible()
        assert bench.window.viewport.hasFocus()
    assert not bench.session.commands("set_look")


def test_a_click_closes_the_overlay(bench: Bench) -> None:
    bench.press(Qt.Key.Key_F1)
    QTest.mouseClick(bench.window.overlay, Qt.MouseButton.LeftButton)
    assert not bench.window.overlay.isVisible()


def test_full_screen_is_nothing_but_the_picture_and_comes_back_as_it_was(bench: Bench) -> None:
    window = bench.window
    bench.press(Qt.Key.Key_G)
    bench.press(Qt.Key.Key_F11)
    bench.settle()
    assert window.viewport.size() == window.size()
    bench.press(Qt.Key.Key_F)
    bench.settle()
    assert window.panel.isVisible()
    assert not window.gallery.isVisible()
    assert window.recorder.isVisible()


def test_keys_work_in_full_screen(bench: Bench) -> None:
    bench.press(Qt.Key.Key_F)
    bench.press(Qt.Key.Key_S)
    bench.press(Qt.Key.Key_2)
    assert bench.session.commands("snapshot")
    assert bench.session.commands("set_look")


def test_a_double_click_goes_to_full_screen(bench: Bench) -> None:
    QTest.mouseDClick(bench.window.viewport, Qt.MouseButton.LeftButton, pos=QPoint(30, 30))
    assert bench.window.isFullScreen()


def test_panel_and_gallery_give_their_room_to_the_picture(bench: Bench) -> None:
    before = bench.window.viewport.size()
    bench.press(Qt.Key.Key_B)
    bench.press(Qt.Key.Key_G)
    bench.settle()
    after = bench.window.viewport.size()
    assert after.width() > before.width()
    assert after.height() > before.height()


def test_nothing_moves_when_things_happen(bench: Bench) -> None:
    """A recording, a clip, a message, a second style: the picture stays where it is."""
    bench.session.show(result())
    bench.settle()
    before = bench.window.viewport.geometry()
    bench.session.open_clip()
    bench.window.recorder.show_recording(3700.0)
    bench.live.look.mix_in("udnie")
    bench.window.transport.show_pace("12 of 25 fps")
    fail(bench, "details")
    bench.settle()
    assert bench.window.viewport.geometry() == before


def test_the_pointer_rests_in_full_screen_only(bench: Bench) -> None:
    bench.press(Qt.Key.Key_F)
    viewport, idle = bench.window.viewport, bench.window.idle_cursor
    idle.timer.setInterval(1)
    idle.timer.start()
    bench.bot.waitUntil(lambda: viewport.cursor().shape() == Qt.CursorShape.BlankCursor)
    bench.press(Qt.Key.Key_F)
    assert viewport.cursor().shape() != Qt.CursorShape.BlankCursor
    assert not idle.timer.isActive()


def test_the_exports_give_way_to_the_controls_and_to_full_screen(bench: Bench) -> None:
    for key in (Qt.Key.Key_B, Qt.Key.Key_F):
        bench.press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
        assert bench.window.is_export_shown
        bench.press(key)
        assert not bench.window.is_export_shown


def test_a_toast_too_long_for_the_picture_ends_in_dots(bench: Bench) -> None:
    text = "Saved " + 40 * "a long name "
    bench.window.toast.show_saved(text, Path("x.png"))
    bench.bot.waitUntil(lambda: bench.window.toast.width() <= bench.window.viewport.width() - 32)
    assert bench.window.toast.x() >= 0
    assert "…" in bench.window.toast.label.text()
    assert bench.window.toast.text == text
    bench.window.resize(bench.window.width() - 200, bench.window.height())
    bench.bot.waitUntil(lambda: bench.window.toast.width() <= bench.window.viewport.width() - 32)


def test_a_short_toast_is_whole(bench: Bench) -> None:
    bench.window.toast.show_text("Added: Udnie")
    bench.settle()
    assert bench.window.toast.label.text() == "Added: Udnie"


def test_until_the_style_is_open_it_says_so(bench: Bench) -> None:
    toast = bench.window.toast
    bench.session.show(dataclasses.replace(result(), style=""))
    bench.bot.waitUntil(lambda: toast.text == "Opening the style …")
    bench.session.show(result())
    bench.bot.waitUntil(lambda: not toast.text)


def test_another_word_outlives_the_opening_of_the_style(bench: Bench) -> None:
    toast = bench.window.toast
    bench.session.show(dataclasses.replace(result(), style=""))
    bench.bot.waitUntil(lambda: bool(toast.text))
    toast.show_text("Saved")
    bench.session.show(result())
    bench.settle()
    assert toast.text == "Saved"


def test_the_speed_display_stands_clear_of_the_banner(bench: Bench) -> None:
    banner, viewport = bench.window.banner, bench.window.viewport
    before = viewport.hud_top
    fail(bench)
    bench.bot.waitUntil(lambda: viewport.hud_top > banner.geometry().bottom())
    banner.clear()
    bench.bot.waitUntil(lambda: viewport.hud_top == before)
