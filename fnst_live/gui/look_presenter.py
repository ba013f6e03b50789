"""Styles and look: what the user sets becomes one frozen `LiveLook`, sent whole, and shown by every view alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from PyQt6.QtCore import QObject, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QMenu

from fnst_live import paths
from fnst_live.gui.main_window import MainWindow
from fnst_live.gui.session import Session
from fnst_live.gui.style_choice import StyleChoice
from fnst_live.gui.style_keys import StyleKeys
from fnst_live.live_events import Event, ModelAdded, StylesChanged
from fnst_live.live_settings import LiveLook

STRENGTH_STEP = 0.05
FIRST_MIX = 0.5  # where the slider stands when a second style comes in


class LookPresenter(QObject):
    """The session is told of a change before the views are, so that it takes the nearest frame."""

    def __init__(self, window: MainWindow, session: Session, look: LiveLook,
                 list_styles: Callable[[], Sequence[StyleChoice]]):
        super().__init__(window)
        self._window = window
        self._session = session
        self._list_styles = list_styles
        self._styles: Sequence[StyleChoice] = ()
        self.look = look
        self._connect()
        self.show_styles()

    @property
    def style_names(self) -> list[str]:
        return [style.name for style in self._styles]

    def show_styles(self) -> None:
        """Also when the folder of models has changed."""
        self._styles = self._list_styles()
        for view in (self._window.gallery, self._window.style_picker, self._window.panel):
            view.show_styles(self._styles)
        self._show()

    def choose(self, name: str) -> None:
        """A style that is mixed in already changes places with the first."""
        if name == self.look.second_style:
            self.swap()
        else:
            self.change(style=name)

    def mix_in(self, name: str) -> None:
        if name and name != self.look.style:
            self.change(second_style=name)
        else:
            self.change(second_style=None)

    def swap(self) -> None:
        second = self.look.second_style
        if second is not None:
            self.change(style=second, second_style=self.look.style, mix=1 - self.look.mix)

    def change(self, **values: Any) -> None:
        look = dataclasses.replace(self.look, **values)
        if look.second_style is not None and self.look.second_style is None and look.mix == 0:
            look = dataclasses.replace(look, mix=FIRST_MIX)
        if look == self.look:
            return
        self.look = look
        self._session.set_look(look)
        self._show()

    def on_event(self, event: Event) -> None:
        if isinstance(event, StylesChanged):
            self.show_styles()
        elif isinstance(event, ModelAdded):
            self.show_styles()
            self._tell_added(event.names)

    def _tell_added(self, names: Sequence[str]) -> None:
        """The first is shown at once."""
        if names:
            title = next((style.title for style in self._styles if style.name == names[0]), names[0])
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            self._window.toast.show_text(f"Added: {title}{more}")
            self.choose(names[0])

    def fill_styles(self, menu: QMenu) -> None:
        menu.clear()
        for style in self._styles:
            self._add_choice(menu, style.title, self.choose, style.name, is_on=style.name == self.look.style)

    def fill_second_styles(self, menu: QMenu) -> None:
        menu.clear()
        self._add_choice(menu, "Nothing", self.mix_in, "", is_on=self.look.second_style is None)
        menu.addSeparator()
        for style in self._styles:
            self._add_choice(menu, style.title, self.mix_in, style.name, is_on=style.name == self.look.second_style)

    def _add_choice(self, menu: QMenu, text: str, choose: Callable[[str], None], name: str, *, is_on: bool) -> None:
        action = menu.addAction(text)
        if action is not None:
            action.setCheckable(True)
            action.setChecked(is_on)
            action.triggered.connect(lambda: choose(name))

    def _connect(self) -> None:
        window, actions = self._window, self._window.actions_
        keys = StyleKeys(window)
        keys.chosen.connect(lambda position: self._choose_at(position, self.choose))
        keys.mixed_in.connect(lambda position: self._choose_at(position, self.mix_in))
        window.style_picker.chosen.connect(self.choose)
        window.gallery.chosen.connect(self.choose)
        window.gallery.mixed_in.connect(self.mix_in)
        window.panel.edited.connect(self._on_edit)
        for name, slot in (
            ("previous_style", lambda: self._step(-1)), ("next_style", lambda: self._step(1)),
            ("stronger", lambda: self._strengthen(STRENGTH_STEP)), ("weaker", lambda: self._strengthen(-STRENGTH_STEP)),
            ("swap_styles", self.swap), ("open_models", _open_models),
            ("choose_style", window.style_picker.showPopup),
            ("choose_second_style", window.panel.second_style.showPopup),
        ):
            actions[name].triggered.connect(slot)
        for name in ("keep_color", "mirror"):
            actions[name].triggered.connect(lambda is_on, name=name: self.change(**{name: is_on}))
        self._connect_focus()

    def _connect_focus(self) -> None:
        panel, actions = self._window.panel, self._window.actions_
        for name, control in (("strength", panel.strength), ("stability", panel.stability), ("mix", panel.mix),
                              ("detail", panel.detail), ("strokes", panel.strokes), ("enlarge", panel.enlarge),
                              ("rate", panel.target_fps)):
            actions[f"focus_{name}"].triggered.connect(control.setFocus)

    def _on_edit(self, field: str, value: object) -> None:
        if field == "second_style":
            self.mix_in(str(value or ""))
        else:
            self.change(**{field: value})

    def _choose_at(self, position: int, choose: Callable[[str], None]) -> None:
        if position < 0:
            choose("")
        elif position < len(self._styles):
            choose(self._styles[position].name)

    def _step(self, by: int) -> None:
        names = self.style_names
        if names:
            here = names.index(self.look.style) if self.look.style in names else -max(by, 0)
            self.change(style=names[(here + by) % len(names)])

    def _strengthen(self, by: float) -> None:
        self.change(strength=round(min(1.0, max(0.0, self.look.strength + by)), 2))

    def _show(self) -> None:
        window, look = self._window, self.look
        window.gallery.show_current(look.style, look.second_style)
        window.style_picker.show_current(look.style)
        window.panel.show_look(look)
        window.actions_["keep_color"].setChecked(look.keep_color)
        window.actions_["mirror"].setChecked(look.mirror)
        window.actions_["swap_styles"].setEnabled(look.second_style is not None)


def _open_models() -> None:
    folder = paths.user_models_dir()
    folder.mkdir(parents=True, exist_ok=True)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
