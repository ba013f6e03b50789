"""The contracts of all five stages on one page.

A stage satisfies its Protocol by shape: it imports neither this module nor another stage. Each is called once per
frame, in order, and always on one thread: sources on the capture thread, the stabilizer's two steps on one each, the
compositor on the caller's, sinks on the writer thread. The stylizer alone, which takes each frame for itself, may be
called by several at once. Whatever a user can mend is raised as `errors.UserError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from fnst_live.frames.frame import Frame, FrameSize


class Source(Protocol):
    """Where frames come from. Iterated once, on one thread; `close` may be called from another, and twice."""

    @property
    def size(self) -> FrameSize: ...

    def __iter__(self) -> Iterator[Frame]: ...

    def close(self) -> None: ...


class Stylizer(Protocol):
    """Content to stylized picture at the size the network works at; each frame for itself, from any thread."""

    @property
    def lanes(self) -> int:
        """How many frames are worth painting at once."""

    def stylize(self, content: Frame) -> Frame:
        """Returns the stylized frame at this content's size."""


class Stabilizer(Protocol):
    """Takes the flicker out of stylized frames, with the content's motion as the guide. Holds the past."""

    def watch(self, content: Frame) -> Any:
        """What has moved since the last frame; may be called ahead of `steady`, on another thread."""

    def steady(self, stylized: Frame, motion: Any) -> Frame:
        """motion: of the content at this frame's size. Returns the steadied frame; a first one comes back as it is."""

    def reset(self) -> None:
        """Forget the past: after a seek, a style switch, a new source."""


class Compositor(Protocol):
    """Brings the painted picture and the original together: strength, color, and the output's size."""

    def compose(self, content: Frame, painted: Frame) -> Frame:
        """content at full size, painted at work size; returns a frame of content's size."""


class Sink(Protocol):
    """Where frames go. Nothing stands under the final name until `finish`."""

    def write(self, frame: Frame) -> None: ...

    def finish(self) -> None:
        """Complete the output and give it its final name."""

    def abandon(self) -> None:
        """Close what was written so far, playable, under its provisional name."""
