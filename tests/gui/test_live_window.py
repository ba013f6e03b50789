"""The window as a whole: it starts when it has been seen, remembers, and ends in order."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QMessageBox

from fnst_live.gui.picture_layout import Comparison
from fnst_live.gui.window_state import WindowState, load_state
from fnst_live.live_events import RecordingStarted

from .conftest import Bench, MakeBench
from .fake_session import result


def test_the_session_starts_once_and_after_the_first_paint(bench: Bench) -> None:
    bench.window.viewport.repaint()
    bench.settle()
    assert [command[0] for command in bench.session.told] == ["start", "set_loop"]


def test_closing_saves_and_ends_the_session_last(bench: Bench, tmp_path: Path) -> None:
    bench.press(Qt.Key.Key_W)
    bench.press(Qt.Key.Key_H)
    bench.press(Qt.Key.Key_3)
    bench.window.close()
    state = load_state(tmp_path / "window.json")
    assert (state.comparison, state.is_hud_shown, state.look.style) == (Comparison.WIPE, True, "the-scream")
    assert bench.session.told[-1] == ("close",)


def test_what_was_shown_is_shown_again(make_bench: MakeBench) -> None:
    bench = make_bench(WindowState(comparison=Comparison.SIDE_BY_SIDE, wipe=0.3, is_panel_shown=False,
                                   is_gallery_shown=False, is_hud_shown=True))
    window = bench.window
    assert window.viewport.comparison is Comparison.SIDE_BY_SIDE
    assert (window.panel.isVisible(), window.gallery.isVisible(), window.viewport.is_hud_shown) == (False, False, True)
    assert bench.live.state().wipe == 0.3


def test_size_comes_back(make_bench: MakeBench) -> None:
    first = make_bench()
    first.window.resize(first.window.width(), 720)
    geometry = first.live.state().geometry
    assert make_bench(WindowState(geometry=geometry)).window.height() == 720


def test_damaged_geometry_is_no_reason_not_to_start(make_bench: MakeBench) -> None:
    assert make_bench(WindowState(geometry="%%%")).window.isVisible()


def test_closing_during_a_recording(bench: Bench) -> None:
    bench.session.tell(RecordingStarted((Path("a.mkv"),)))
    bench.bot.waitUntil(lambda: bench.live.keeping.is_recording)
    bench.window.close()
    assert bench.session.told[-1] == ("close",)


def test_results_on_their_way_while_closing_are_dropped(bench: Bench) -> None:
    bench.session.show(result())
    bench.window.close()
    bench.settle()
    assert bench.session.pulled_count == 0


def test_closed_in_full_screen_it_opens_as_it_was_before(make_bench: MakeBench) -> None:
    first = make_bench()
    first.press(Qt.Key.Key_F)
    assert first.window.isFullScreen()
    second = make_bench(first.live.state())
    assert not second.window.isFullScreen()
    assert second.window.recorder.isVisible()


def test_it_may_start_in_full_screen(bench: Bench) -> None:
    bench.live.show(is_full_screen=True)
    assert bench.window.isFullScreen()
    assert not bench.window.panel.isVisible()
    assert bench.window.actions_["full_screen"].isChecked()


def test_closed_twice_it_ends_once(bench: Bench) -> None:
    bench.live.end()
    bench.live.end()
    assert bench.session.commands("close") == [()]
    assert not bench.window.isVisible()


def test_it_ends_while_a_question_is_open(bench: Bench) -> None:
    """A signal must not be lost in the box that a close button has opened."""
    asked: list[bool] = []

    def ask() -> bool:
        QTimer.singleShot(50, bench.live.end)
        asked.append(True)
        return QMessageBox(bench.window).exec() == QMessageBox.StandardButton.Ok

    bench.window.may_close = ask
    bench.window.close()
    bench.bot.waitUntil(lambda: bench.session.commands("close") == [()])
    assert asked == [True]
    assert not bench.window.isVisible()
