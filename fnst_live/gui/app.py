"""How the window starts, in order.

1. `import cv2`, wherever it happened, may have pointed Qt at cv2's own Qt 5 plugins: those two variables are cleared
   before there is an application.
2. The settings of the last time are read, and what the command line says is put over them. An unknown style, or no
   screen to open a window on, ends the start here, with a sentence.
3. The application gets its theme; the window is built and shown. Until here neither torch nor OpenVINO, cv2 or av was
   imported: the window is on the screen in a fraction of a second.
4. When the window has been painted for the first time the session starts. Its threads import what is heavy, open the
   source and load the style; the first pictures come unpainted, the painted ones as soon as there are any.
5. The event loop runs until the window is closed, or Ctrl-C or SIGTERM ends it in order. A signal handler runs in
   Python only when the interpreter does: a socket wakes the event loop for it.
6. Closing saves the settings, ends the session and with it every thread; files that are being painted go on at the
   next start, once the live picture is painted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from PyQt6 import sip
from PyQt6.QtCore import QLoggingCategory, QMessageLogContext, QSocketNotifier, QtMsgType, qInstallMessageHandler
from PyQt6.QtWidgets import QApplication

from fnst_live.errors import InputError
from fnst_live.export_queue import default_file
from fnst_live.gui.display import require_display
from fnst_live.gui.exports import QueuedExports
from fnst_live.gui.focus_keys import FocusKeys
from fnst_live.gui.icons import app_icon
from fnst_live.gui.keeping_presenter import KeepFolders
from fnst_live.gui.live_window import LiveWindow, Surroundings
from fnst_live.gui.style_choice import installed_styles
from fnst_live.gui.theme import apply_theme
from fnst_live.gui.window_state import WindowState, load_state, state_file
from fnst_live.live_devices import camera_choices
from fnst_live.live_events import Failed
from fnst_live.live_session import LiveSession
from fnst_live.live_settings import SOURCE_FORMS, SourceSpec
from fnst_live.style_library import find_entry, list_styles

SET_BY_CV2 = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")

# a machine without sound devices is no news to the terminal
QUIET = "qt.multimedia*=false"
QUIET_BEGINNING = "PulseAudioService"  # of messages that belong to no category


@dataclass(frozen=True)
class StartRequest:
    """What the command line says; what it does not say is as it was the last time."""

    source: SourceSpec | None = None
    style: str | None = None
    is_full_screen: bool = False
    is_broadcasting: bool = False


def run_window(request: StartRequest) -> None:
    """Returns when the window is closed. Raises UserError before it opens."""
    require_display()
    state = starting_state(load_state(state_file()), request)
    app = make_application()
    qInstallMessageHandler(pass_on)
    live_window = LiveWindow(_surroundings(), state)
    with signals_calling(live_window.end), exceptions_told(live_window.view.on_event):
        live_window.show(is_full_screen=request.is_full_screen, is_broadcasting=request.is_broadcasting)
        app.exec()
    live_window.dispose()


def pass_on(_kind: QtMsgType, _context: QMessageLogContext, message: str | None) -> None:
    """Qt's own messages, but for those that are no news."""
    if message and not message.startswith(QUIET_BEGINNING):
        sys.stderr.write(f"{message}\n")


def make_application() -> QApplication:
    clear_what_cv2_set()
    QLoggingCategory.setFilterRules(QUIET)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("fnst-live")
    app.setDesktopFileName("fnst-live")
    app.setWindowIcon(app_icon())
    apply_theme(app)
    app.installEventFilter(FocusKeys(app))
    return app


def clear_what_cv2_set() -> None:
    for variable in SET_BY_CV2:
        os.environ.pop(variable, None)


def starting_state(state: WindowState, request: StartRequest) -> WindowState:
    """A remembered style that is gone gives way to the first; what was asked for must be there.

    Raises InputError, StyleError.
    """
    if request.source is not None:
        state = replace(state, source=_existing(request.source))
    if request.style is not None:
        return replace(state, look=replace(state.look, style=_existing_style(request.style)))
    names = [entry.name for entry in list_styles()]
    if names and state.look.style not in names:
        return replace(state, look=replace(state.look, style=names[0]))
    return state


def _existing(source: SourceSpec) -> SourceSpec:
    """A file by a path that also holds for a start from elsewhere; cameras may come later. Raises InputError."""
    if source.path is None or source.kind == "camera":
        return source
    if source.path.is_dir():
        raise InputError(f"{source.path} is a folder: give a video or a picture")
    if not source.path.exists():
        raise InputError(f"{source.path} does not exist: give {SOURCE_FORMS}")
    return replace(source, path=source.path.absolute())


def _existing_style(name_or_file: str) -> str:
    """Raises StyleError."""
    entry = find_entry(name_or_file)
    return entry.name if entry in list_styles() else str(Path(name_or_file).absolute())


@contextlib.contextmanager
def exceptions_told(tell: Callable[[Failed], None]) -> Iterator[None]:
    """PyQt would end the program at an exception in a slot: the picture, and a recording, are worth more than that.

    Each is told once, since one that comes with every frame would let nobody read it.
    """
    before, told = sys.excepthook, set[str]()

    def on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        description = f"{kind.__name__}: {error}"
        if description not in told:
            told.add(description)
            before(kind, error, trace)
            if isinstance(error, Exception):
                tell(Failed.of(error))

    sys.excepthook = on_exception
    try:
        yield
    finally:
        sys.excepthook = before


@contextlib.contextmanager
def signals_calling(end: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the program in order."""
    inside, outside = socket.socketpair()
    for end_of_pair in (inside, outside):
        end_of_pair.settimeout(0)
    notifier = QSocketNotifier(sip.voidptr(inside.fileno()), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: inside.recv(64))
    before = {number: signal.signal(number, lambda *_: end()) for number in (signal.SIGINT, signal.SIGTERM)}
    wakeup_before = signal.set_wakeup_fd(outside.fileno())
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        inside.close()
        outside.close()


def _surroundings() -> Surroundings:
    return Surroundings(
        LiveSession, installed_styles, camera_choices, KeepFolders.of_the_user(), QueuedExports(default_file()),
        state_file(),
    )
