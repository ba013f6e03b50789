"""The built-in scene with a cut in it: a camera that moves, water, foliage, and suddenly a close look at the shore."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.scene.landscape import Landscape
from fnst_live.stabilize.stabilizer import FlowStabilizer

SIZE = FrameSize(192, 144)
RATE = Fraction(30)
CUT = 8           # the first frame of the second view
FRAME_COUNT = 14
CLOSE_UP = (slice(96, 144), slice(0, 64))  # of the same picture, a third as wide and high


@pytest.fixture(scope="module")
def scene_with_cut() -> list[Frame]:
    landscape = Landscape(SIZE)
    views = [landscape.picture(float(index / RATE / 10)) for index in range(FRAME_COUNT)]
    shown = [view if index < CUT else close_up(view) for index, view in enumerate(views)]
    return [Frame(pixels, index, 1 / RATE, 1, index) for index, pixels in enumerate(shown)]


def close_up(picture: Pixels) -> Pixels:
    return np.asarray(cv2.resize(picture[CLOSE_UP], SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)


def painted(frame: Frame) -> Frame:
    """Strokes that flicker: broad ones that follow the picture, and noise that does not."""
    rng = np.random.default_rng(frame.index)
    strokes = cv2.blur(rng.normal(0, 60, frame.pixels.shape), (3, 3))
    return frame.with_pixels(np.clip(cv2.medianBlur(frame.pixels, 5) + strokes, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("exact", [True, False], ids=["video", "live"])
def test_the_first_frame_after_the_cut_is_the_painted_one_and_the_next_are_steadied(
    scene_with_cut: list[Frame], *, exact: bool
) -> None:
    stabilizer = FlowStabilizer(0.8, exact=exact)
    pairs = [(painted(frame), stabilizer.stabilize(frame, painted(frame))) for frame in scene_with_cut]
    untouched = [np.array_equal(stylized.pixels, steady.pixels) for stylized, steady in pairs]
    assert [index for index, is_untouched in enumerate(untouched) if is_untouched] == [0, CUT]
    for part in (slice(2, CUT), slice(CUT + 2, FRAME_COUNT)):
        steady, flickering = ([pair[which].pixels for pair in pairs[part]] for which in (1, 0))
        assert change(steady) < 0.5 * change(flickering)


def change(pictures: list[Pixels]) -> float:
    """Mean difference from one picture to the next, in levels."""
    return float(np.abs(np.diff(np.array(pictures, np.float32), axis=0)).mean())
