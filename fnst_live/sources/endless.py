"""Sources that never end, for live use: the built-in scene at its own pace, and a picture that just stands there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.resize import resize, within_lines
from fnst_live.scene.landscape import Landscape
from fnst_live.sources.pace import Pace
from fnst_live.sources.picture import read_picture
from fnst_live.sources.scene import LOOP_S

SCENE_SIZE = FrameSize(854, 480)  # of the shape of most screens
SCENE_RATE = Fraction(30)


class LiveScene:
    """Satisfies `pipeline.stages.Source`. Frames that come too late are not drawn: the index has a gap there."""

    def __init__(self, size: FrameSize = SCENE_SIZE, frame_rate: Fraction = SCENE_RATE):
        self.size, self.frame_rate = size, float(frame_rate)
        self._time_base = 1 / frame_rate
        self._pace = Pace()
        self._landscape = Landscape(size)

    def __iter__(self) -> Iterator[Frame]:
        self._pace.run()
        index = 0
        while self._pace.wait_until(float(index * self._time_base)):
            pixels = self._landscape.picture(float(index * self._time_base / LOOP_S % 1))
            yield Frame(pixels, index, self._time_base, 1, index, time.monotonic())
            index = max(index + 1, int(self._pace.now_s / self._time_base))

    def close(self) -> None:
        self._pace.close()


class LivePicture:
    """Satisfies `pipeline.stages.Source`. One frame, and then nothing until it is closed.

    warnings: one sentence each.
    """

    frame_rate = 1.0

    def __init__(self, path: Path, most_lines: int):
        """Raises InputError."""
        picture = read_picture(path)
        self.warnings = picture.warnings
        pixels = picture.frame.pixels
        self._pixels = resize(pixels, within_lines(picture.frame.size, most_lines))
        self.size = FrameSize(self._pixels.shape[1], self._pixels.shape[0])
        self._closing = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        yield Frame(self._pixels, 0, Fraction(1), captured_s=time.monotonic())
        self._closing.wait()

    def close(self) -> None:
        self._closing.set()
