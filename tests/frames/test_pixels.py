"""The only door between arrays and tensors: nothing may be lost on the way through."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from fnst_live.frames.frame import Frame, Pixels
from fnst_live.frames.pixels import to_pixels, to_tensor

CPU = torch.device("cpu")


def all_levels() -> Pixels:
    """uint8 (16, 16, 3): every level in every channel, in another place in each."""
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    return np.ascontiguousarray(np.stack([levels, levels[::-1], levels.T], axis=2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_every_level_comes_back_exactly(dtype: torch.dtype) -> None:
    pixels = all_levels()
    assert np.array_equal(to_pixels(to_tensor(pixels, CPU, dtype)), pixels)


def test_inside_it_is_planes_of_red_green_blue_from_0_to_1() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[1, 2] = (255, 51, 0)
    image = to_tensor(pixels, CPU)
    assert image.shape == (1, 3, 2, 3)
    assert image.dtype == torch.float32
    assert image[0, :, 1, 2].tolist() == pytest.approx([1.0, 0.2, 0.0])
    assert image.is_contiguous(memory_format=torch.channels_last)


def test_what_lies_beyond_the_range_is_clamped_and_what_lies_between_is_rounded() -> None:
    levels = torch.tensor([-300.0, -0.6, 0.4, 0.6, 99.6, 254.6, 255.4, 256.0, 1e6])
    image = (levels / 255).expand(1, 3, 1, -1)
    assert to_pixels(image)[0, :, 0].tolist() == [0, 0, 0, 1, 100, 255, 255, 255, 255]


def test_a_frames_pixels_are_not_written_to() -> None:
    frame = Frame(all_levels(), pts=0, time_base=Fraction(1, 25))
    to_tensor(frame.pixels, CPU).zero_()
    assert np.array_equal(frame.pixels, all_levels())


def test_a_tensor_is_not_written_to() -> None:
    image = torch.full((1, 3, 2, 2), 1.5)
    to_pixels(image)
    assert bool((image == 1.5).all())


def test_the_result_makes_a_frame() -> None:
    pixels = to_pixels(torch.rand(1, 3, 5, 7))
    assert pixels.shape == (5, 7, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert Frame(pixels, pts=0, time_base=Fraction(1, 25)).size == (7, 5)
