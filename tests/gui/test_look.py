"""Styles and live controls: every way to set them ends in one frozen look that the session gets whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QMenu

from fnst_live.gui.window_state import WindowState
from fnst_live.live_events import ModelAdded, StylesChanged
from fnst_live.live_settings import LiveLook

from .conftest import STYLES, Bench, MakeBench
from .gestures import QTest

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def look(bench: Bench) -> LiveLook:
    assert bench.session.look is not None
    return bench.session.look


@pytest.mark.parametrize(("key", "style"), [(Qt.Key.Key_1, 0), (Qt.Key.Key_3, 2), (Qt.Key.Key_4, 3)])
def test_number_keys_choose(bench: Bench, key: Qt.Key, style: int) -> None:
    bench.press(key)
    assert look(bench).style == STYLES[style]


def test_a_number_without_a_style_does_nothing(bench: Bench) -> None:
    bench.press(Qt.Key.Key_9)
    assert not bench.session.commands("set_look")


def test_arrows_go_round(bench: Bench) -> None:
    bench.press(Qt.Key.Key_Left)
    assert look(bench).style == STYLES[-1]
    bench.press(Qt.Key.Key_Right)
    bench.press(Qt.Key.Key_Right)
    assert look(bench).style == STYLES[1]


def test_a_card_of_the_gallery_chooses_and_stays_chosen(bench: Bench) -> None:
    card = bench.window.gallery.cards["the-scream"]
    for _ in range(2):
        QTest.mouseClick(card, Qt.MouseButton.LeftButton)
        assert card.isChecked()
    assert look(bench).style == "the-scream"
    assert len(bench.session.commands("set_look")) == 1


def test_the_dropdown_chooses(bench: Bench) -> None:
    picker = bench.window.style_picker
    picker.setCurrentIndex(1)
    picker.activated.emit(1)
    assert look(bench).style == "great-wave"


def test_every_view_shows_the_same_style(bench: Bench) -> None:
    bench.press(Qt.Key.Key_4)
    window = bench.window
    assert window.style_picker.currentText() == "Udnie"
    assert [name for name, card in window.gallery.cards.items() if card.isChecked()] == ["udnie"]
    menu = QMenu()
    bench.live.look.fill_styles(menu)
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["Udnie"]


def test_keys_open_the_lists(bench: Bench) -> None:
    for key, picker in ((Qt.Key.Key_T, bench.window.style_picker), (Qt.Key.Key_X, bench.window.panel.second_style)):
        bench.press(key)
        view = picker.view()
        assert view is not None
        assert view.isVisible()
        picker.hidePopup()
        bench.window.viewport.setFocus()


def test_a_second_style_comes_in_at_half(bench: Bench) -> None:
    assert not bench.window.panel.mix.isEnabled()
    bench.press(Qt.Key.Key_2, CONTROL)
    assert (look(bench).second_style, look(bench).mix) == ("great-wave", 0.5)
    assert bench.window.panel.mix.isEnabled()
    bench.window.panel.mix.setValue(20)
    assert look(bench).mix == 0.2
    bench.press(Qt.Key.Key_0, CONTROL)
    assert look(bench).second_style is None


def test_control_click_mixes_in(bench: Bench) -> None:
    card = bench.window.gallery.cards["udnie"]
    QTest.mouseClick(card, Qt.MouseButton.LeftButton, CONTROL)
    assert (look(bench).style, look(bench).second_style) == ("starry-night", "udnie")
    assert card.accessibleDescription() == "mixed in"


def test_two_styles_change_places_and_the_picture_stays(bench: Bench) -> None:
    bench.live.look.change(second_style="udnie", mix=0.3)
    bench.press(Qt.Key.Key_X, SHIFT)
    assert (look(bench).style, look(bench).second_style, look(bench).mix) == ("udnie", "starry-night", 0.7)
    bench.live.look.choose("starry-night")
    assert (look(bench).style, look(bench).second_style) == ("starry-night", "udnie")


def test_the_second_style_is_chosen_and_taken_out_by_its_list(bench: Bench) -> None:
    second = bench.window.panel.second_style
    second.activated.emit(2)
    assert look(bench).second_style == "great-wave"
    second.activated.emit(0)
    assert look(bench).second_style is None


@pytest.mark.parametrize("field", ["strength", "stability"])
def test_sliders_are_effective_at_once(bench: Bench, field: str) -> None:
    slider = getattr(bench.window.panel, field)
    for value in (40, 41, 42):
        slider.setValue(value)
        assert getattr(look(bench), field) == value / 100
    assert len(bench.session.commands("set_look")) == 3


def test_up_and_down_set_the_strength_within_bounds(bench: Bench) -> None:
    bench.press(Qt.Key.Key_Up)
    assert not bench.session.commands("set_look")
    bench.press(Qt.Key.Key_Down)
    assert look(bench).strength == 0.95
    assert bench.window.panel.strength.value() == 95


@pytest.mark.parametrize(("key", "field"), [(Qt.Key.Key_K, "keep_color"), (Qt.Key.Key_M, "mirror")])
def test_switches(bench: Bench, key: Qt.Key, field: str) -> None:
    switch = getattr(bench.window.panel, field)
    bench.press(key)
    assert getattr(look(bench), field) is True
    assert switch.isChecked()
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert getattr(look(bench), field) is False


def test_detail_is_auto_with_a_rate_or_a_number_of_lines(bench: Bench) -> None:
    panel = bench.window.panel
    panel.target_fps.setValue(24)
    assert (look(bench).work_height, look(bench).target_fps) == (None, 24.0)
    panel.detail.activated.emit(panel.detail.findData(480))
    assert look(bench).work_height == 480
    assert not panel.target_fps.isEnabled()
    panel.detail.activated.emit(0)
    assert look(bench).work_height is None


def test_strokes_are_automatic_or_so_many_times_as_broad(bench: Bench) -> None:
    strokes = bench.window.panel.strokes
    assert strokes.currentText() == "Auto"
    strokes.activated.emit(strokes.findText("4 times as broad"))
    assert look(bench).stroke_size == 4
    strokes.activated.emit(strokes.findText("Fine"))
    assert look(bench).stroke_size == 1
    strokes.activated.emit(0)
    assert look(bench).stroke_size is None


def test_what_is_painted_is_enlarged_so_many_times(bench: Bench) -> None:
    enlarge = bench.window.panel.enlarge
    assert enlarge.currentText() == "Off"
    enlarge.activated.emit(enlarge.findText("4 times"))
    assert look(bench).upscale == 4
    enlarge.activated.emit(0)
    assert look(bench).upscale == 1


@pytest.mark.parametrize(("key", "name"), [(Qt.Key.Key_S, "strength"), (Qt.Key.Key_T, "stability"),
                                           (Qt.Key.Key_D, "detail"), (Qt.Key.Key_B, "strokes"),
                                           (Qt.Key.Key_E, "enlarge"),
                                           (Qt.Key.Key_F, "target_fps")])
def test_keys_go_to_the_controls(bench: Bench, key: Qt.Key, name: str) -> None:
    bench.press(key, SHIFT)
    assert getattr(bench.window.panel, name).hasFocus()


def test_showing_a_look_sends_none(bench: Bench) -> None:
    bench.window.panel.show_look(LiveLook(strength=0.1, stability=0.2, work_height=333, target_fps=12))
    assert not bench.session.commands("set_look")
    assert bench.window.panel.detail.currentText() == "360 lines"


def test_a_model_that_comes_and_goes_is_in_every_list(bench: Bench) -> None:
    bench.styles.append("mine")
    bench.session.tell(StylesChanged())
    bench.bot.waitUntil(lambda: "mine" in bench.window.gallery.cards)
    assert bench.window.style_picker.findText("Mine") >= 0
    bench.styles.remove("mine")
    bench.session.tell(StylesChanged())
    bench.bot.waitUntil(lambda: "mine" not in bench.window.gallery.cards)
    assert bench.window.style_picker.findText("Mine") < 0
    assert bench.window.style_picker.currentText() == "Starry-Night"


def test_an_added_model_is_told_of_and_chosen(bench: Bench) -> None:
    bench.styles.append("mine")
    bench.session.tell(ModelAdded(("mine",)))
    bench.bot.waitUntil(lambda: look(bench).style == "mine")
    assert bench.window.toast.text == "Added: Mine"


def test_of_a_model_with_many_styles_the_first_is_named(bench: Bench) -> None:
    bench.styles += ["mine", "yours", "theirs"]
    bench.session.tell(ModelAdded(("mine", "yours", "theirs")))
    bench.bot.waitUntil(lambda: bench.window.toast.text == "Added: Mine and 2 more")


def test_dropped_models_are_added(bench: Bench) -> None:
    bench.window.files_dropped.emit([Path("a.safetensors"), Path("b.pth")])
    assert bench.session.commands("add_model") == [(Path("a.safetensors"),), (Path("b.pth"),)]


def test_the_look_of_the_last_time_is_there_from_the_beginning(make_bench: MakeBench) -> None:
    remembered = LiveLook("udnie", "great-wave", 0.4, 0.6, 0.1, True, 480, 20.0, True, stroke_size=2, upscale=4)
    bench = make_bench(WindowState(look=remembered))
    assert look(bench) == remembered
    panel = bench.window.panel
    assert (panel.strength.value(), panel.stability.value(), panel.mix.value()) == (60, 10, 40)
    assert panel.keep_color.isChecked()
    assert panel.mirror.isChecked()
    assert panel.detail.currentText() == "480 lines"
    assert panel.enlarge.currentText() == "4 times"
    assert not bench.session.commands("set_look")
