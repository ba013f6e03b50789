"""The live window's whole business without Qt: sources, styles, the runner, recording, behind quick commands.

Importing this costs nothing: whatever is heavy is imported by the threads that `start` sets to work.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fnst_live.live_events import Event
from fnst_live.live_settings import LiveLook, SourceSpec

if TYPE_CHECKING:
    from fnst_live.pipeline.live import LiveResult


class LiveSession:
    """Commands return at once; their outcome comes as an event. Both callbacks are called on core threads."""

    def __init__(self, on_frame: Callable[[], None], on_event: Callable[[Event], None]):
        """on_frame: there is a newer result to pull; carries none, so that nothing queues."""

    def start(self, source: SourceSpec, look: LiveLook) -> None:
        """Open the source, load the style, and go. Once."""

    def open_source(self, source: SourceSpec) -> None:
        """Show pictures from there; until it is open, and if it cannot be, the present source goes on."""

    def set_look(self, look: LiveLook) -> None:
        """Effective on the next frame; a style that is not loaded yet, as soon as it is."""

    def newest(self) -> LiveResult | None:
        """The newest result, or None before the first."""
        return None

    def freeze(self, frozen: bool) -> None:  # noqa: FBT001
        """Hold the picture; the look can still be changed."""

    def play(self) -> None: ...

    def pause(self) -> None: ...

    def seek(self, seconds: float) -> None: ...

    def step(self, frames: int) -> None: ...

    def set_loop(self, is_looping: bool) -> None: ...  # noqa: FBT001

    def position_s(self) -> float | None:
        """Where the clip stands, for its sound; None where there is no clip."""
        return None

    def snapshot(self, folder: Path) -> None: ...

    def start_recording(self, folder: Path, with_original: bool, with_sound: bool = False) -> None:  # noqa: FBT001, FBT002
        """with_sound: a track for what `write_sound` brings; a file must know of it from the beginning."""

    def stop_recording(self) -> None: ...

    def write_sound(self, samples: bytes, sample_rate: int, channels: int) -> None: ...

    def request_thumbnails(self, height: int) -> None: ...

    def add_model(self, file: Path) -> None: ...

    def close(self) -> None:
        """Ends everything, finishes a recording, and waits until every thread is gone."""
