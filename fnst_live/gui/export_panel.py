"""The export panel: drop files, see each being painted, while the live picture goes on.

Shows what `ExportQueue` says and tells it what the user wants; the queue's threads only ring a bell, on which the
panel asks for the newest states. Nothing here paints, decodes or encodes.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PyQt6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fnst_live.errors import SettingError
from fnst_live.export_jobs import ExportJob, JobState
from fnst_live.export_queue import ExportQueue
from fnst_live.gui import theme
from fnst_live.gui.banner import as_sentence
from fnst_live.gui.controls import quiet_label
from fnst_live.gui.export_row import ElidedLabel, ExportRow, is_override_of, row_icons
from fnst_live.gui.export_settings import ExportSettings
from fnst_live.gui.icons import icon
from fnst_live.gui.show_in_folder import show_in_folder, why_not_shown
from fnst_live.settings import LookSettings

INVITATION = "Drop videos or pictures here"
WIDTH = 440
ROWS_A_TURN = 3
STYLE_SHEET = f"""
#exportPanel {{ background: {theme.SURFACE}; }}
#exportTitle {{ font-size: 15px; font-weight: 600; }}
#exportRowTitle {{ font-weight: 600; }}
#exportRow {{ background: {theme.RAISED}; border: 1px solid transparent; border-radius: 8px; }}
#exportRow:focus {{ border-color: {theme.ACCENT}; }}
#exportRow QToolButton {{ min-height: 0; padding: 0; }}
#exportRow QToolButton:hover {{ background: {theme.HOVER}; }}
#exportRowStatus[status="failed"], #exportComplaint {{ color: {theme.RECORD}; }}
#exportRowBar {{ background: {theme.HOVER}; border: none; border-radius: 2px; }}
#exportRowBar::chunk {{ background: {theme.ACCENT}; border-radius: 2px; }}
#exportRowBar[status="paused"]::chunk, #exportRowBar[status="done"]::chunk {{ background: {theme.FAINT}; }}
#exportInvitation {{ border: 1px dashed {theme.FAINT}; border-radius: 8px; }}
#exportSettingsShown {{ padding: 0 6px 0 0; margin-left: -4px; }}
"""


class ExportPanel(QWidget):
    """closed: the user wants it out of the way; the queue goes on."""

    closed = pyqtSignal()

    def __init__(self, queue: ExportQueue, styles: Sequence[str], parent: QWidget | None = None):
        super().__init__(parent)
        self._queue = queue
        self._rows: dict[str, ExportRow] = {}
        self._icons = row_icons()
        self.settings = ExportSettings(styles)
        self._make_controls()
        self._name_controls()
        self._lay_out()
        self._listen()
        self.refresh()

    def add_files(self, paths: Iterable[Path], look: LookSettings | None = None) -> None:
        """Into the queue, of folders what lies right in them. look: becomes the form's; None: what the form says."""
        if look is not None:
            self.settings.set_look(look)
        try:
            video = self.settings.video()
        except SettingError as error:
            self._complain(str(error))
            return
        self._complain("")
        look, folder = self.settings.look(), self.settings.output_folder()
        self._queue.add(ExportJob(file, look, video, folder) for file in _files(paths))

    def set_styles(self, styles: Sequence[str]) -> None:
        """The styles that can be chosen have changed."""
        self.settings.set_styles(styles)

    def has_running_jobs(self) -> bool:
        """Whether closing the window would interrupt something."""
        return self._queue.has_running_jobs()

    def rows(self) -> list[ExportRow]:
        """From top to bottom."""
        return list(self._rows.values())

    def refresh(self) -> None:
        """Show what the queue says now. Many new rows come a few at a time: the picture goes on between them."""
        states = self._queue.states()
        for job_id in self._rows.keys() - {state.job.id for state in states}:
            self._drop_row(job_id)
        new = [state for state in states if state.job.id not in self._rows]
        for state in new[:ROWS_A_TURN]:
            self._add_row(state)
        for state in states:
            self._show(state)
        self._summarize(states)
        if len(new) > ROWS_A_TURN:
            QTimer.singleShot(0, self.refresh)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:  # noqa: N802
        assert event is not None
        if _local_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:  # noqa: N802
        assert event is not None
        self.add_files(_local_files(event))
        event.acceptProposedAction()

    def event(self, event: QEvent | None) -> bool:
        """Escape is the panel's while it has the keyboard, whatever the window uses it for."""
        if is_override_of(event, {Qt.Key.Key_Escape}):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        assert event is not None
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _show(self, state: JobState) -> None:
        row = self._rows.get(state.job.id)
        if row is not None and row.state is not state:
            row.show_state(state)

    def _add_row(self, state: JobState) -> None:
        row = ExportRow(state, self._icons)
        row.asked.connect(self._on_asked)
        row.stepped.connect(functools.partial(self._on_stepped, row))
        self._rows[state.job.id] = row
        self._list.insertWidget(self._list.count() - 1, row)  # above the stretch

    def _drop_row(self, job_id: str) -> None:
        row = self._rows.pop(job_id)
        if row.hasFocus() or row.isAncestorOf(self.focusWidget()):
            self._on_stepped(row, 1)
        self._list.removeWidget(row)
        row.setParent(None)
        row.deleteLater()

    def _summarize(self, states: Sequence[JobState]) -> None:
        count = Counter(state.status for state in states)
        parts = [f"{count['done']} of {len(states)} done"] if states else []
        parts += [f"{count[status]} {status}" for status in ("failed", "cancelled", "paused") if count[status]]
        self._summary.setText("  ·  ".join(parts))
        self._pages.setCurrentIndex(1 if states else 0)
        can_pause = any(state.status in ("waiting", "running") for state in states)
        self._pause_all.setText("Pause all" if can_pause or not count["paused"] else "Resume all")
        self._pause_all.setEnabled(can_pause or count["paused"] > 0)
        self._clear.setEnabled(any(state.is_finished for state in states))

    def _on_asked(self, what: str, job_id: str) -> None:
        if what == "show":
            self._show_in_folder(job_id)
            return
        act = {
            "pause": self._queue.pause, "resume": self._queue.resume, "retry": self._queue.retry,
            "cancel": self._queue.cancel, "remove": self._queue.remove,
        }
        act[what](job_id)

    def _show_in_folder(self, job_id: str) -> None:
        output = self._rows[job_id].state.output
        if output is not None:
            self._complain("" if show_in_folder(output) else as_sentence(why_not_shown(output)))

    def _on_stepped(self, row: ExportRow, by: int) -> None:
        neighbor = self._list.itemAt(self._list.indexOf(row) + by)
        widget = None if neighbor is None else neighbor.widget()
        if widget is not None:
            widget.setFocus()
            self._scroll.ensureWidgetVisible(widget)

    def _on_add(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(self, "Videos and pictures to paint")
        self.add_files(Path(file) for file in files)

    def _on_pause_all(self) -> None:
        """Those behind first: else each would begin as the one before it halts."""
        states = self._queue.states()
        to_pause = [state for state in states if state.status in ("waiting", "running")]
        for state in reversed(to_pause):
            self._queue.pause(state.job.id)
        if not to_pause:
            for state in states:
                self._queue.resume(state.job.id)

    def _complain(self, sentence: str) -> None:
        self._complaint.setText(sentence)
        self._complaint.setVisible(bool(sentence))

    def _listen(self) -> None:
        self._bell = Bell()
        self._bell.rung.connect(self._on_bell)
        self._queue.subscribe(self._bell.ring)
        self.destroyed.connect(functools.partial(self._queue.unsubscribe, self._bell.ring))

    def _on_bell(self) -> None:
        self._bell.heard()
        self.refresh()

    def _make_controls(self) -> None:
        self._close, self._settings_shown = QToolButton(), QToolButton()
        self._complaint, self._summary = QLabel(), quiet_label("")
        self._settings_summary = ElidedLabel()
        self._add, self._pause_all, self._clear = (
            QPushButton("Add files…"), QPushButton("Pause all"), QPushButton("Clear finished")
        )
        for button in (self._close, self._settings_shown, self._add, self._pause_all, self._clear):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the picture
        self._close.setIcon(icon("close"))
        self._settings_shown.setText("Settings")
        self._settings_shown.setCheckable(True)
        self._settings_shown.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._complaint.setWordWrap(True)
        self._complaint.hide()
        self._close.clicked.connect(self.closed)
        self._settings_shown.toggled.connect(self._show_settings)
        self.settings.edited.connect(self._summarize_settings)
        self._add.clicked.connect(self._on_add)
        self._pause_all.clicked.connect(self._on_pause_all)
        self._clear.clicked.connect(self._queue.clear_finished)
        self.setAcceptDrops(True)
        self._show_settings()

    def _show_settings(self) -> None:
        are_shown = self._settings_shown.isChecked()
        self.settings.setVisible(are_shown)
        self._settings_shown.setIcon(icon("down" if are_shown else "right"))
        self._summarize_settings()

    def _summarize_settings(self) -> None:
        """Folded away, the form still says the most important."""
        self._settings_summary.set_text("" if self._settings_shown.isChecked() else self.settings.summary())

    def _name_controls(self) -> None:
        self.setObjectName("exportPanel")
        self.setAccessibleName("Paint files")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)  # the picture beside it keeps its size, whatever is shown here
        self.setStyleSheet(STYLE_SHEET)
        self._settings_summary.setProperty("role", "quiet")
        self._settings_summary.setObjectName("exportSettingsSummary")
        for widget, name, accessible, tooltip in (
            (self._close, "exportClose", "Close the list of files", "Close; painting goes on  (Esc)"),
            (self._settings_shown, "exportSettingsShown", "Settings", "How what is added next is painted and written"),
            (self._complaint, "exportComplaint", "", ""),
            (self._summary, "exportSummary", "", ""),
            (self._add, "exportAdd", "Add files", "Choose videos and pictures to paint, or drop them here"),
            (self._pause_all, "exportPauseAll", "", "Give the machine to the live picture for a while"),
            (self._clear, "exportClear", "Clear finished", "Take what is finished out of the list; the files stay"),
        ):
            widget.setObjectName(name)
            widget.setAccessibleName(accessible)
            widget.setToolTip(tooltip)

    def _lay_out(self) -> None:
        title = QLabel("Paint files")
        title.setObjectName("exportTitle")
        self._summary.setIndent(8)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 10, 16, 14)
        whole.setSpacing(10)
        whole.addLayout(_line(title, self._summary, None, self._close))
        whole.addLayout(_line(self._settings_shown, self._settings_summary))
        whole.addWidget(self.settings)
        whole.addWidget(self._complaint)
        whole.addLayout(_line(self._add, None, self._pause_all, self._clear))
        whole.addWidget(self._make_pages(), 1)

    def _make_pages(self) -> QStackedWidget:
        """The invitation while there is nothing, else the list."""
        invitation = quiet_label(INVITATION)
        invitation.setObjectName("exportInvitation")
        invitation.setAlignment(Qt.AlignmentFlag.AlignCenter)
        invitation.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        content = QWidget()
        self._list = QVBoxLayout(content)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(8)
        self._list.addStretch()
        self._scroll = QScrollArea()
        self._scroll.setObjectName("exportList")
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(content)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._pages = QStackedWidget()
        self._pages.addWidget(invitation)
        self._pages.addWidget(self._scroll)
        return self._pages


class Bell(QObject):
    """From the queue's threads to the window's: at most one ring is on its way."""

    rung = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._is_ringing = False

    def ring(self) -> None:
        """On any thread."""
        if not self._is_ringing:
            self._is_ringing = True
            self.rung.emit()

    def heard(self) -> None:
        """Before the states are asked for: what changes later rings anew."""
        self._is_ringing = False


def _files(paths: Iterable[Path]) -> list[Path]:
    """Folders opened, without what file managers hide."""
    files = []
    for path in paths:
        inside = _files_in(path) if path.is_dir() else [path]
        files += [file.absolute() for file in inside if not file.is_dir()]
    return files


def _files_in(folder: Path) -> list[Path]:
    """Nothing where the folder may not be read."""
    try:
        return sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    except OSError:
        return []


def _local_files(event: QDropEvent) -> list[Path]:
    mime = event.mimeData()
    urls = [] if mime is None else mime.urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _line(*widgets: QWidget | None) -> QHBoxLayout:
    """Side by side; None is the gap that gives way."""
    layout = QHBoxLayout()
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        else:
            layout.addWidget(widget)
    return layout
