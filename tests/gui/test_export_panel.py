"""The export panel: what it shows of the queue, what it asks of it, and that all of it can be reached by keyboard."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton, QComboBox, QFileDialog, QLabel, QLineEdit, QSlider, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from fnst_live.export_jobs import ExportJob, JobState, Status
from fnst_live.export_queue import ExportQueue
from fnst_live.gui.export_panel import ExportPanel
from fnst_live.gui.export_row import ExportRow, clock, facts_line, frames_line, status_line
from fnst_live.settings import QUALITIES, LookSettings, VideoSettings
from fnst_live.sinks.encoders import ENCODERS

from .conftest import Bench

STYLES = ["starry-night", "udnie", "tiny"]
PATIENCE_MS = 120_000


class QueueOnPaper:
    """Behaves as `ExportQueue` towards the panel; nothing is done, everything is noted."""

    def __init__(self) -> None:
        self.jobs: dict[str, JobState] = {}
        self.asked: list[tuple[str, str]] = []
        self.listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> None:
        self.listeners.append(listener)

    def unsubscribe(self, listener: Callable[[], None]) -> None:
        self.listeners.remove(listener)

    def states(self) -> tuple[JobState, ...]:
        return tuple(self.jobs.values())

    def has_running_jobs(self) -> bool:
        return any(state.status == "running" for state in self.jobs.values())

    def add(self, jobs: Iterable[ExportJob]) -> None:
        self.put(*(JobState(job) for job in jobs))

    def put(self, *states: JobState) -> None:
        self.jobs |= {state.job.id: state for state in states}
        self.tell()

    def tell(self) -> None:
        for listener in self.listeners:
            listener()

    def clear_finished(self) -> None:
        self.asked.append(("clear", ""))

    def __getattr__(self, name: str) -> Callable[[str], None]:
        if name not in ("pause", "resume", "cancel", "retry", "remove"):
            raise AttributeError(name)
        return lambda job_id: self.asked.append((name, job_id))


@pytest.fixture
def queue() -> QueueOnPaper:
    return QueueOnPaper()


@pytest.fixture
def panel(queue: QueueOnPaper, qtbot: QtBot) -> ExportPanel:
    panel = ExportPanel(cast(ExportQueue, queue), STYLES)
    qtbot.addWidget(panel)
    panel.resize(900, 700)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def state(status: Status = "waiting", name: str = "clip.mp4", **more: object) -> JobState:
    job = ExportJob(Path("/videos") / name, LookSettings(style="udnie"))
    return dataclasses.replace(JobState(job, status), **more)  # type: ignore[arg-type]


def jpeg(color: tuple[int, int, int]) -> bytes:
    return cv2.imencode(".jpg", np.full((36, 64, 3), color[::-1], np.uint8))[1].tobytes()


def find(widget: QWidget, name: str) -> QAbstractButton:
    button = widget.findChild(QAbstractButton, name)
    assert button is not None
    return button


def press(widget: QWidget, key: Qt.Key) -> None:
    cast(Any, QTest).keyClick(widget, key)  # its stub does not know that it is static


def only_row(panel: ExportPanel, queue: QueueOnPaper, shown: JobState) -> ExportRow:
    queue.put(shown)
    [row] = panel.rows()
    return row


# Adding


def test_files_are_added_with_what_the_form_says(panel: ExportPanel, queue: QueueOnPaper, tmp_path: Path) -> None:
    form = panel.settings
    form.style_choice.setCurrentText("udnie")
    form.strength.setValue(70)
    form.stability.setValue(30)
    form.keep_color.setChecked(True)
    form.work_height.setCurrentText("480 lines")
    form.upscale.setCurrentText("2 times")
    form.strokes.setCurrentText("4 times as broad")
    form.second_style.setCurrentText("tiny")
    form.mix.setValue(25)
    form.codec.setCurrentText("hevc")
    form.quality.setValue(25)
    form.start.setText("0:05")
    form.end.setText(" 12 ")
    form.folder.setText(str(tmp_path))
    panel.add_files([Path("/videos/clip.mp4")])
    [added] = queue.states()
    assert added.job.look == LookSettings(
        "udnie", 0.7, True, 480, 0.3, upscale=2, stroke_size=4, second_style="tiny", mix=0.25)
    assert added.job.video == VideoSettings("0:05", "12", "hevc", 25)
    assert (added.job.source, added.job.output_folder) == (Path("/videos/clip.mp4"), tmp_path)


def test_the_defaults_are_those_of_the_command_line(panel: ExportPanel, queue: QueueOnPaper) -> None:
    panel.add_files([Path("/videos/clip.mp4")])
    [added] = queue.states()
    assert (added.job.look, added.job.video, added.job.output_folder) == (LookSettings(), VideoSettings(), None)


def test_the_look_of_the_live_picture_becomes_the_forms(panel: ExportPanel, queue: QueueOnPaper) -> None:
    look = LookSettings("/models/mine.safetensors", 0.5, True, 300, 0.25, "torch", stroke_size=8,
                        second_style="/models/other.safetensors", mix=0.4)
    panel.add_files([Path("/videos/clip.mp4")], look)
    assert queue.states()[0].job.look == look
    assert panel.settings.look() == look
    assert panel.settings.work_height.currentText() == "300 lines"


def test_forty_files_at_once_come_a_few_at_a_time(panel: ExportPanel, queue: QueueOnPaper, qtbot: QtBot) -> None:
    panel.add_files(Path(f"/videos/{number}.mp4") for number in range(40))
    assert len(queue.states()) == 40
    assert len(panel.rows()) < 10
    qtbot.waitUntil(lambda: len(panel.rows()) == 40)
    assert [row.state for row in panel.rows()] == list(queue.states())


def test_a_folder_stands_for_its_files(panel: ExportPanel, queue: QueueOnPaper, tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "deeper").mkdir()
    panel.add_files([tmp_path])
    assert [added.job.source.name for added in queue.states()] == ["a.mp4", "b.mp4"]


def test_a_time_that_is_none_is_told_of_and_nothing_is_added(panel: ExportPanel, queue: QueueOnPaper) -> None:
    panel.settings.start.setText("soon")
    panel.add_files([Path("/videos/clip.mp4")])
    complaint = panel.findChild(QLabel, "exportComplaint")
    assert complaint is not None
    assert complaint.isVisible()
    assert complaint.text().startswith("the start soon is not a time")
    assert queue.states() == ()
    panel.settings.start.clear()
    panel.add_files([Path("/videos/clip.mp4")])
    assert not complaint.isVisible()


def test_files_are_dropped(panel: ExportPanel, queue: QueueOnPaper) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/videos/a.mp4"), QUrl.fromLocalFile("/videos/b.png"), QUrl("https://x.org/c")])
    copy, left, plain = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), copy, mime, left, plain)
    panel.dragEnterEvent(enter)
    assert enter.isAccepted()
    panel.dropEvent(QDropEvent(QPointF(9, 9), copy, mime, left, plain))
    assert [added.job.source.name for added in queue.states()] == ["a.mp4", "b.png"]


def test_what_is_no_file_is_not_taken(panel: ExportPanel) -> None:
    mime = QMimeData()
    mime.setText("words")
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                            Qt.KeyboardModifier.NoModifier)
    enter.ignore()
    panel.dragEnterEvent(enter)
    assert not enter.isAccepted()


def test_files_are_chosen(panel: ExportPanel, queue: QueueOnPaper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["/videos/a.mp4"], ""))
    find(panel, "exportAdd").click()
    assert [added.job.source.name for added in queue.states()] == ["a.mp4"]


def test_an_output_folder_is_chosen(panel: ExportPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/results")
    panel.settings.choose_folder.click()
    assert panel.settings.output_folder() == Path("/results")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    panel.settings.choose_folder.click()
    assert panel.settings.output_folder() == Path("/results")


def test_styles_come_and_the_chosen_one_stays(panel: ExportPanel) -> None:
    panel.settings.style_choice.setCurrentText("udnie")
    panel.set_styles([*STYLES, "new"])
    assert panel.settings.style_choice.currentText() == "udnie"
    assert panel.settings.style_choice.findText("new") >= 0


# Codec and quality


def test_the_known_qualities_are_the_encoders() -> None:
    for codec, qualities in QUALITIES.items():
        spec = ENCODERS[codec]
        assert qualities == (None if spec.quality_option is None else spec.qualities)


@pytest.mark.parametrize("codec", QUALITIES)
def test_quality_is_automatic_or_in_the_codecs_range(codec: str, panel: ExportPanel) -> None:
    form = panel.settings
    form.codec.setCurrentText(codec)
    assert form.video() == VideoSettings(codec=codec)
    qualities = QUALITIES[codec]
    assert form.quality.isEnabled() == (qualities is not None)
    for quality in qualities or ():
        form.quality.setValue(quality)
        assert form.video() == VideoSettings(codec=codec, quality=quality)


def test_the_form_is_folded_away_and_still_says_the_most_important(panel: ExportPanel) -> None:
    assert not panel.settings.isVisible()
    summary = panel.findChild(QLabel, "exportSettingsSummary")
    assert summary is not None
    panel.settings.style_choice.setCurrentText("udnie")
    panel.settings.codec.setCurrentText("av1")
    panel.settings.folder.setText("/results")
    assert summary.text() == "udnie  ·  av1  ·  to /results"
    find(panel, "exportSettingsShown").click()
    assert panel.settings.isVisible()
    assert summary.text() == ""


# What a row shows


def test_an_empty_queue_invites(panel: ExportPanel, queue: QueueOnPaper) -> None:
    invitation = panel.findChild(QLabel, "exportInvitation")
    assert invitation is not None
    assert invitation.isVisible()
    queue.put(state())
    assert not invitation.isVisible()


def test_a_row_shows_name_style_and_size(panel: ExportPanel, queue: QueueOnPaper) -> None:
    row = only_row(panel, queue, state(size=(1920, 1080)))
    texts = {label.objectName(): label.text() for label in row.findChildren(QLabel)}
    assert texts["exportRowTitle"] == "clip.mp4"
    assert texts["exportRowFacts"] == "udnie  ·  1920 × 1080"


def test_a_running_row_shows_the_frame_being_painted(panel: ExportPanel, queue: QueueOnPaper) -> None:
    before = state(preview=jpeg((200, 0, 0)))
    row = only_row(panel, queue, before)
    assert center_color(row).red() > 180
    queue.put(dataclasses.replace(before, status="running", preview=jpeg((0, 0, 200))))
    assert row is panel.rows()[0]
    assert center_color(row).blue() > 180


def center_color(row: ExportRow):  # type: ignore[no-untyped-def]
    image = row.picture.grab().toImage()
    return image.pixelColor(image.width() // 2, image.height() // 2)


@pytest.mark.parametrize(("shown", "line"), [
    (state("checking"), "Looking at the file"),
    (state("waiting"), "Waiting"),
    (state("running"), "Opening the style"),
    (state("running", frames_done=1234, frames_total=5000, fps=23.94, seconds_left=157), "23.9 fps  ·  2:37 left"),
    (state("running", frames_done=1234, fps=0.5), "1,234 frames  ·  0.5 fps"),
    (state("running", frames_done=1, frames_total=1), "Painting"),
    (state("paused"), "Paused"),
    (state("done", output=Path("/videos/clip.udnie.mp4")), "Done: clip.udnie.mp4"),
    (state("done", output=Path("/x.mp4"), message="HDR input: tone-mapped"), "Done: x.mp4  ·  HDR input: tone-mapped"),
    (state("failed", message="clip.mp4 is damaged"), "Is damaged"),
    (state("failed", message="the folder /x does not exist"), "The folder /x does not exist"),
    (state("cancelled"), "Cancelled"),
])
def test_one_line_says_how_far_it_is(shown: JobState, line: str, panel: ExportPanel, queue: QueueOnPaper) -> None:
    assert status_line(shown) == line
    row = only_row(panel, queue, shown)
    assert row.accessibleName() == f"clip.mp4: {line}"


def test_a_long_complaint_is_whole_in_the_tooltip_and_has_two_lines(panel: ExportPanel, queue: QueueOnPaper) -> None:
    sentence = "clip.mp4 " + "cannot be read for a number of reasons " * 9
    row = only_row(panel, queue, state("failed", message=sentence))
    status = row.findChild(QLabel, "exportRowStatus")
    assert status is not None
    assert status.toolTip() == status.text() == sentence.removeprefix("clip.mp4 ").capitalize()
    assert status.height() == 2 * status.fontMetrics().lineSpacing()


def test_rows_are_of_one_height(panel: ExportPanel, queue: QueueOnPaper) -> None:
    queue.put(state("failed", message="x " * 99), state("running"), state("done"))
    assert len({row.height() for row in panel.rows()}) == 1


def test_the_frames_are_counted_on_a_closer_look() -> None:
    assert frames_line(state(frames_done=1234, frames_total=5000)) == "1,234 of 5,000 frames painted"
    assert frames_line(state(frames_done=7)) == "7 frames painted"


def test_where_results_go_if_not_beside_the_source() -> None:
    job = ExportJob(Path("/videos/clip.mp4"), LookSettings(style="udnie"), output_folder=Path("/results"))
    assert facts_line(JobState(job)) == "udnie  ·  to /results"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (34, "0:34"), (725, "12:05"), (3730, "1:02:10")])
def test_times(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_rows_come_and_go_with_their_jobs(panel: ExportPanel, queue: QueueOnPaper) -> None:
    first, second = state(name="a.mp4"), state(name="b.mp4")
    queue.put(first, second)
    del queue.jobs[first.job.id]
    queue.tell()
    assert [row.state.job.source.name for row in panel.rows()] == ["b.mp4"]


def test_the_summary_counts(panel: ExportPanel, queue: QueueOnPaper) -> None:
    queue.put(state("done"), state("failed"), state("running"), state("paused"))
    summary = panel.findChild(QLabel, "exportSummary")
    assert summary is not None
    assert summary.text() == "1 of 4 done  ·  1 failed  ·  1 paused"


# What a row asks for


BUTTONS = [
    ("waiting", "First", "pause"), ("running", "First", "pause"), ("paused", "First", "resume"),
    ("failed", "First", "retry"), ("cancelled", "First", "retry"),
    ("checking", "Last", "cancel"), ("running", "Last", "cancel"), ("paused", "Last", "cancel"),
    ("done", "Last", "remove"), ("failed", "Last", "remove"), ("cancelled", "Last", "remove"),
]


@pytest.mark.parametrize(("status", "button", "asked"), BUTTONS)
def test_buttons(status: Status, button: str, asked: str, panel: ExportPanel, queue: QueueOnPaper) -> None:
    shown = state(status)
    pressed = find(only_row(panel, queue, shown), f"exportRow{button}")
    assert asked in pressed.accessibleName().lower()
    assert "clip.mp4" in pressed.accessibleName()
    pressed.click()
    assert queue.asked == [(asked, shown.job.id)]


KEYS = [
    ("running", Qt.Key.Key_Space, ["pause"]), ("paused", Qt.Key.Key_Space, ["resume"]),
    ("failed", Qt.Key.Key_R, ["retry"]), ("running", Qt.Key.Key_R, []),
    ("running", Qt.Key.Key_Delete, ["cancel"]), ("done", Qt.Key.Key_Delete, ["remove"]),
    ("running", Qt.Key.Key_Return, []),
]


@pytest.mark.parametrize(("status", "key", "asked"), KEYS)
def test_keys(status: Status, key: Qt.Key, asked: list[str], panel: ExportPanel, queue: QueueOnPaper,
              qtbot: QtBot) -> None:
    row = only_row(panel, queue, state(status))
    row.setFocus()
    press(row, key)
    assert [what for what, _ in queue.asked] == asked


def test_the_folder_of_a_result_is_shown(panel: ExportPanel, queue: QueueOnPaper, qtbot: QtBot,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return len(opened) < 3

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    row = only_row(panel, queue, state("done", output=Path("/results/clip.udnie.mp4")))
    find(row, "exportRowFirst").click()
    press(row, Qt.Key.Key_Return)
    assert opened == ["/results", "/results"]
    complaint = panel.findChild(QLabel, "exportComplaint")
    assert complaint is not None
    assert not complaint.text()
    press(row, Qt.Key.Key_Return)
    assert complaint.text() == "No file browser could be opened: the file is /results/clip.udnie.mp4"


def test_only_what_makes_sense_is_offered(panel: ExportPanel, queue: QueueOnPaper) -> None:
    row = only_row(panel, queue, state("checking"))
    assert not find(row, "exportRowFirst").isVisible()
    assert find(row, "exportRowLast").isVisible()


def test_a_button_that_vanishes_leaves_the_keyboard_in_its_row(
    panel: ExportPanel, queue: QueueOnPaper, qtbot: QtBot
) -> None:
    failed = state("failed")
    row = only_row(panel, queue, failed)
    panel.activateWindow()
    find(row, "exportRowFirst").setFocus()
    qtbot.waitUntil(lambda: find(row, "exportRowFirst").hasFocus())
    queue.put(dataclasses.replace(failed, status="checking"))
    assert row.hasFocus()


def test_arrows_go_from_row_to_row(panel: ExportPanel, queue: QueueOnPaper, qtbot: QtBot) -> None:
    queue.put(*(state(name=f"{number}.mp4") for number in range(20)))
    qtbot.waitUntil(lambda: len(panel.rows()) == 20 and panel.rows()[-1].isVisible())
    panel.activateWindow()
    rows = panel.rows()
    rows[0].setFocus()
    qtbot.waitUntil(rows[0].hasFocus)
    for row in rows[:-1]:
        press(row, Qt.Key.Key_Down)
    assert rows[-1].hasFocus()
    assert not rows[-1].visibleRegion().isEmpty()
    press(rows[-1], Qt.Key.Key_Down)
    assert rows[-1].hasFocus()
    press(rows[-1], Qt.Key.Key_Up)
    assert rows[-2].hasFocus()


# The panel's own buttons


def test_all_are_paused_and_go_on(panel: ExportPanel, queue: QueueOnPaper) -> None:
    running, waiting = state("running"), state("waiting")
    queue.put(running, waiting, state("done"))
    button = find(panel, "exportPauseAll")
    button.click()
    assert queue.asked == [("pause", waiting.job.id), ("pause", running.job.id)]
    queue.asked.clear()
    queue.put(*(dataclasses.replace(job, status="paused") for job in (running, waiting)))
    assert button.text() == "Resume all"
    button.click()
    assert [what for what, job_id in queue.asked if job_id == running.job.id] == ["resume"]


def test_finished_jobs_are_cleared(panel: ExportPanel, queue: QueueOnPaper) -> None:
    button = find(panel, "exportClear")
    assert not button.isEnabled()
    queue.put(state("done"))
    button.click()
    assert queue.asked == [("clear", "")]


def test_it_is_closed_by_button_and_key(panel: ExportPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.closed):
        find(panel, "exportClose").click()
    with qtbot.waitSignal(panel.closed):
        press(panel, Qt.Key.Key_Escape)


def test_it_knows_of_running_jobs(panel: ExportPanel, queue: QueueOnPaper) -> None:
    assert not panel.has_running_jobs()
    queue.put(state("running"))
    assert panel.has_running_jobs()


def test_nothing_listens_once_the_panel_is_gone(queue: QueueOnPaper, qtbot: QtBot) -> None:
    panel = ExportPanel(cast(ExportQueue, queue), STYLES)
    with qtbot.waitSignal(panel.destroyed):
        panel.deleteLater()
    assert queue.listeners == []


# For everybody


def test_every_control_has_a_name_a_tooltip_and_the_keyboard(panel: ExportPanel, queue: QueueOnPaper) -> None:
    queue.put(state("running"), state("done"), state("failed"))
    find(panel, "exportSettingsShown").click()
    kinds = (QAbstractButton, QComboBox, QSlider, QSpinBox, QLineEdit)
    controls = [widget for kind in kinds for widget in panel.findChildren(kind) if is_control(widget)]
    assert len(controls) > 15
    for control in controls:
        described = control.accessibleName() or getattr(control, "text", str)()
        assert described, control.objectName()
        assert tooltip_of(control), control.objectName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control.objectName()


def is_control(widget: QWidget) -> bool:
    """Not the inner parts that Qt makes for its own controls."""
    return widget.isVisible() and not isinstance(widget.parent(), QLineEdit | QSpinBox | QComboBox)


def tooltip_of(widget: QWidget) -> str:
    parent = widget.parent()
    return widget.toolTip() or (parent.toolTip() if isinstance(parent, QWidget) else "")


# In the window


@pytest.fixture
def bench_with_panel(queue: QueueOnPaper, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A window that opens this panel."""
    monkeypatch.setattr(bench.exports, "make_panel", functools.partial(ExportPanel, cast(ExportQueue, queue)))
    return bench


def opened(bench: Bench) -> ExportPanel:
    panel = bench.window.findChild(ExportPanel)
    assert panel is not None
    return panel


def test_dropped_files_open_it_beside_the_picture(queue: QueueOnPaper, bench_with_panel: Bench) -> None:
    bench_with_panel.window.files_dropped.emit([Path("/videos/clip.mp4")])
    assert opened(bench_with_panel).isVisible()
    [added] = queue.states()
    assert added.job.source == Path("/videos/clip.mp4")
    assert added.job.look.style == bench_with_panel.live.look.look.style


def test_a_rows_keys_are_not_the_windows(queue: QueueOnPaper, bench_with_panel: Bench) -> None:
    bench = bench_with_panel
    bench.window.files_dropped.emit([Path("/videos/clip.mp4")])
    queue.put(dataclasses.replace(queue.states()[0], status="running"))
    bench.settle()
    [row] = opened(bench).rows()
    row.setFocus()
    told = list(bench.session.told)
    bench.press(Qt.Key.Key_Space)
    bench.press(Qt.Key.Key_Delete)
    assert [what for what, _ in queue.asked] == ["pause", "cancel"]
    assert bench.session.told == told
    bench.press(Qt.Key.Key_Escape)
    assert not opened(bench).isVisible()


def test_the_window_keeps_the_keyboard_when_the_panel_opens(bench_with_panel: Bench) -> None:
    """No part of it may be a window of its own, if only for a moment."""
    bench_with_panel.window.files_dropped.emit([Path("/videos/clip.mp4")])
    bench_with_panel.settle()
    assert bench_with_panel.window.isActiveWindow()


# With the real queue


@pytest.fixture
def styles(own_folders: None, style_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FNST_LIVE_MODELS", str(style_folder))


def test_dropped_files_are_painted_and_bad_ones_told_of(
    styles: None, short_scene: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    clip, broken = tmp_path / "clip.mp4", tmp_path / "broken.png"
    clip.write_bytes(short_scene.read_bytes())
    broken.write_bytes(b"no picture" * 30)
    queue = ExportQueue()
    panel = ExportPanel(queue, STYLES)
    qtbot.addWidget(panel)
    panel.show()
    panel.add_files([broken, clip], LookSettings("tiny", engine="torch", stability=0))
    qtbot.waitUntil(lambda: all(row.state.is_finished for row in panel.rows()), timeout=PATIENCE_MS)
    queue.close(keep=True)
    failed, done = panel.rows()
    assert "Cannot be read as a picture" in failed.accessibleName()
    assert done.accessibleName() == "clip.mp4: Done: clip.tiny.mp4"
    assert (tmp_path / "clip.tiny.mp4").is_file()
    assert not done.picture.pixmap.isNull()


IN_THE_WINDOWS_PROCESS = """
import sys
from pathlib import Path
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication
from fnst_live.export_queue import ExportQueue
from fnst_live.gui.export_panel import ExportPanel
from fnst_live.settings import LookSettings

app, queue = QApplication([]), ExportQueue()
panel = ExportPanel(queue, ["tiny"])
panel.show()
panel.add_files([Path(sys.argv[1])], LookSettings("tiny", engine="torch"))
watch = QTimer()
watch.timeout.connect(lambda: panel.rows()[0].state.is_finished and app.quit())
watch.start(20)
app.exec()
queue.close(keep=True)
heavy = {"torch", "cv2", "av", "openvino", "PIL"} & sys.modules.keys()
assert not heavy, heavy
print(panel.rows()[0].state.status)
"""


def test_the_windows_process_never_loads_what_paints(styles: None, short_scene: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(short_scene.read_bytes())
    run = subprocess.run([sys.executable, "-c", IN_THE_WINDOWS_PROCESS, str(clip)], capture_output=True, text=True,
                         check=False)
    assert (run.returncode, run.stdout) == (0, "done\n"), run.stderr


def test_its_width_is_the_same_whatever_it_shows(panel: ExportPanel) -> None:
    width = panel.width()
    panel.set_styles(["a-style-with-a-name-" + 10 * "that-goes-on-"])
    find(panel, "exportSettingsShown").click()
    assert panel.width() == width
    assert panel.minimumSizeHint().width() <= width
