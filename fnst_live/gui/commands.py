"""What can be asked for: the one table behind menus, keys, buttons, tooltips and the shortcuts overlay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction, QKeySequence

from fnst_live.gui import icons

NUMBERED_STYLES = 9


@dataclass(frozen=True)
class Command:
    """text: as in a menu. tip: what a tooltip says more. keys: portable texts of key sequences, the first is shown."""

    name: str
    text: str
    keys: tuple[str, ...] = ()
    group: str = ""
    tip: str = ""
    icon: str = ""
    is_switch: bool = False


COMMANDS = (
    Command("choose_source", "Choose a source", ("C",), "Source", "Camera, video, picture, screen, built-in scene"),
    Command("open_file", "Open video or picture…", ("Ctrl+O",), "Source", icon="video"),
    Command("open_address", "Open a camera in the network…", ("Ctrl+U",), "Source",
            "A phone or another camera that sends its picture to an address", "network"),
    Command("show_screen", "This screen", ("Ctrl+D",), "Source", "What is seen on it, painted", "screen"),
    Command("play_scene", "Built-in scene", ("Ctrl+B",), "Source", icon="scene"),
    Command("freeze", "Freeze the picture", ("Z",), "Source", "Hold the picture still; the camera goes on", "freeze",
            is_switch=True),
    Command("play", "Play or pause", ("Space",), "Video", icon="play"),
    Command("step_back", "One frame back", (",",), "Video", icon="step_back"),
    Command("step_forward", "One frame forward", (".",), "Video", icon="step_forward"),
    Command("seek_back", "Five seconds back", ("Shift+Left",), "Video"),
    Command("seek_forward", "Five seconds forward", ("Shift+Right",), "Video"),
    Command("loop", "Loop", ("L",), "Video", "Begin anew at the end", "loop", is_switch=True),
    Command("sound", "Sound of the video", ("N",), "Video", icon="volume", is_switch=True),
    Command("choose_style", "Choose a style", ("T",), "Style", "The painting that the picture is painted after"),
    Command("previous_style", "Previous style", ("Left",), "Style"),
    Command("next_style", "Next style", ("Right",), "Style"),
    Command("choose_second_style", "Choose a second style", ("X",), "Style", "Mix a second style into the first"),
    Command("swap_styles", "Swap the two styles", ("Shift+X",), "Style", icon="swap"),
    Command("learn_style", "Learn a style from a painting…", ("Ctrl+L",), "Style",
            "In two minutes, beside the picture; then it is one of your styles"),
    Command("add_style", "Add a style model…", (), "Style", "Copy a model file into your styles"),
    Command("stronger", "More painting", ("Up",), "Look"),
    Command("weaker", "Less painting", ("Down",), "Look"),
    Command("focus_strength", "Strength", ("Shift+S",), "Look", "How much of the painting: at 0 the original"),
    Command("focus_mix", "Mix", ("Shift+M",), "Look", "How much of the second style"),
    Command("focus_stability", "Stability", ("Shift+T",), "Look", "How firmly flicker is held down"),
    Command("focus_detail", "Detail", ("Shift+D",), "Look",
            "Lines that are painted: fewer is faster and broader in stroke; auto keeps the rate"),
    Command("focus_strokes", "Strokes", ("Shift+B",), "Look",
            "How broad strokes are; auto: as broad in a large picture as in a small one"),
    Command("focus_enlarge", "Enlarge", ("Shift+E",), "Look",
            "Crisp edges from a second network: with half the detail as large a picture, and faster"),
    Command("focus_rate", "Target rate", ("Shift+F",), "Look", "The frames a second that auto detail holds"),
    Command("keep_color", "Keep color", ("K",), "Look", "Paint in brightness only, in the colors of the original",
            is_switch=True),
    Command("show_painted", "Painted", ("P",), "Compare", "The painted picture alone", "painted",
            is_switch=True),
    Command("show_wipe", "Wipe", ("W",), "Compare", "Original left, painted right, with a handle to drag", "wipe",
            is_switch=True),
    Command("show_side_by_side", "Side by side", ("D",), "Compare", "Original and painted beside each other",
            "side_by_side", is_switch=True),
    Command("wipe_left", "Handle to the left", ("Alt+Left",), "Compare"),
    Command("wipe_right", "Handle to the right", ("Alt+Right",), "Compare"),
    Command("hold_original", "Original", (), "Compare", "The original, while held", "eye"),
    Command("mirror", "Mirror", ("M",), "View", "As in a mirror", "mirror", is_switch=True),
    Command("show_hud", "Speed display", ("H",), "View", "Rate, delay and what limits them", "hud", is_switch=True),
    Command("show_panel", "Controls", ("B",), "View", "Show or hide the controls", "panel", is_switch=True),
    Command("show_gallery", "Gallery", ("G",), "View", "The picture in every style", is_switch=True),
    Command("full_screen", "Full screen", ("F11", "F"), "View", "Nothing but the picture", "full_screen",
            is_switch=True),
    Command("leave", "Close what lies on top", ("Esc",), "View"),
    Command("snapshot", "Take a snapshot", ("S",), "Keep", "Save the picture as it is shown", "snapshot"),
    Command("record", "Record", ("R",), "Keep", "Record the painted video", "record", is_switch=True),
    Command("keep_original", "Record the original beside", ("Shift+R",), "Keep",
            "A second file without paint", is_switch=True),
    Command("broadcast", "Virtual camera", ("V",), "Keep", "Calls and streams see the painted picture as a camera",
            "broadcast", is_switch=True),
    Command("microphone", "Record with microphone", ("A",), "Keep", "Sound for recordings; off at every start",
            "microphone", is_switch=True),
    Command("export", "Paint files…", ("Ctrl+E",), "Keep", "Paint whole videos and pictures into new files"),
    Command("shortcuts", "Keyboard shortcuts", ("?", "F1"), "Help"),
    Command("open_models", "Open the styles folder", (), "Help"),
    Command("about", "About fnst-live", (), "Help"),
    Command("quit", "Quit", ("Ctrl+Q",), "Help"),
)
# what the overlay lists beside the table: keys that are held, and whole rows of keys
EXTRA_KEYS: dict[str, tuple[tuple[str, str], ...]] = {
    "Style": (("Style 1 to 9", f"1 … {NUMBERED_STYLES}"), ("Mix with style 1 to 9, none", "Ctrl+1 … 9, 0")),
    "Compare": (("Original, while held", "O"),),
}


class Actions(QObject):
    """One QAction for each command, by name: `actions["snapshot"]`."""

    def __init__(self, parent: QObject):
        super().__init__(parent)
        self._actions = {command.name: _action(command, parent) for command in COMMANDS}

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())


def groups() -> dict[str, list[tuple[str, str]]]:
    """What the overlay shows: per group (text, keys), in the order of the table."""
    table: dict[str, list[tuple[str, str]]] = {}
    for command in COMMANDS:
        rows = table.setdefault(command.group, [])
        if command.keys:
            rows.append((command.text.rstrip("…"), " or ".join(_native(key) for key in command.keys)))
    for group, more in EXTRA_KEYS.items():
        table[group] += more
    return table


def tooltip(name: str, text: str = "") -> str:
    """What it is, and its key: every control shows this."""
    command = next(command for command in COMMANDS if command.name == name)
    what = text or (f"{command.text.rstrip('…')}: {command.tip[0].lower()}{command.tip[1:]}" if command.tip
                    else command.text.rstrip("…"))
    keys = "O, held" if name == "hold_original" else " or ".join(_native(key) for key in command.keys)
    return f"{what}  ({keys})" if keys else what


def _action(command: Command, parent: QObject) -> QAction:
    action = QAction(command.text, parent)
    action.setObjectName(command.name)
    action.setShortcuts([QKeySequence(key) for key in command.keys])
    action.setCheckable(command.is_switch)
    action.setToolTip(tooltip(command.name))
    if command.icon:
        action.setIcon(icons.icon(command.icon))
        action.setIconVisibleInMenu(False)
    return action


def _native(key: str) -> str:
    """A lone comma or period would be overlooked."""
    lone = {",": "Comma", ".": "Period"}
    return lone.get(key) or QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
