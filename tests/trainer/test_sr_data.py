"""Pairs of small and large pictures: true to each other, and the same again from the seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from trainer.errors import DataError
from trainer.sr_data import CropPairs, shrunk


@pytest.mark.parametrize("factor", [2, 4])
def test_the_small_picture_is_the_large_one_made_small(photos: Path, factor: int) -> None:
    small, large = CropPairs(photos, batch_size=3, small_side=12, factor=factor, seed=0).batch(0)
    assert small.shape == (3, 3, 12, 12)
    assert large.shape == (3, 3, 12 * factor, 12 * factor)
    torch.testing.assert_close(small, shrunk(large, 12, 12))
    assert large.min() >= 0
    assert large.max() <= 1


def test_batches_depend_on_seed_and_step_alone(photos: Path) -> None:
    first = CropPairs(photos, 2, 8, 2, seed=0)
    again = CropPairs(photos, 2, 8, 2, seed=0)
    again.batch(3)
    torch.testing.assert_close(first.batch(5), again.batch(5))
    assert not torch.equal(first.batch(5)[1], first.batch(6)[1])
    assert not torch.equal(first.batch(5)[1], CropPairs(photos, 2, 8, 2, seed=1).batch(5)[1])


def test_photos_too_small_are_left_out_and_damaged_ones_named(
    photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Image.new("RGB", (20, 90), "red").save(photos / "narrow.png")
    (photos / "broken.jpg").write_bytes(b"no picture")
    _, large = CropPairs(photos, batch_size=40, small_side=16, factor=4, seed=0).batch(0)
    assert large.shape == (40, 3, 64, 64)
    assert "broken.jpg" in caplog.text


def test_no_photo_is_large_enough(photos: Path) -> None:
    with pytest.raises(DataError, match=r"no photo of 800 pixels or more.*--crop-size"):
        CropPairs(photos, 2, small_side=100, factor=8, seed=0)


def test_made_small_with_the_kernel_of_the_literature() -> None:
    """Pillow's bicubic has MATLAB's a = -0.5 and, like it, a kernel as wide as the factor."""
    levels = np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8)
    expected = np.asarray(Image.fromarray(levels).resize((12, 10), Image.Resampling.BICUBIC), np.float32)
    image = torch.from_numpy(levels).permute(2, 0, 1)[None].float() / 255
    ours = (shrunk(image, 10, 12)[0] * 255).permute(1, 2, 0).numpy()
    assert np.abs(ours - expected).max() <= 1  # Pillow rounds between its two passes
