"""A frame of any size through an engine: made to fit, and cut to its size again."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fnst_live.frames.frame import Frame, Pixels
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.engine import StyleVector
from fnst_live.stylize.selection import trial_picture
from fnst_live.stylize.stylizer import NetworkStylizer, mix_styles
from fnst_live.stylize.torch_engine import TorchEngine

NO_STYLE = np.zeros(0, np.float32)


class CopyingEngine:
    """An engine that paints nothing, keeps what it was shown, and may give a little more than it got."""

    name, precision, lanes = "copy", "f32", 1

    def __init__(self, surplus: int = 0):
        self.seen: list[Pixels] = []
        self._surplus = surplus

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        self.seen.append(pixels)
        return np.pad(pixels, ((0, self._surplus), (0, self._surplus), (0, 0)))


def frame_of(pixels: Pixels) -> Frame:
    return Frame(pixels, pts=7, time_base=Fraction(1, 30), duration=2, index=5, captured_s=1.5)


@pytest.mark.parametrize("size", [(16, 16), (48, 64), (17, 23), (50, 75), (1, 1), (3, 200), (15, 8)])
def test_the_engine_sees_what_it_can_take_and_the_frame_keeps_its_size(size: tuple[int, int]) -> None:
    engine, picture = CopyingEngine(), trial_picture(*size)
    stylized = NetworkStylizer(engine, NO_STYLE, multiple_of=8, min_side=16).stylize(frame_of(picture))
    seen, = engine.seen
    assert all(side % 8 == 0 and side >= 16 and side - own < 16 for side, own in zip(seen.shape, size, strict=False))
    assert np.array_equal(stylized.pixels, picture)
    assert stylized.pixels.flags.c_contiguous
    assert not stylized.pixels.flags.writeable


def test_a_size_that_fits_is_passed_on_as_it_is() -> None:
    engine, frame = CopyingEngine(), frame_of(trial_picture(24, 32))
    NetworkStylizer(engine, NO_STYLE, multiple_of=8, min_side=16).stylize(frame)
    assert engine.seen[0] is frame.pixels


def test_the_border_is_a_mirror() -> None:
    engine, picture = CopyingEngine(), trial_picture(21, 30)
    NetworkStylizer(engine, NO_STYLE, multiple_of=8, min_side=16).stylize(frame_of(picture))
    assert np.array_equal(engine.seen[0], np.pad(picture, ((0, 3), (0, 2), (0, 0)), mode="reflect"))


def test_a_picture_too_small_to_be_mirrored_is_stretched_out() -> None:
    engine, picture = CopyingEngine(), trial_picture(4, 40)
    NetworkStylizer(engine, NO_STYLE, multiple_of=8, min_side=16).stylize(frame_of(picture))
    assert np.array_equal(engine.seen[0], np.pad(picture, ((0, 12), (0, 0), (0, 0)), mode="edge"))


def test_what_a_network_adds_is_cut_off() -> None:
    picture = trial_picture(18, 22)
    stylized = NetworkStylizer(CopyingEngine(2), NO_STYLE, multiple_of=1, min_side=16).stylize(frame_of(picture))
    assert np.array_equal(stylized.pixels, picture)


def test_the_moment_stays_the_same() -> None:
    content = frame_of(trial_picture(16, 16))
    stylized = NetworkStylizer(CopyingEngine(), NO_STYLE, multiple_of=8, min_side=16).stylize(content)
    for field in ("pts", "time_base", "duration", "index", "captured_s"):
        assert getattr(stylized, field) == getattr(content, field)


def test_a_new_style_shows_in_the_next_frame(model: StyleModel) -> None:
    engine, frame = TorchEngine(model), frame_of(trial_picture(32, 40))
    first, second = model.styles.numpy()
    stylizer = NetworkStylizer(engine, first, multiple_of=8, min_side=16)
    before = stylizer.stylize(frame)
    stylizer.style = second
    after = stylizer.stylize(frame)
    assert np.array_equal(before.pixels, engine.run(frame.pixels, first))
    assert np.array_equal(after.pixels, engine.run(frame.pixels, second))
    assert not np.array_equal(before.pixels, after.pixels)


@pytest.mark.parametrize(("stroke_size", "passes"), [(1, 1), (2, 2), (None, 1)])
def test_broad_strokes_take_a_pass_more(stroke_size: int | None, passes: int) -> None:
    engine, picture = CopyingEngine(), trial_picture(131, 150)
    stylizer = NetworkStylizer(engine, NO_STYLE, multiple_of=8, min_side=16, stroke_size=stroke_size)
    assert stylizer.stylize(frame_of(picture)).pixels.shape == picture.shape
    assert len(engine.seen) == passes
    assert all(side % 8 == 0 for seen in engine.seen for side in seen.shape[:2])


def test_automatic_strokes_are_broad_in_a_large_picture() -> None:
    engine = CopyingEngine()
    NetworkStylizer(engine, NO_STYLE, multiple_of=8, min_side=16, stroke_size=None).stylize(
        frame_of(np.zeros((1080, 1000, 3), np.uint8)))
    assert [seen.shape[:2] for seen in engine.seen] == [(544, 504), (1080, 1000)]


def test_a_mix_goes_from_one_style_to_the_other(model: StyleModel) -> None:
    a, b = model.styles.numpy()
    assert np.array_equal(mix_styles(a, b, 0.0), a)
    assert np.array_equal(mix_styles(a, b, 1.0), b)
    np.testing.assert_allclose(mix_styles(a, b, 0.25), 0.75 * a + 0.25 * b, rtol=1e-6)
    assert mix_styles(a, b, 0.3).dtype == np.float32
    engine, picture = TorchEngine(model), trial_picture(32, 32)
    distances = [
        np.abs(engine.run(picture, mix_styles(a, b, amount)).astype(float) - engine.run(picture, a)).mean()
        for amount in (0.0, 0.25, 0.5, 1.0)
    ]
    assert distances == sorted(distances)
