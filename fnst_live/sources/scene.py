"""The built-in scene as a source: what plays where there is no camera, and what `fnst-live demo` paints."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.scene.landscape import Landscape

LOOP_S = 10


class SceneSource:
    """Satisfies `pipeline.stages.Source`. It loops every ten seconds, without a seam.

    seconds: how long it plays. format: what every frame looks like; pts count frames.
    """

    def __init__(self, size: FrameSize, frame_rate: Fraction, seconds: float):
        self.format = VideoFormat(size, 1 / frame_rate, frame_rate)
        self.frame_count = max(1, round(seconds * frame_rate))
        self._landscape = Landscape(size)
        self._is_closed = False

    @property
    def size(self) -> FrameSize:
        return self.format.size

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.frame_count):
            if self._is_closed:
                return
            phase = float(index * self.format.time_base / LOOP_S % 1)
            pixels = self._landscape.picture(phase)
            yield Frame(pixels, index, self.format.time_base, 1, index, time.monotonic())

    def close(self) -> None:
        self._is_closed = True
