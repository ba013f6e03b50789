"""A style learned from a painting while the picture goes on: how far it is, and when it is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog

from fnst_live.gui.lesson import Lesson
from fnst_live.gui.main_window import MainWindow
from fnst_live.gui.session import Session
from fnst_live.live_settings import PICTURE_SUFFIXES
from fnst_live.settings import DEFAULT_STYLE
from fnst_live.style_library import list_styles


class LessonPresenter(QObject):
    """One lesson at a time. What was learned is added as any model is."""

    def __init__(self, window: MainWindow, session: Session, folder: Callable[[], str]):
        """folder: where to look for paintings first."""
        super().__init__(window)
        self._window, self._session, self._folder = window, session, folder
        self._action = window.actions_["learn_style"]
        self._action_text = self._action.text()
        self._lesson: Lesson | None = None   # the last one; its file lies there until the next
        self._is_learning = False
        self.make_lesson: Callable[..., Lesson] = Lesson
        self._action.triggered.connect(self._on_action)

    def learn(self, painting: Path) -> None:
        self.close()
        base = _shipped_model()
        if base is None:
            self._window.banner.show_error("there is no style model to learn with: install fnst-live again")
            return
        lesson = self._lesson = self.make_lesson(painting, base, parent=self)
        lesson.progressed.connect(lambda percent: self._show_progress(lesson.name, percent))
        lesson.learned.connect(self._on_learned)
        lesson.failed.connect(self._on_failed)
        self._show_learning(is_on=True)
        self._show_progress(lesson.name, 0)
        lesson.start()

    def close(self) -> None:
        if self._lesson is not None:
            self._lesson.abandon()
            self._lesson = None
        self._show_learning(is_on=False)

    def _on_action(self) -> None:
        if self._is_learning and self._lesson is not None:
            self._lesson.stop()
            return
        patterns = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        file, _ = QFileDialog.getOpenFileName(
            self._window, "A painting to learn from", self._folder(), f"Pictures ({patterns})")
        if file:
            self.learn(Path(file))

    def _on_learned(self, file: Path) -> None:
        self._show_learning(is_on=False)
        self._session.add_model(file)

    def _on_failed(self, sentence: str) -> None:
        self._show_learning(is_on=False)
        self._window.banner.show_error(sentence)

    def _show_learning(self, *, is_on: bool) -> None:
        self._is_learning = is_on
        self._action.setText("Learn no further" if is_on else self._action_text)

    def _show_progress(self, name: str, percent: int) -> None:
        self._window.toast.show_text(f"Learning {name}: {percent} %")


def _shipped_model() -> Path | None:
    """What is learned with its network mixes with the styles that ship."""
    entries = list_styles()
    files = [entry.file for entry in entries if entry.name == DEFAULT_STYLE] or [entry.file for entry in entries]
    return files[0] if files else None
