"""A style as the window shows it: a title, a line about it, and a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fnst_live import paths

if TYPE_CHECKING:
    from fnst_live.style_library import StyleEntry


@dataclass(frozen=True)
class StyleChoice:
    """name: what the command line calls it. caption: painter and year, where they are known. preview: may not exist."""

    name: str
    title: str
    caption: str
    preview: Path

    @classmethod
    def of(cls, entry: StyleEntry) -> StyleChoice:
        caption = ", ".join(part for part in (entry.painter, entry.year) if part)
        return cls(entry.name, entry.work or entry.name, caption, paths.assets_dir() / "previews" / f"{entry.name}.jpg")

    @property
    def description(self) -> str:
        return f"{self.title}, {self.caption}" if self.caption else self.title


def installed_styles() -> list[StyleChoice]:
    from fnst_live.style_library import list_styles

    return [StyleChoice.of(entry) for entry in list_styles()]
