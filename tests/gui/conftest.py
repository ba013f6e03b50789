"""A window before a fake session, without a screen, and nothing left of it afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PyQt6.QtCore import QCoreApplication, QEvent, Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from fnst_live.gui.app import make_application
from fnst_live.gui.export_presenter import ExportView
from fnst_live.gui.keeping_presenter import KeepFolders
from fnst_live.gui.live_window import LiveWindow, Surroundings
from fnst_live.gui.main_window import MainWindow
from fnst_live.gui.style_choice import StyleChoice
from fnst_live.gui.window_state import WindowState
from fnst_live.live_devices import CameraChoice
from fnst_live.live_settings import SourceSpec

from .fake_exports import FakeExports
from .fake_session import FakeSession
from .gestures import QTest

STYLES = ["starry-night", "great-wave", "the-scream", "udnie"]
WEBCAM = CameraChoice("Webcam", Path("/dev/video0"), modes=(
    SourceSpec("camera", Path("/dev/video0"), 1920, 1080, 30.0, "MJPG"),
    SourceSpec("camera", Path("/dev/video0"), 640, 480, 30.0, "YUYV"),
))
BUSY = CameraChoice("Capture card", Path("/dev/video2"), "another program is using it")


@dataclass
class Bench:
    """A live window and what surrounds it, for a test to pull at."""

    live: LiveWindow
    bot: QtBot
    styles: list[str]
    cameras: list[CameraChoice]
    folders: KeepFolders
    exports: FakeExports
    disposed: bool = field(default=False)

    @property
    def window(self) -> MainWindow:
        return self.live.window

    @property
    def session(self) -> FakeSession:
        session = self.live.bridge.session
        assert isinstance(session, FakeSession)
        return session

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Where the focus is, as a keyboard does."""
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def settle(self) -> None:
        """Everything that was queued has been delivered."""
        for _ in range(3):
            QCoreApplication.processEvents()

    def dispose(self) -> None:
        if not self.disposed:
            self.disposed = True
            self.live.end()
            self.live.dispose()


MakeBench = Callable[..., Bench]


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application as the program makes it, theme and all."""
    return make_application()


@pytest.fixture
def make_bench(no_widget_left_behind: None, qtbot: QtBot, tmp_path: Path) -> Iterator[MakeBench]:
    benches: list[Bench] = []

    def make(
        state: WindowState | None = None, make_export_panel: Callable[[Sequence[str]], ExportView] | None = None,
    ) -> Bench:
        styles, cameras, exports = list(STYLES), [WEBCAM, BUSY], FakeExports(make_export_panel)
        folders = KeepFolders(tmp_path / "Pictures", tmp_path / "Videos")
        surroundings = Surroundings(
            FakeSession, lambda: [StyleChoice(name, name.title(), "A Painter, 1900", Path("none")) for name in styles],
            lambda: list(cameras), folders, exports, tmp_path / "window.json",
        )
        bench = Bench(LiveWindow(surroundings, state or WindowState()), qtbot, styles, cameras, folders, exports)
        benches.append(bench)
        bench.live.show()
        qtbot.waitUntil(lambda: bool(bench.session.commands("start")))
        bench.window.activateWindow()
        qtbot.waitUntil(bench.window.isActiveWindow)
        return bench

    yield make
    for bench in benches:
        bench.dispose()


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()


@pytest.fixture(autouse=True)
def no_widget_left_behind(qapp: QApplication) -> Iterator[None]:
    """Set up first and so taken down last: what is still there then, nobody owns."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = QApplication.topLevelWidgets()
    assert not left, f"widgets left behind: {left}"
