"""The current frame in every style, small, for the gallery. On a thread of its own, which only asks and waits.

The painting itself is done by the painting thread, one small picture between two frames: at so few lines it costs less
than a tenth of a frame. A second engine beside it would share the same cores, and a thread of low priority could keep
all others waiting for the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path

from fnst_live.errors import UserError
from fnst_live.frames.frame import Frame, Pixels
from fnst_live.live.painter import thumbnail_of
from fnst_live.live.palette import OpenModel, Palette
from fnst_live.live_events import Event, Thumbnails
from fnst_live.live_settings import LiveLook
from fnst_live.pipeline.live import Finished, LiveRunner
from fnst_live.style_library import StyleEntry, list_styles


class ThumbnailMaker:
    """A newer request gives an older one up, and so does another source."""

    def __init__(self, runner: LiveRunner, palette: Palette, on_event: Callable[[Event], None]):
        self._runner, self._palette, self._on_event = runner, palette, on_event
        self._request = 0

    def ask(self) -> int:
        """Quick, from any thread. The number of the request."""
        self._request += 1
        return self._request

    def give_up(self) -> None:
        self._request += 1

    def make(self, request: int, finished: Finished, engine: str, lines: int, in_use: OpenModel | None) -> None:
        """One event per model file, those of loaded models first. in_use: a model that must stay loaded."""
        generation = finished.sketch.captured.generation
        for entries in self._styles_by_file(engine):
            pictures: dict[str, Pixels] = {}
            for entry in entries:
                if request != self._request or generation != self._runner.generation:
                    return
                look = LiveLook(entry.name, engine=engine)
                picture = self._thumbnail(finished.sketch.content, look, lines, in_use)
                if picture is not None:
                    pictures[entry.name] = picture
            if pictures:
                self._on_event(Thumbnails(pictures, generation))

    def _styles_by_file(self, engine: str) -> list[list[StyleEntry]]:
        files: dict[Path, list[StyleEntry]] = {}
        for entry in list_styles():
            files.setdefault(entry.file, []).append(entry)

        def is_unloaded(entries: list[StyleEntry]) -> bool:
            return self._palette.brush_for(LiveLook(entries[0].name, engine=engine)) is None

        return sorted(files.values(), key=is_unloaded)

    def _thumbnail(self, content: Frame, look: LiveLook, lines: int, in_use: OpenModel | None) -> Pixels | None:
        """None where the style cannot be loaded, which is told when it is chosen, and where all is being closed."""
        try:
            self._palette.load(look, sparing=in_use)
        except UserError:
            return None
        brush = self._palette.brush_for(look)
        if brush is None:
            return None
        try:
            return self._runner.between_frames(lambda: thumbnail_of(content, brush, lines)).result().pixels
        except CancelledError:
            return None
