"""The README's moving picture, the built-in scene frame by frame and steadied: `python -m tests.before_and_after`
makes it anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from fnst_live.assembly import open_painter
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.video_format import VideoFormat
from fnst_live.scene.landscape import Landscape
from fnst_live.settings import LookSettings

PICTURE = Path(__file__).parents[1] / "docs" / "steady.webp"
PAINTED_SIZE, SHOWN_SIZE = FrameSize(640, 480), FrameSize(320, 240)
RATE, LOOP_S, SECONDS = 15, 10, 2  # of the scene, which loops
STYLE = "starry-night"
QUALITY, GAP_PX = 40, 4


def scene() -> Iterator[Frame]:
    landscape = Landscape(PAINTED_SIZE)
    for index in range(RATE * SECONDS):
        yield Frame(landscape.picture(index / (RATE * LOOP_S)), index, Fraction(1, RATE), index)


def painted(stability: float) -> list[Pixels]:
    painter = open_painter(dataclasses.replace(LookSettings(), style=STYLE, stability=stability))
    pipeline = painter.pipeline_for(VideoFormat(PAINTED_SIZE, Fraction(RATE), Fraction(1, RATE)))
    return [pipeline.process(frame).pixels for frame in scene()]


def side_by_side(left: Pixels, right: Pixels) -> Image.Image:
    shown = [Image.fromarray(pixels).resize(SHOWN_SIZE, Image.Resampling.LANCZOS) for pixels in (left, right)]
    gap = np.full((SHOWN_SIZE.height, GAP_PX, 3), 255, np.uint8)
    return Image.fromarray(np.hstack([np.asarray(shown[0]), gap, np.asarray(shown[1])]))


def make_before_and_after() -> None:
    pairs = zip(painted(0), painted(LookSettings().stability), strict=True)
    first, *others = [side_by_side(*pair) for pair in pairs]
    first.save(PICTURE, save_all=True, append_images=others, duration=1000 // RATE, loop=0, quality=QUALITY)


if __name__ == "__main__":
    make_before_and_after()
