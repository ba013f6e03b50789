"""One table of keys: none twice, each named where a user looks for it."""

from __future__ import annotations

from collections import Counter

from PyQt6.QtGui import QKeySequence

from fnst_live.gui.commands import COMMANDS, NUMBERED_STYLES, groups, tooltip
from fnst_live.gui.icons import NAMES
from fnst_live.gui.menus import FILLED, MENUS, SEPARATOR
from fnst_live.gui.shortcuts_overlay import COLUMNS

NUMBER_KEYS = [f"{prefix}{number}" for prefix in ("", "Ctrl+") for number in range(1, NUMBERED_STYLES + 1)]


def test_no_key_means_two_things() -> None:
    keys = [*(key for command in COMMANDS for key in command.keys), *NUMBER_KEYS, "Ctrl+0", "O"]
    assert not [key for key, count in Counter(keys).items() if count > 1]


def test_every_key_is_one_that_qt_knows() -> None:
    for command in COMMANDS:
        for key in command.keys:
            assert QKeySequence(key).toString(), key


def test_tooltips_name_the_key() -> None:
    for command in COMMANDS:
        for key in command.keys:
            shown = {",": "Comma", ".": "Period"}.get(key, key)
            native = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
            assert (shown if shown != key else native) in tooltip(command.name)


def test_the_overlay_lists_every_key() -> None:
    listed = {text for rows in groups().values() for text, _ in rows}
    assert {command.text.rstrip("…") for command in COMMANDS if command.keys} <= listed
    assert sorted(groups()) == sorted(name for column in COLUMNS for name in column)


def test_icons_and_menu_entries_exist() -> None:
    names = {command.name for command in COMMANDS}
    assert {command.icon for command in COMMANDS} - {""} <= NAMES
    for _, entries in MENUS:
        assert set(entries) <= names | set(FILLED) | {SEPARATOR}
