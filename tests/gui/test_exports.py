"""Files to paint: what is dropped reaches the export panel with the look of the moment; closing asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PyQt6.QtWidgets import QApplication, QMessageBox, QWidget

from fnst_live.live_settings import SourceSpec
from fnst_live.settings import LookSettings

from .conftest import Bench, MakeBench

CONTROL = Qt.KeyboardModifier.ControlModifier


class FakeExportPanel(QWidget):
    closed = pyqtSignal()

    def __init__(self, styles: Sequence[str]):
        super().__init__()
        self.styles = list(styles)
        self.added: list[tuple[list[Path], LookSettings]] = []
        self.is_running = False

    def add_files(self, paths: list[Path], look: LookSettings) -> None:
        self.added.append((paths, look))

    def has_running_jobs(self) -> bool:
        return self.is_running


@pytest.fixture
def exporting(make_bench: MakeBench) -> Iterator[Bench]:
    bench = make_bench(make_export_panel=FakeExportPanel)
    yield bench
    bench.dispose()


def panel(bench: Bench) -> FakeExportPanel:
    (found,) = bench.window.findChildren(FakeExportPanel)
    return found


def drop(bench: Bench, *files: str) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(file) for file in files])
    action, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window = bench.window
    QApplication.sendEvent(window, QDragEnterEvent(QPointF(50, 50).toPoint(), action, data, button, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), action, data, button, none))


def test_dropped_files_open_the_panel_with_the_look_of_the_moment(exporting: Bench) -> None:
    exporting.live.look.change(style="udnie", strength=0.7, keep_color=True, work_height=480, stability=0.5)
    drop(exporting, "/films/a.mp4", "/films/b.jpg")
    assert panel(exporting).added == [(
        [Path("/films/a.mp4"), Path("/films/b.jpg")],
        LookSettings(style="udnie", strength=0.7, keep_color=True, work_height=480, stability=0.5))]
    assert panel(exporting).isVisible()
    assert not exporting.window.panel.isVisible()
    assert panel(exporting).styles == exporting.styles


def test_forty_files_at_once(exporting: Bench) -> None:
    drop(exporting, *(f"/films/{number}.mp4" for number in range(40)))
    ((files, _),) = panel(exporting).added
    assert len(files) == 40


def test_what_cannot_be_used_is_told_of_and_the_rest_taken(exporting: Bench) -> None:
    drop(exporting, "/films/a.mp4", "/films/notes.txt", "/models/x.safetensors")
    assert len(panel(exporting).added[0][0]) == 1
    assert exporting.session.commands("add_model") == [(Path("/models/x.safetensors"),)]
    assert exporting.window.banner.text.startswith("Notes.txt cannot be used")


def test_the_hint_is_there_while_files_hang_over_the_window(exporting: Bench) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/a.mp4")])
    entering = QDragEnterEvent(QPointF(50, 50).toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                               Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(exporting.window, entering)
    assert entering.isAccepted()
    assert exporting.window.drop_hint.isVisible()
    QApplication.sendEvent(exporting.window, QDragLeaveEvent())
    assert not exporting.window.drop_hint.isVisible()


def test_the_panel_opens_by_key_once_and_gives_the_controls_back(exporting: Bench) -> None:
    exporting.press(Qt.Key.Key_E, CONTROL)
    panel(exporting).closed.emit()
    assert exporting.window.panel.isVisible()
    assert not panel(exporting).isVisible()
    exporting.press(Qt.Key.Key_E, CONTROL)
    assert panel(exporting).isVisible()


def answer(button_text: str) -> None:
    """When the question is there."""
    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(10, press)
            return
        next(button for button in box.buttons() if button.text() == button_text).click()

    QTimer.singleShot(10, press)


def test_closing_with_running_jobs_asks_and_may_be_taken_back(exporting: Bench) -> None:
    exporting.press(Qt.Key.Key_E, CONTROL)
    panel(exporting).is_running = True
    answer("Keep painting")
    exporting.window.close()
    assert exporting.window.isVisible()
    assert not exporting.session.commands("close")
    answer("Close")
    exporting.window.close()
    assert not exporting.window.isVisible()
    assert exporting.session.commands("close")


def test_closing_without_jobs_asks_nothing(exporting: Bench) -> None:
    exporting.press(Qt.Key.Key_E, CONTROL)
    exporting.window.close()
    assert exporting.session.commands("close") == [()]


def test_without_exports_a_dropped_file_is_shown_live(bench: Bench) -> None:
    assert not bench.window.actions_["export"].isEnabled()
    drop(bench, "/films/a.mp4")
    assert bench.session.commands("open_source") == [(SourceSpec("video", Path("/films/a.mp4")),)]
