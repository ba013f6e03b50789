"""One job of the export queue as a row: picture, name, progress, and the buttons that make sense now.

Only shows what it is told and says what was asked for; the panel acts.
"""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPixmap
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from fnst_live.export_jobs import JobState, Status
from fnst_live.gui.glyphs import Glyph, GlyphButton, again, cross, folder, pause, play

THUMBNAIL = QSize(144, 81)
CORNER = 6.0
STEPS = 1000  # of a progress bar

Asked = str  # pause, resume, retry, cancel, remove, show


class Action(NamedTuple):
    """What a button does in one state of the job. name: "{}" stands for the file."""

    asked: Asked
    glyph: Glyph
    name: str
    tooltip: str


PAUSE = Action("pause", pause, "Pause {}", "Pause (Space)")
RESUME = Action("resume", play, "Resume {}", "Resume (Space)")
RETRY = Action("retry", again, "Retry {}", "Try again from the beginning (R)")
CANCEL = Action("cancel", cross, "Cancel {}", "Cancel: nothing is left of it (Del)")
REMOVE = Action("remove", cross, "Remove {} from the list", "Remove from the list; finished files stay (Del)")
SHOW = Action("show", folder, "Show {} in its folder", "Show in folder (Enter)")

FIRST: dict[Status, Action] = {
    "waiting": PAUSE, "running": PAUSE, "paused": RESUME, "failed": RETRY, "cancelled": RETRY,
}
LAST: dict[Status, Action] = {
    "checking": CANCEL, "waiting": CANCEL, "running": CANCEL, "paused": CANCEL,
    "done": REMOVE, "failed": REMOVE, "cancelled": REMOVE,
}


class ExportRow(QFrame):
    """asked(what, job id): what the user wants done. stepped(by): the user goes to another row."""

    asked = pyqtSignal(str, str)
    stepped = pyqtSignal(int)

    def __init__(self, state: JobState, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("exportRow")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._name = state.job.source.name
        self._actions: dict[GlyphButton, Action | None] = {}
        self._picture = Thumbnail(self)
        self._title, self._facts = ElidedLabel(self), ElidedLabel(self)
        self._bar, self._status, self._percent = _thin_bar(self), ElidedLabel(self), QLabel(self)
        self._first, self._show, self._last = (self._add_button(name) for name in ("First", "Show", "Last"))
        self._lay_out()
        self._title.set_text(self._name)
        self._title.setToolTip(str(state.job.source))
        self.show_state(state)

    def show_state(self, state: JobState) -> None:
        """Everything that may have changed."""
        self.state = state
        self._picture.show_jpeg(state.preview)
        self._facts.set_text(facts_line(state))
        self._show_progress(state)
        line = status_line(state)
        self._status.set_text(line)
        self._status.setToolTip(state.message or line)
        self.setAccessibleName(f"{self._name}: {line}")
        self._set_action(self._first, FIRST.get(state.status))
        self._set_action(self._show, SHOW if state.status == "done" else None)
        self._set_action(self._last, LAST[state.status])
        self._mark(state.status)

    def ask(self, what: Asked) -> None:
        """As if its button had been pressed; nothing where that makes no sense now."""
        if any(action is not None and action.asked == what for action in self._actions.values()):
            self.asked.emit(what, self.state.job.id)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """The row's own keys; its buttons have theirs."""
        assert event is not None
        wishes: dict[int, tuple[Asked, ...]] = {
            Qt.Key.Key_Space: ("pause", "resume"), Qt.Key.Key_R: ("retry",), Qt.Key.Key_Delete: ("cancel", "remove"),
            Qt.Key.Key_Return: ("show",), Qt.Key.Key_Enter: ("show",),
        }
        steps: dict[int, int] = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps:
            self.stepped.emit(steps[event.key()])
        elif event.key() in wishes:
            self._ask_first_of(wishes[event.key()])
        else:
            super().keyPressEvent(event)

    def _ask_first_of(self, wishes: tuple[Asked, ...]) -> None:
        """One of them at most: a job that was just cancelled shall not be removed by the same key."""
        possible = {action.asked for action in self._actions.values() if action is not None}
        for what in wishes:
            if what in possible:
                self.ask(what)
                return

    def _add_button(self, name: str) -> GlyphButton:
        button = GlyphButton(self)
        button.setObjectName(f"exportRow{name}")
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing jumps
        button.setSizePolicy(policy)
        button.clicked.connect(lambda: self._press(button))
        return button

    def _press(self, button: GlyphButton) -> None:
        action = self._actions[button]
        if action is not None:
            self.ask(action.asked)

    def _set_action(self, button: GlyphButton, action: Action | None) -> None:
        if button in self._actions and self._actions[button] is action:
            return
        self._actions[button] = action
        if action is not None:
            button.set_role(action.glyph, action.name.format(self._name), action.tooltip)
        elif button.hasFocus():
            self.setFocus()  # a button that vanishes must not take the keyboard with it
        button.setVisible(action is not None)

    def _show_progress(self, state: JobState) -> None:
        progress = state.progress
        is_endless = progress is None and state.status == "running"
        self._bar.setRange(0, 0 if is_endless else STEPS)
        self._bar.setValue(round((progress or 0.0) * STEPS))
        self._bar.setAccessibleName(f"Progress of {self._name}")
        is_shown = progress is not None and state.status in ("running", "paused")
        self._percent.setText(f"{progress:.0%}" if is_shown else "")

    def _mark(self, status: Status) -> None:
        """For style sheets, which look only when they are told to."""
        if self.property("status") == status:
            return
        self._status.setProperty("role", "" if status in ("running", "failed") else "quiet")
        for widget in (self, self._status, self._bar):
            widget.setProperty("status", status)
            style = widget.style()
            assert style is not None
            style.unpolish(widget)
            style.polish(widget)

    def _lay_out(self) -> None:
        for name, widget in {"Title": self._title, "Facts": self._facts, "Status": self._status,
                             "Percent": self._percent}.items():
            widget.setObjectName(f"exportRow{name}")
        for quiet in (self._facts, self._percent):
            quiet.setProperty("role", "quiet")
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._percent.setFixedWidth(QFontMetrics(self.font()).horizontalAdvance("100%") + 4)
        below = _row(self._status, self._percent, stretched=0)
        words = QVBoxLayout()
        words.setSpacing(5)
        words.addStretch()
        words.addWidget(self._title)
        words.addWidget(self._facts)
        words.addWidget(self._bar)
        words.addLayout(below)
        words.addStretch()
        whole = QHBoxLayout(self)
        whole.setContentsMargins(10, 10, 10, 10)
        whole.setSpacing(14)
        whole.addWidget(self._picture)
        whole.addLayout(words, 1)
        for button in (self._first, self._show, self._last):
            whole.addWidget(button)
        whole.setSpacing(10)


class ElidedLabel(QLabel):
    """One line that gives way: what does not fit is left out in its middle."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._text = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        """text() stays the whole of it, for screen readers and tests."""
        if text != self._text:
            self._text = text
            self.setText(text)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        elided = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), int(self.alignment()), elided)
        painter.end()


class Thumbnail(QWidget):
    """A small picture with round corners, whole, on a dark ground."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setFixedSize(THUMBNAIL)
        self._jpeg = b""
        self.pixmap = QPixmap()

    def show_jpeg(self, jpeg: bytes) -> None:
        if jpeg is self._jpeg:
            return
        self._jpeg = jpeg
        self.pixmap.loadFromData(jpeg)
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        corners = QPainterPath()
        corners.addRoundedRect(QRectF(self.rect()), CORNER, CORNER)
        painter.setClipPath(corners)
        painter.fillRect(self.rect(), self.palette().shadow())
        if not self.pixmap.isNull():
            painter.drawPixmap(self._place(), self.pixmap, QRectF(self.pixmap.rect()))
        painter.end()

    def _place(self) -> QRectF:
        size = self.pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2,
                      size.width(), size.height())


def facts_line(state: JobState) -> str:
    """Style and size, and what the painting is called where that is known."""
    size = "" if state.size is None else f"{state.size[0]} × {state.size[1]}"
    kept = "" if state.job.output_folder is None else f"to {state.job.output_folder}"
    return _joined(state.job.style_name, size, kept)


def status_line(state: JobState) -> str:
    """One line on how far it is."""
    plain: dict[Status, str] = {"checking": "Looking at the file", "waiting": "Waiting", "cancelled": "Cancelled"}
    match state.status:
        case "running":
            return _running_line(state)
        case "paused":
            return _joined("Paused", _frames(state) if state.frames_done else "")
        case "done":
            return _joined("Done" if state.output is None else f"Done: {state.output.name}", state.message)
        case "failed":
            return state.message
        case _:
            return plain[state.status]


def _running_line(state: JobState) -> str:
    if state.frames_done == 0:
        return "Opening the style"
    speed = f"{state.fps:.1f} fps" if state.fps else ""
    left = "" if state.seconds_left is None else f"{clock(state.seconds_left)} left"
    return _joined(_frames(state), speed, left)


def _frames(state: JobState) -> str:
    if state.frames_total is None:
        return f"{state.frames_done:,} frames"
    return f"{state.frames_done:,} of {state.frames_total:,} frames"


def _joined(*parts: str) -> str:
    return "  ·  ".join(filter(None, parts))


def clock(seconds: float) -> str:
    """0:34, 12:05, 1:02:10."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _thin_bar(parent: QWidget) -> QProgressBar:
    bar = QProgressBar(parent)
    bar.setObjectName("exportRowBar")
    bar.setTextVisible(False)
    bar.setFixedHeight(4)
    return bar


def _row(*widgets: QWidget, stretched: int) -> QHBoxLayout:
    layout = QHBoxLayout()
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index == stretched else 0)
    return layout
