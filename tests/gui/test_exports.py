"""Files to paint: what is dropped reaches the export panel with the look of the moment; closing asks."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

from PyQt6 import sip
from PyQt6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PyQt6.QtWidgets import QApplication, QMessageBox

from fnst_live.gui.exports import QueuedExports
from fnst_live.live_events import StylesChanged
from fnst_live.settings import LookSettings

from .conftest import Bench
from .fake_exports import FakeExportPanel
from .fake_session import result

CONTROL = Qt.KeyboardModifier.ControlModifier


def panel(bench: Bench) -> FakeExportPanel:
    (only,) = bench.exports.panels
    return only


def drop(bench: Bench, *files: str) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(file) for file in files])
    action, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window = bench.window
    QApplication.sendEvent(window, QDragEnterEvent(QPointF(50, 50).toPoint(), action, data, button, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), action, data, button, none))


def test_dropped_files_open_the_panel_with_the_look_of_the_moment(bench: Bench) -> None:
    bench.live.look.change(style="udnie", strength=0.7, keep_color=True, work_height=480, stroke_size=2,
                           stability=0.5)
    drop(bench, "/films/a.mp4", "/films/b.jpg")
    assert panel(bench).added == [(
        [Path("/films/a.mp4"), Path("/films/b.jpg")],
        LookSettings(style="udnie", strength=0.7, keep_color=True, work_height=480, stroke_size=2, stability=0.5))]
    assert panel(bench).isVisible()
    assert not bench.window.panel.isVisible()
    assert panel(bench).styles == bench.styles


def test_a_mix_goes_with_them_and_a_second_style_of_which_nothing_is_seen_does_not(bench: Bench) -> None:
    bench.live.look.change(style="udnie", second_style="great-wave", mix=0.3)
    drop(bench, "/films/a.mp4")
    bench.live.look.change(mix=0.0)
    drop(bench, "/films/b.mp4")
    looks = [look for _, look in panel(bench).added]
    assert looks == [LookSettings(style="udnie", second_style="great-wave", mix=0.3), LookSettings(style="udnie")]


def test_forty_files_at_once(bench: Bench) -> None:
    drop(bench, *(f"/films/{number}.mp4" for number in range(40)))
    ((files, _),) = panel(bench).added
    assert len(files) == 40


def test_what_cannot_be_used_is_told_of_and_the_rest_taken(bench: Bench) -> None:
    drop(bench, "/films/a.mp4", "/films/notes.txt", "/models/x.safetensors")
    assert len(panel(bench).added[0][0]) == 1
    assert bench.session.commands("add_model") == [(Path("/models/x.safetensors"),)]
    assert bench.window.banner.text.startswith("notes.txt cannot be used")


def test_the_hint_is_there_while_files_hang_over_the_window(bench: Bench) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/a.mp4")])
    entering = QDragEnterEvent(QPointF(50, 50).toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                               Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(bench.window, entering)
    assert entering.isAccepted()
    assert bench.window.drop_hint.isVisible()
    QApplication.sendEvent(bench.window, QDragLeaveEvent())
    assert not bench.window.drop_hint.isVisible()


def test_opened_by_key_it_begins_with_the_look_that_is_seen(bench: Bench) -> None:
    bench.live.look.change(style="udnie", strength=0.7)
    bench.press(Qt.Key.Key_E, CONTROL)
    assert panel(bench).look == LookSettings(style="udnie", strength=0.7)
    assert not panel(bench).added


def test_the_panel_opens_by_key_once_and_gives_the_controls_back(bench: Bench) -> None:
    bench.press(Qt.Key.Key_E, CONTROL)
    panel(bench).closed.emit()
    assert bench.window.panel.isVisible()
    assert not panel(bench).isVisible()
    bench.press(Qt.Key.Key_E, CONTROL)
    assert panel(bench).isVisible()


def answer(button_text: str) -> None:
    """When the question is there."""
    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(10, press)
            return
        next(button for button in box.buttons() if button.text() == button_text).click()

    QTimer.singleShot(10, press)


def test_closing_with_running_jobs_asks_and_may_be_taken_back(bench: Bench) -> None:
    bench.press(Qt.Key.Key_E, CONTROL)
    bench.exports.is_running = True
    answer("Keep painting")
    bench.window.close()
    assert bench.window.isVisible()
    assert not bench.session.commands("close")
    answer("Close")
    bench.window.close()
    assert not bench.window.isVisible()
    assert bench.session.commands("close")


def test_closing_without_jobs_asks_nothing(bench: Bench) -> None:
    bench.press(Qt.Key.Key_E, CONTROL)
    bench.window.close()
    assert bench.session.commands("close") == [()]


def test_new_styles_can_be_chosen_in_the_panel(bench: Bench) -> None:
    bench.press(Qt.Key.Key_E, CONTROL)
    bench.styles.append("mine")
    bench.session.tell(StylesChanged())
    bench.bot.waitUntil(lambda: "mine" in panel(bench).styles)


def test_what_the_last_time_left_goes_on_once_the_picture_is_painted(bench: Bench) -> None:
    bench.exports.left_count = 1
    bench.session.show(dataclasses.replace(result(), style=""))
    bench.settle()
    assert bench.exports.taken_up_count == 0
    for _ in range(2):
        bench.session.show(result())
        bench.settle()
    assert bench.exports.taken_up_count == 1
    assert bench.window.toast.text.startswith("Files of the last time go on")


def test_closing_keeps_the_queue(bench: Bench) -> None:
    bench.window.close()
    assert bench.exports.is_closed


def test_the_real_queue_is_made_when_it_is_needed(qapp: QApplication, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    exports = QueuedExports(tmp_path / "exports.json")
    assert not exports.take_up()
    assert not exports.has_running_jobs()
    assert set(threading.enumerate()) == before
    panel = exports.make_panel(["starry-night"])
    exports.close()
    sip.delete(panel)


def test_the_list_belongs_to_one_window_at_a_time(tmp_path: Path) -> None:
    first, second = QueuedExports(tmp_path / "exports.json"), QueuedExports(tmp_path / "exports.json")
    (tmp_path / "exports.json").write_text("[]", encoding="utf-8")
    assert not first.take_up()
    assert not second.take_up()
    assert (first.is_kept, second.is_kept) == (True, False)
    first.close()
    second.take_up()
    assert second.is_kept
    second.close()


def test_a_list_that_is_not_kept_is_not_promised_to_go_on(bench: Bench) -> None:
    bench.exports.is_running, bench.exports.is_kept = True, False
    asked: list[str] = []

    def refuse() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        box.reject()

    QTimer.singleShot(50, refuse)
    bench.window.close()
    assert "do not go on at the next start" in asked[0]
    bench.exports.is_running = False


def test_full_screen_gives_the_panel_back(bench: Bench) -> None:
    bench.press(Qt.Key.Key_E, CONTROL)
    full_screen = bench.window.actions_["full_screen"]
    full_screen.setChecked(True)
    assert not panel(bench).isVisible()
    full_screen.setChecked(False)
    assert panel(bench).isVisible()
    assert not bench.window.panel.isVisible()
    bench.window.hide_export()
    full_screen.setChecked(True)
    full_screen.setChecked(False)
    assert not panel(bench).isVisible()
    assert bench.window.panel.isVisible()
