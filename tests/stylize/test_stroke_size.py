"""Strokes of a chosen breadth: which sizes the network is shown, in which order, and what comes of it."""

from __future__ import annotations

import numpy as np
import pytest

from fnst_live.frames.frame import FrameSize, Pixels
from fnst_live.settings import STROKE_SIZES
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.selection import trial_picture
from fnst_live.stylize.stroke_size import FEWEST_LINES, automatic_stroke_size, paint_coarse_to_fine
from fnst_live.stylize.torch_engine import TorchEngine


class Negative:
    """Paints the opposite of what it is shown, and remembers that."""

    def __init__(self) -> None:
        self.seen: list[Pixels] = []

    def __call__(self, pixels: Pixels) -> Pixels:
        self.seen.append(pixels)
        return 255 - pixels


def sizes_seen(stroke_size: int, height: int, width: int) -> list[tuple[int, int]]:
    paint = Negative()
    painted = paint_coarse_to_fine(trial_picture(height, width), paint, stroke_size)
    assert painted.shape == (height, width, 3)
    return [(pixels.shape[0], pixels.shape[1]) for pixels in paint.seen]


@pytest.mark.parametrize(("stroke_size", "sizes"), [
    (1, [(600, 801)]), (2, [(300, 400), (600, 801)]), (4, [(150, 200), (300, 400), (600, 801)]),
    (8, [(75, 100), (150, 200), (300, 400), (600, 801)]),
])
def test_it_is_painted_small_first_and_large_last(stroke_size: int, sizes: list[tuple[int, int]]) -> None:
    assert sizes_seen(stroke_size, 600, 801) == sizes


@pytest.mark.parametrize(("height", "width", "first"), [(160, 300, (80, 150)), (127, 400, (127, 400)), (1, 1, (1, 1))])
def test_no_smaller_than_can_be_recognized(height: int, width: int, first: tuple[int, int]) -> None:
    assert sizes_seen(max(STROKE_SIZES), height, width)[0] == first
    assert min(first) >= min(FEWEST_LINES, height)


def test_each_pass_sees_the_mean_of_the_picture_and_the_broader_one() -> None:
    paint = Negative()
    grey = np.full((200, 200, 3), 100, np.uint8)
    painted = paint_coarse_to_fine(grey, paint, 2)
    assert np.array_equal(paint.seen[0], np.full((100, 100, 3), 100))
    assert abs(int(paint.seen[1].mean()) - (100 + 155) // 2) <= 1
    assert np.array_equal(painted, 255 - paint.seen[1])


@pytest.mark.parametrize(("size", "stroke_size"), [
    ((1, 1), 1), ((640, 480), 1), ((1280, 720), 1), ((1919, 959), 1), ((1920, 1080), 2), ((1080, 1920), 2),
    ((2560, 1440), 2), ((3840, 2160), 4), ((7680, 4320), 8), ((32000, 16000), 8),
])
def test_the_larger_the_picture_the_broader(size: tuple[int, int], stroke_size: int) -> None:
    assert automatic_stroke_size(FrameSize(*size)) == stroke_size


def test_broad_strokes_are_another_picture_in_like_colors(model: StyleModel) -> None:
    engine, style = TorchEngine(model), model.styles[0].numpy()
    picture = trial_picture(256, 320)

    def paint(pixels: Pixels) -> Pixels:
        return engine.run(pixels, style)

    fine, broad = paint_coarse_to_fine(picture, paint, 1), paint_coarse_to_fine(picture, paint, 2)
    assert np.array_equal(fine, paint(picture))
    assert np.abs(fine.astype(int) - broad).mean() > 1
