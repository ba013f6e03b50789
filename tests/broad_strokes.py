"""The README's three breadths of stroke, on the built-in scene: `python -m tests.broad_strokes` makes it anew."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from fnst_live.assembly import open_painter
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.video_format import VideoFormat
from fnst_live.scene.landscape import Landscape
from fnst_live.settings import LookSettings

PICTURE = Path(__file__).parents[1] / "docs" / "strokes.jpg"
PAINTED_SIZE, SHOWN_SIZE = FrameSize(1440, 1080), FrameSize(480, 360)
STROKE_SIZES = (1, 2, 4)
STYLE = "roman-mosaic-duck"
PHASE = 0.15  # of the scene, which loops
QUALITY, GAP_PX = 88, 6


def painted(stroke_size: int) -> Pixels:
    painter = open_painter(dataclasses.replace(LookSettings(), style=STYLE, stroke_size=stroke_size, stability=0.0))
    frame = Frame(Landscape(PAINTED_SIZE).picture(PHASE), 0, Fraction(1))
    return painter.pipeline_for(VideoFormat(PAINTED_SIZE, Fraction(1), Fraction(1))).process(frame).pixels


def make_broad_strokes() -> None:
    gap = np.full((SHOWN_SIZE.height, GAP_PX, 3), 255, np.uint8)
    row = [gap]
    for stroke_size in STROKE_SIZES:
        shown = Image.fromarray(painted(stroke_size)).resize(SHOWN_SIZE, Image.Resampling.LANCZOS)
        row += [np.asarray(shown), gap]
    Image.fromarray(np.hstack(row[1:-1])).save(PICTURE, quality=QUALITY)


if __name__ == "__main__":
    make_broad_strokes()
