"""The menu bar, as on any desktop app. Every entry is a command of the table or fills itself when it opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtWidgets import QMenu, QMenuBar

from fnst_live.gui.commands import Actions

SEPARATOR = ""
MENUS = (
    ("&File", ("open_file", "CAMERAS", "open_address", "show_screen", "play_scene", SEPARATOR, "export", SEPARATOR,
               "snapshot", "record", "keep_original", "microphone", "broadcast", SEPARATOR, "quit")),
    ("&Style", ("STYLES", SEPARATOR, "previous_style", "next_style", SEPARATOR, "SECOND", "swap_styles", SEPARATOR,
                "keep_color", "stronger", "weaker", SEPARATOR, "learn_style", "add_style", "open_models")),
    ("&Playback", ("play", "step_back", "step_forward", "seek_back", "seek_forward", "loop", "sound", SEPARATOR,
                   "freeze")),
    ("&View", ("show_painted", "show_wipe", "show_side_by_side", SEPARATOR, "mirror", "show_hud", SEPARATOR,
               "show_panel", "show_gallery", "full_screen")),
    ("&Help", ("shortcuts", "about")),
)
FILLED = {"CAMERAS": "Camera and modes", "STYLES": "Paint after", "SECOND": "Mix with"}


@dataclass(frozen=True)
class MenuFillers:
    """Each fills its menu when it is about to open."""

    cameras: Callable[[QMenu], None]
    styles: Callable[[QMenu], None]
    second_styles: Callable[[QMenu], None]

    def of(self, name: str) -> Callable[[QMenu], None]:
        return {"CAMERAS": self.cameras, "STYLES": self.styles, "SECOND": self.second_styles}[name]


def fill_menu_bar(bar: QMenuBar, actions: Actions, fillers: MenuFillers) -> None:
    for title, entries in MENUS:
        menu = QMenu(title, bar)
        bar.addMenu(menu)
        for entry in entries:
            if entry == SEPARATOR:
                menu.addSeparator()
            elif entry in FILLED:
                menu.addMenu(_filled(FILLED[entry], menu, fillers.of(entry)))
            else:
                menu.addAction(actions[entry])


def _filled(title: str, parent: QMenu, fill: Callable[[QMenu], None]) -> QMenu:
    menu = QMenu(title, parent)
    menu.aboutToShow.connect(lambda: fill(menu))
    return menu
