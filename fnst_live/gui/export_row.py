"""One job of the export queue as a row: picture, name, progress, and the buttons that make sense now.

Only shows what it is told and says what was asked for; the panel acts.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPixmap
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from fnst_live.export_jobs import JobState, Status
from fnst_live.gui import theme
from fnst_live.gui.controls import quiet_label
from fnst_live.gui.icons import icon

THUMBNAIL = QSize(128, 72)
BUTTON_SIZE = 28
STEPS = 1000  # of a progress bar
SEPARATOR = "  ·  "

RowIcons = Mapping[str, QIcon]
Asked = str  # pause, resume, retry, cancel, remove, show


class Action(NamedTuple):
    """What a button does in one state of the job. name: "{}" stands for the file."""

    asked: Asked
    icon: str
    name: str
    tooltip: str


HOLD = Action("pause", "pause", "Pause {}", "Pause; the files behind it wait, too  (Space)")
SKIP = Action("pause", "pause", "Pause {}", "Pause; the files behind it go on  (Space)")
RESUME = Action("resume", "play", "Resume {}", "Resume  (Space)")
RETRY = Action("retry", "retry", "Retry {}", "Try again from the beginning  (R)")
SHOW = Action("show", "folder", "Show {} in its folder", "Show in folder  (Enter)")
CANCEL = Action("cancel", "close", "Cancel {}", "Cancel: nothing is left of it  (Del)")
REMOVE = Action("remove", "close", "Remove {} from the list", "Remove from the list; finished files stay  (Del)")

FIRST: dict[Status, Action] = {
    "waiting": SKIP, "running": HOLD, "paused": RESUME, "failed": RETRY, "cancelled": RETRY, "done": SHOW,
}
KEYS: dict[int, tuple[Asked, ...]] = {
    Qt.Key.Key_Space: ("pause", "resume"), Qt.Key.Key_R: ("retry",), Qt.Key.Key_Delete: ("cancel", "remove"),
    Qt.Key.Key_Return: ("show",), Qt.Key.Key_Enter: ("show",),
}
STEPPING: dict[int, int] = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
LAST: dict[Status, Action] = {
    "checking": CANCEL, "waiting": CANCEL, "running": CANCEL, "paused": CANCEL,
    "done": REMOVE, "failed": REMOVE, "cancelled": REMOVE,
}


def row_icons() -> RowIcons:
    """Drawn once for all rows."""
    return {action.icon: icon(action.icon) for action in (*FIRST.values(), *LAST.values())}


class ExportRow(QFrame):
    """asked(what, job id): what the user wants done. stepped(by): the user goes to another row."""

    asked = pyqtSignal(str, str)
    stepped = pyqtSignal(int)

    def __init__(self, state: JobState, icons: RowIcons, parent: QWidget | None = None):
        super().__init__(parent)
        self._icons = icons
        self.setObjectName("exportRow")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._name = state.job.source.name
        self._actions: dict[QToolButton, Action | None] = {}
        self.picture = Thumbnail()
        self._title, self._facts, self._status = ElidedLabel(), ElidedLabel(), ElidedLabel()
        self._bar, self._percent = _thin_bar(self._name), quiet_label("")
        self._first, self._last = self._add_button("First"), self._add_button("Last")
        self._lay_out()
        self._title.set_text(self._name)
        self._title.setToolTip(str(state.job.source))
        self.show_state(state)

    def show_state(self, state: JobState) -> None:
        """Everything that may have changed."""
        self.state = state
        self.picture.show_jpeg(state.preview)
        self._facts.set_text(facts_line(state))
        self._show_progress(state)
        self._say(status_line(state), has_failed=state.status == "failed")
        self.picture.setToolTip(frames_line(state))
        self._set_action(self._first, FIRST.get(state.status))
        self._set_action(self._last, LAST[state.status])
        self._mark(state.status)

    def ask(self, what: Asked) -> None:
        """As if its button had been pressed; nothing where that makes no sense now."""
        if any(action is not None and action.asked == what for action in self._actions.values()):
            self.asked.emit(what, self.state.job.id)

    def event(self, event: QEvent | None) -> bool:
        """The window has shortcuts on some of the row's keys: while the row has the keyboard they are the row's."""
        return is_override_of(event, KEYS.keys() | STEPPING.keys()) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """The row's own keys; its buttons have theirs."""
        assert event is not None
        if event.key() in STEPPING:
            self.stepped.emit(STEPPING[event.key()])
        elif event.key() in KEYS:
            self._ask_first_of(KEYS[event.key()])
        else:
            super().keyPressEvent(event)

    def _ask_first_of(self, wishes: tuple[Asked, ...]) -> None:
        """One of them at most: a job that was just cancelled shall not be removed by the same key."""
        possible = {action.asked for action in self._actions.values() if action is not None}
        for what in wishes:
            if what in possible:
                self.ask(what)
                return

    def _add_button(self, name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"exportRow{name}")
        button.setFixedSize(BUTTON_SIZE, BUTTON_SIZE)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing jumps
        button.setSizePolicy(policy)
        button.clicked.connect(lambda: self._press(button))
        return button

    def _press(self, button: QToolButton) -> None:
        action = self._actions[button]
        if action is not None:
            self.ask(action.asked)

    def _set_action(self, button: QToolButton, action: Action | None) -> None:
        if button in self._actions and self._actions[button] is action:
            return
        self._actions[button] = action
        if action is not None:
            button.setIcon(self._icons[action.icon])
            button.setAccessibleName(action.name.format(self._name))
            button.setToolTip(action.tooltip)
        elif button.hasFocus():
            self.setFocus()  # a button that vanishes must not take the keyboard with it
        button.setVisible(action is not None)

    def _say(self, line: str, *, has_failed: bool) -> None:
        """What went wrong takes the room of the facts and the progress, which are of no use then."""
        self._status.set_text(line, line_count=2 if has_failed else 1)
        self._status.setToolTip(line)
        self.setAccessibleName(f"{self._name}: {line}")
        for widget in (self._facts, self._bar, self._percent):
            widget.setVisible(not has_failed)

    def _show_progress(self, state: JobState) -> None:
        progress = state.progress
        is_endless = progress is None and state.status == "running"
        self._bar.setRange(0, 0 if is_endless else STEPS)
        self._bar.setValue(round((progress or 0.0) * STEPS))
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
        self._facts.setProperty("role", "quiet")
        self._percent.setFont(theme.tabular(self.font()))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addLayout(_side_by_side(self._title, self._first, self._last))
        words.addWidget(self._facts)
        words.addStretch()
        words.addWidget(self._bar)
        words.addLayout(_side_by_side(self._status, self._percent))
        whole = QHBoxLayout(self)
        whole.setContentsMargins(9, 9, 9, 9)
        whole.setSpacing(12)
        whole.addWidget(self.picture)
        whole.addLayout(words, 1)
        self.setFixedHeight(THUMBNAIL.height() + 20)


class ElidedLabel(QLabel):
    """Text that gives way: what does not fit ends in dots."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._line_count = 1
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str, line_count: int = 1) -> None:
        """text() stays the whole of it, for screen readers."""
        if text != self.text() or line_count != self._line_count:
            self._line_count = line_count
            self.setText(text)
            self.setFixedHeight(self.fontMetrics().lineSpacing() * line_count)

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), self._flags(), self._elided())
        painter.end()

    def _elided(self) -> str:
        """Lines break before they are full, nobody knows how much: the longest of a few tries that fits."""
        metrics, elided = self.fontMetrics(), ""
        for spare_lines in (0.0, 0.15, 0.3, 0.5):
            room = round(self.width() * (self._line_count - spare_lines))
            elided = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
            if metrics.boundingRect(self.rect(), self._flags(), elided).height() <= self.height():
                break
        return elided

    def _flags(self) -> int:
        return int(self.alignment()) | (int(Qt.TextFlag.TextWordWrap) if self._line_count > 1 else 0)


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
        corners.addRoundedRect(QRectF(self.rect()), theme.RADIUS, theme.RADIUS)
        painter.setClipPath(corners)
        painter.fillRect(self.rect(), self.palette().shadow())
        if not self.pixmap.isNull():
            painter.drawPixmap(self._place(), self.pixmap, QRectF(self.pixmap.rect()))
        painter.end()

    def _place(self) -> QRectF:
        size = self.pixmap.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2,
                      size.width(), size.height())


def is_override_of(event: QEvent | None, keys: Container[int]) -> bool:
    """Whether it asks if one of the keys is wanted in spite of a shortcut on it; if so, it is."""
    if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and event.key() in keys:
        event.accept()
        return True
    return False


def facts_line(state: JobState) -> str:
    """Style, size, and where the result goes if that is not beside the source."""
    size = "" if state.size is None else f"{state.size[0]} × {state.size[1]}"
    folder = "" if state.job.output_folder is None else f"to {state.job.output_folder}"
    return _joined(state.job.style_name, size, folder)


def frames_line(state: JobState) -> str:
    """For a closer look."""
    if state.frames_total is None:
        return f"{state.frames_done:,} frames painted"
    return f"{state.frames_done:,} of {state.frames_total:,} frames painted"


def status_line(state: JobState) -> str:
    """One line on how far it is."""
    plain: dict[Status, str] = {
        "checking": "Looking at the file", "waiting": "Waiting", "paused": "Paused", "cancelled": "Cancelled",
    }
    match state.status:
        case "running":
            return _running_line(state)
        case "done":
            return _joined("Done" if state.output is None else f"Done: {state.output.name}", state.message)
        case "failed":
            return _without_name(state)
        case _:
            return plain[state.status]


def _running_line(state: JobState) -> str:
    if state.frames_done == 0:
        return "Opening the style"
    frames = "" if state.frames_total else f"{state.frames_done:,} frames"
    left = "" if state.seconds_left is None else f"{clock(state.seconds_left)} left"
    return _joined(frames, f"{state.fps:.1f} fps" if state.fps else "", left) or "Painting"


def _without_name(state: JobState) -> str:
    """Sentences begin with the file they are about, whose name stands right above."""
    rest = state.message.removeprefix(state.job.source.name).lstrip()
    return rest[:1].upper() + rest[1:]


def _joined(*parts: str) -> str:
    return SEPARATOR.join(filter(None, parts))


def clock(seconds: float) -> str:
    """0:34, 12:05, 1:02:10."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _thin_bar(name: str) -> QProgressBar:
    bar = QProgressBar()
    bar.setObjectName("exportRowBar")
    bar.setAccessibleName(f"Progress of {name}")
    bar.setTextVisible(False)
    bar.setFixedHeight(4)
    return bar


def _side_by_side(first: QWidget, *others: QWidget) -> QHBoxLayout:
    """The first gets the room that the others leave."""
    layout = QHBoxLayout()
    layout.setSpacing(2)
    layout.addWidget(first, 1)
    for other in others:
        layout.addWidget(other)
    return layout
