"""What everything is measured on: the built-in scene at one size, as frames in memory and as a clip on disk."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.sinks.video_file import VideoFileSink
from fnst_live.sources.scene import SceneSource

FRAME_RATE = Fraction(30)
FRAME_COUNT = 12  # in memory; enough that no cache knows them all
FEWEST_FRAMES = 2
LARGEST_WHOLE = FrameSize(1920, 1080)  # larger ones have fewer frames, so that no figure takes many times as long
CLIP_ROUNDS = 3   # to and fro


@dataclass(frozen=True, eq=False)
class Material:
    """frames: consecutive ones of the scene. clip: the same, played to and fro some times. clip_frame_count: of it."""

    format: VideoFormat
    frames: Sequence[Frame]
    clip: Path
    clip_frame_count: int

    @property
    def size(self) -> FrameSize:
        return self.format.size


def make_material(size: FrameSize, folder: Path) -> Material:
    """Draws the scene and writes the clip. Raises OutputError."""
    scene = SceneSource(size, FRAME_RATE, frame_count_at(size) / float(FRAME_RATE))
    frames = list(scene)
    clip, count = folder / f"scene-{size}.mp4", CLIP_ROUNDS * len(to_and_fro(frames))
    write_clip(clip, scene.format, itertools.islice(endless(frames), count))
    return Material(scene.format, frames, clip, count)


def frame_count_at(size: FrameSize) -> int:
    """In memory, on which the length of all clips depends: as many pixels as at LARGEST_WHOLE, in whole frames."""
    most_pixels = FRAME_COUNT * LARGEST_WHOLE.width * LARGEST_WHOLE.height
    return min(FRAME_COUNT, max(FEWEST_FRAMES, most_pixels // (size.width * size.height)))


def is_large(size: FrameSize) -> bool:
    """Whether there are fewer frames of it than of others, and are to be fewer runs."""
    return frame_count_at(size) < FRAME_COUNT


def write_clip(clip: Path, video_format: VideoFormat, frames: Iterator[Frame]) -> None:
    """As `fnst-live video` does. Raises OutputError."""
    sink = VideoFileSink(clip, video_format)
    try:
        for frame in frames:
            sink.write(frame)
    except BaseException:
        sink.abandon()
        raise
    sink.finish()


def to_and_fro(frames: Sequence[Frame]) -> list[Frame]:
    """One round: a motion that goes on where it ends, without a jump that would be taken for a cut."""
    return [*frames, *reversed(frames[1:-1])]


def endless(frames: Sequence[Frame]) -> Iterator[Frame]:
    """Round after round, each frame at its own time."""
    for index, frame in enumerate(itertools.cycle(to_and_fro(frames))):
        yield dataclasses.replace(frame, pts=index, index=index)
