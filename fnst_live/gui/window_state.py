"""What the window remembers: one JSON file, written whole, read with patience.

A file from another version, or a damaged one, costs what cannot be read and nothing else.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from fnst_live import paths
from fnst_live.errors import SettingError
from fnst_live.gui.picture_layout import Comparison
from fnst_live.live_settings import LiveLook, SourceSpec

FILE_NAME = "window.json"
T = TypeVar("T")


@dataclass(frozen=True)
class WindowState:
    """geometry: as QWidget.saveGeometry gives it, in base 64. The microphone is not here: it is off at every start."""

    source: SourceSpec = field(default_factory=lambda: SourceSpec("camera"))
    look: LiveLook = field(default_factory=LiveLook)
    geometry: str = ""
    comparison: Comparison = Comparison.PAINTED
    wipe: float = 0.5
    is_panel_shown: bool = True
    is_gallery_shown: bool = True
    is_hud_shown: bool = False
    is_looping: bool = True
    has_sound: bool = True
    keeps_original: bool = False
    folder: str = ""


def state_file() -> Path:
    return paths.config_dir() / FILE_NAME


def load_state(file: Path) -> WindowState:
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return WindowState()
    return _read(WindowState(), stored if isinstance(stored, dict) else {})


def save_state(file: Path, state: WindowState) -> None:
    """Written beside and renamed. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".part")
    beside.touch(mode=0o600)  # the address of a camera may have a password in it
    beside.write_text(json.dumps(dataclasses.asdict(state), default=_plain, indent=1), encoding="utf-8")
    beside.replace(file)


def _read(default: T, stored: dict[str, Any]) -> T:
    """The default with every field that can be read; what contradicts itself is left out whole."""
    fields = {f.name: getattr(default, f.name) for f in dataclasses.fields(default)}  # type: ignore[arg-type]
    values = {name: _value(old, stored[name], name) for name, old in fields.items() if name in stored}
    try:
        return dataclasses.replace(default, **values)  # type: ignore[type-var]
    except (SettingError, TypeError, ValueError):
        return default


def _value(default: Any, stored: Any, name: str) -> Any:
    if dataclasses.is_dataclass(default):
        return _read(default, stored) if isinstance(stored, dict) else default
    if isinstance(default, Comparison):
        return Comparison(stored) if stored in {c.value for c in Comparison} else default
    if name == "path" and isinstance(stored, str):
        return Path(stored)
    if isinstance(default, float) and isinstance(stored, int):
        return float(stored)
    is_of_its_kind = default is None or isinstance(stored, type(default))
    return stored if is_of_its_kind else default


def _plain(value: object) -> str:
    return value.value if isinstance(value, Comparison) else str(value)
