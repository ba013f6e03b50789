"""Pairs of small and large pictures: large ones cut from photos, small ones made of them as cameras would see them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from trainer.data import find_photos, load_image
from trainer.errors import DataError

ZOOMS = (1.0, 0.75, 0.5)  # photos are shrunk, too: that takes the traces of JPEG out of what is to be learned

log = logging.getLogger(__name__)


class CropPairs:
    """Endless batches, reproducible from the seed and the step alone. All photos are held in memory, as bytes."""

    def __init__(self, folder: Path, batch_size: int, small_side: int, factor: int, seed: int):
        """Raises DataError where no photo is large enough."""
        self.batch_size, self.small_side, self.factor, self.seed = batch_size, small_side, factor, seed
        self._photos = [photo for photo in _readable(find_photos(folder)) if min(photo.shape[1:]) >= self.large_side]
        if not self._photos:
            raise DataError(
                f"{folder} has no photo of {self.large_side} pixels or more: give others, or a smaller --crop-size"
            )

    @property
    def large_side(self) -> int:
        return self.small_side * self.factor

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """small (N, 3, S, S) and large (N, 3, factor S, factor S), RGB in [0, 1]."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        fitting = [zoom for zoom in ZOOMS if round(self.large_side / zoom) <= self._smallest_side()]
        zoom = fitting[int(torch.randint(len(fitting), (1,), generator=generator))]
        side = round(self.large_side / zoom)
        large = torch.stack([self._crop(side, generator) for _ in range(self.batch_size)]).float() / 255
        large = shrunk(large, self.large_side, self.large_side)
        return shrunk(large, self.small_side, self.small_side), large

    def _smallest_side(self) -> int:
        return min(min(photo.shape[1:]) for photo in self._photos)

    def _crop(self, side: int, generator: torch.Generator) -> Tensor:
        """uint8 (3, side, side), turned and mirrored by chance."""

        def number(limit: int) -> int:
            return int(torch.randint(limit, (1,), generator=generator))

        photo = self._photos[number(len(self._photos))]
        top, left = number(photo.shape[1] - side + 1), number(photo.shape[2] - side + 1)
        crop = photo[:, top : top + side, left : left + side]
        crop = crop.flip(2) if number(2) else crop
        return crop.transpose(1, 2) if number(2) else crop


def shrunk(image: Tensor, height: int, width: int) -> Tensor:
    """Bicubic with a wide kernel, as MATLAB's imresize and the literature do it, and rounded to levels of 8 bits."""
    if image.shape[2:] == (height, width):
        return image
    smaller = F.interpolate(image, (height, width), mode="bicubic", antialias=True, align_corners=False)
    return smaller.mul(255).round().clamp(0, 255) / 255


def _readable(files: Sequence[Path]) -> list[Tensor]:
    """uint8 (3, H, W) each."""
    photos = []
    for file in files:
        try:
            photos.append(load_image(file)[0].mul(255).round().byte())
        except DataError as error:
            log.warning("skipping %s", error)
    return photos
