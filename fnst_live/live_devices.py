"""What the window may ask about cameras and the sound of clips, without importing a stage itself.

Importing this costs nothing; listing cameras opens none of them for pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fnst_live.live_settings import SourceSpec

if TYPE_CHECKING:
    from fnst_live.sources.clip_sound import SoundChunk


@dataclass(frozen=True)
class CameraChoice:
    """A camera as a menu shows it. problem: why it cannot be used, or empty. modes: the one to prefer first."""

    name: str
    path: Path
    problem: str = ""
    modes: tuple[SourceSpec, ...] = ()


class ClipSoundChunks(Protocol):
    """Iterated once, on any thread; `close` may be called from another."""

    def __iter__(self) -> Iterator[SoundChunk]: ...

    def close(self) -> None: ...


def camera_choices() -> list[CameraChoice]:
    """All cameras, those that cannot be used too."""
    from fnst_live.sources.devices import list_cameras

    return [CameraChoice(camera.name, camera.path, camera.problem) for camera in list_cameras()]


def open_clip_sound(path: Path, start_s: float) -> ClipSoundChunks:
    """Raises InputError."""
    from fnst_live.sources.clip_sound import ClipSound

    return ClipSound(path, start_s)
