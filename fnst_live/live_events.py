"""What a live session tells its window: one frozen event each, sent from core threads.

Sentences are for the user, one line each: what is wrong, and what to do.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from fnst_live.errors import UserError

if TYPE_CHECKING:
    from fnst_live.frames.frame import FrameSize, Pixels
    from fnst_live.live_settings import SourceSpec


@dataclass(frozen=True)
class SourceOpened:
    """Pictures come from here now. spec: with what was chosen for it filled in. duration_s: of a clip."""

    spec: SourceSpec
    name: str
    size: FrameSize
    fps: float
    duration_s: float | None = None


@dataclass(frozen=True)
class SourceLost:
    """The camera is gone; it is looked for until it returns, and the last picture stays."""

    sentence: str


@dataclass(frozen=True)
class SourceBack:
    """The camera that was lost gives pictures again."""


@dataclass(frozen=True)
class SourceEnded:
    """A clip that does not loop has reached its end; it stands there, and can be played or sought."""


@dataclass(frozen=True)
class StyleChanged:
    """From the next result on, this style is shown."""

    name: str


@dataclass(frozen=True)
class StylesChanged:
    """A model file came, went or changed: list the styles anew."""


@dataclass(frozen=True)
class EngineReady:
    """What runs the network now."""

    name: str
    precision: str


@dataclass(frozen=True)
class Failed:
    """Something that was asked for did not work; everything else goes on. details: for whoever helps, may be long."""

    sentence: str
    details: str = ""

    @classmethod
    def of(cls, error: Exception) -> Self:
        """The user's sentence; what is no user's fault tells where it happened."""
        details = "".join(traceback.format_exception(error))
        if isinstance(error, UserError):
            return cls(str(error), details)
        return cls(f"something went wrong ({type(error).__name__}): the details tell where", details)


@dataclass(frozen=True)
class Notice:
    """Worth knowing; nothing failed."""

    sentence: str


@dataclass(frozen=True)
class SnapshotSaved:
    path: Path


@dataclass(frozen=True)
class RecordingStarted:
    """paths: where the files will be: the painted one, then the untouched camera's if it was wanted."""

    paths: tuple[Path, ...]


@dataclass(frozen=True)
class RecordingSaved:
    """warnings: one sentence each."""

    paths: tuple[Path, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordingLost:
    """It has ended by itself, or could not begin; a `Failed` tells why. What was written so far stays."""


@dataclass(frozen=True)
class BroadcastStarted:
    """Other programs see the painted picture as a camera of this name."""

    camera_name: str


@dataclass(frozen=True)
class BroadcastEnded:
    """They do not any more, or it could not begin; a `Failed` tells why, if nobody asked for it."""


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """The current frame in some styles, those of one model file at a time. generation: as in `LiveResult`."""

    pictures: Mapping[str, Pixels]
    generation: int


@dataclass(frozen=True)
class ModelAdded:
    """The styles of a model that was taken over into the user's folder."""

    names: tuple[str, ...]


Event = (
    SourceOpened | SourceLost | SourceBack | SourceEnded | StyleChanged | StylesChanged | EngineReady | Failed | Notice
    | SnapshotSaved | RecordingStarted | RecordingSaved | RecordingLost | BroadcastStarted | BroadcastEnded | Thumbnails
    | ModelAdded
)
