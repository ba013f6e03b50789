"""Every control says its name, its tooltip names a key, and Tab reaches it."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QScrollBar,
    QWidget,
)

from fnst_live.gui.commands import COMMANDS

from .conftest import Bench
from .gestures import QTest

KINDS = (QAbstractButton, QAbstractSlider, QComboBox, QAbstractSpinBox)
PARTS_OF_QT = ("qt_", "ScrollLeftButton", "ScrollRightButton")


def controls(bench: Bench) -> list[QWidget]:
    found = [widget for kind in KINDS for widget in bench.window.findChildren(kind)]
    return [widget for widget in found if not isinstance(widget, QScrollBar)
            and not widget.objectName().startswith(PARTS_OF_QT) and "QMenuBarExtension" not in type(widget).__name__
            and "ViewItem" not in type(widget).__name__ and widget.window() is bench.window]


def test_every_control_has_a_name_a_tooltip_with_a_key_and_the_focus_by_tab(bench: Bench) -> None:
    all_controls = controls(bench)
    assert len(all_controls) > 25
    for control in all_controls:
        what = f"{type(control).__name__} {control.accessibleName()!r}"
        assert control.accessibleName() or (isinstance(control, QAbstractButton) and control.text()), what
        assert control.toolTip(), what
        assert control.toolTip().endswith(")"), f"{what}: no key in {control.toolTip()!r}"
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, what
        assert not control.focusPolicy() & Qt.FocusPolicy.ClickFocus or isinstance(control, QAbstractSpinBox), what


def test_tab_walks_through_all_that_is_shown_and_comes_round(bench: Bench) -> None:
    shown = {control for control in controls(bench) if control.isVisible() and control.isEnabled()}
    reached: set[QWidget] = set()
    bench.window.source_picker.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(len(shown) + 10):
        focused = QApplication.focusWidget()
        assert focused is not None
        reached.add(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert not {control.accessibleName() for control in shown - reached}


def test_views_are_named_for_screen_readers(bench: Bench) -> None:
    window = bench.window
    for view in (window.viewport, window.gallery, window.panel, window.overlay, window.transport.time):
        assert view.accessibleName()


@pytest.mark.parametrize("name", ["strength", "stability"])
def test_a_focused_slider_keeps_its_arrows(bench: Bench, name: str) -> None:
    slider = getattr(bench.window.panel, name)
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    before = slider.value()
    bench.press(Qt.Key.Key_Left)
    assert slider.value() == before - slider.singleStep()
    assert bench.live.look.look.style == "starry-night"


def test_space_presses_a_focused_button_and_plays_elsewhere(bench: Bench) -> None:
    bench.session.open_clip()
    bench.settle()
    button = bench.window.recorder.findChildren(QAbstractButton)[-1]
    button.setFocus(Qt.FocusReason.TabFocusReason)
    bench.press(Qt.Key.Key_Space)
    assert bench.session.commands("snapshot")
    assert not bench.session.commands("pause")
    bench.window.viewport.setFocus()
    bench.press(Qt.Key.Key_Space)
    assert bench.session.commands("pause")


def test_a_click_leaves_the_keys_to_the_picture(bench: Bench) -> None:
    QTest.mouseClick(bench.window.gallery.cards["udnie"], Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is bench.window.viewport


def test_every_label_of_a_slider_is_its_buddy(bench: Bench) -> None:
    buddies = {label.buddy() for label in bench.window.panel.findChildren(QLabel)}
    assert {bench.window.panel.strength, bench.window.panel.stability, bench.window.panel.mix} <= buddies


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.is_switch], ids=lambda c: c.name)
def test_switches_are_told_as_such(bench: Bench, command: object) -> None:
    assert bench.window.actions_[command.name].isCheckable()  # type: ignore[attr-defined]
