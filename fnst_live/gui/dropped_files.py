"""What was dropped on the window: models to add, files to paint, and what is neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fnst_live.live_settings import PICTURE_SUFFIXES
from fnst_live.settings import VIDEO_SUFFIXES

MODEL_SUFFIXES = frozenset({".safetensors", ".pth", ".pt", ".model"})
PAINTABLE = PICTURE_SUFFIXES | VIDEO_SUFFIXES


@dataclass(frozen=True)
class DroppedFiles:
    models: tuple[Path, ...]
    paintable: tuple[Path, ...]
    unknown: tuple[Path, ...]

    @property
    def complaint(self) -> str:
        """The sentence about what cannot be used, or empty."""
        if not self.unknown:
            return ""
        names = self.unknown[0].name + (f" and {len(self.unknown) - 1} more" if len(self.unknown) > 1 else "")
        return f"{names} cannot be used: drop videos, pictures or style models"


def sort_dropped(paths: Iterable[Path]) -> DroppedFiles:
    """Folders stand for the videos and pictures directly in them."""
    models, paintable, unknown = [], [], []
    for path in paths:
        suffix = path.suffix.lower()
        if path.is_dir():
            inside = _paintable_in(path)
            paintable += inside
            unknown += [] if inside else [path]
        elif suffix in MODEL_SUFFIXES:
            models.append(path)
        elif suffix in PAINTABLE:
            paintable.append(path)
        else:
            unknown.append(path)
    return DroppedFiles(tuple(models), tuple(paintable), tuple(unknown))


def _paintable_in(folder: Path) -> list[Path]:
    """Nothing where the folder may not be read."""
    try:
        return sorted(file for file in folder.iterdir() if file.suffix.lower() in PAINTABLE)
    except OSError:
        return []
