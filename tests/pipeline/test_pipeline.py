"""What happens to one frame, and in which order."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from fnst_live.frames.frame import Frame
from fnst_live.pipeline.pipeline import Pipeline, Unpainted


class Recorder:
    """All three stages in one: each notes what it was given."""

    lanes = 2

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int]] = []

    def stylize(self, content: Frame) -> Frame:
        self.calls.append(("stylize", content.size.width, 0))
        return content.with_pixels(content.pixels + 1)

    def watch(self, content: Frame) -> str:
        self.calls.append(("watch", content.size.width, 0))
        return "moved"

    def steady(self, stylized: Frame, motion: str) -> Frame:
        assert motion == "moved"
        self.calls.append(("steady", 0, stylized.size.width))
        return stylized.with_pixels(stylized.pixels + 2)

    def reset(self) -> None: ...

    def compose(self, content: Frame, painted: Frame) -> Frame:
        self.calls.append(("compose", content.size.width, painted.size.width))
        return content.with_pixels(content.pixels + painted.pixels[0, 0, 0])


def test_stages_run_in_order_at_their_sizes() -> None:
    recorder = Recorder()
    pipeline = Pipeline(
        lambda frame: frame.with_pixels(frame.pixels[::2, ::2]), recorder, recorder, recorder
    )
    frame = Frame(np.zeros((8, 8, 3), np.uint8), pts=3, time_base=Fraction(1, 25), index=9)
    result = pipeline.process(frame)
    assert recorder.calls == [("stylize", 4, 0), ("watch", 4, 0), ("steady", 0, 4), ("compose", 8, 4)]
    assert (result.size, result.pts, result.index) == (frame.size, 3, 9)
    assert int(result.pixels[0, 0, 0]) == 3


def test_unpainted_frames_pass_untouched() -> None:
    frame = Frame(np.zeros((8, 8, 3), np.uint8), pts=3, time_base=Fraction(1, 25))
    unpainted = Unpainted()
    assert unpainted.process(frame) is unpainted.finish(unpainted.watch(unpainted.paint(frame))) is frame
