"""Training photos and paintings: found, decoded, cropped and roughened like a webcam's pictures."""

from __future__ import annotations

import logging
import math
import os
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image, ImageOps
from torch import Tensor

from trainer.errors import DataError

# Pillow's decoders answer a damaged file with any of these
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error, Image.DecompressionBombError)
RUNS_A_PROGRAM = frozenset({"EPS"})  # Ghostscript, on whatever lies in a folder of photos
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
LARGEST_CAST = 0.2   # of red and blue
LONGEST_BLUR = 0.04  # of the picture's side
FEW_TIMES = 20  # a held-out photo must not be missed

log = logging.getLogger(__name__)


def find_photos(folder: Path, flag: str = "--dataset") -> list[Path]:
    """All pictures below the folder, linked ones too, sorted. Raises DataError when there are none."""
    photos = sorted(file for file in _files_below(folder) if file.suffix.lower() in PHOTO_SUFFIXES)
    if not photos:
        raise DataError(f"{folder} holds no photos: {flag} needs a folder of .jpg or .png files")
    return photos


def _files_below(folder: Path) -> Iterator[Path]:
    """Each folder once: links may lead in a circle."""
    seen = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(parent) / name for name in names)


def hold_out(photos: list[Path], count: int) -> tuple[list[Path], list[Path]]:
    """Photos to train on, and a few evenly spaced ones that are not; where photos are few, none can be spared."""
    if len(photos) < FEW_TIMES * count:
        return photos, photos[:count]
    held_out = photos[:: len(photos) // count][:count]
    return [photo for photo in photos if photo not in held_out], held_out


def open_picture(file: Path) -> Image.Image:
    """A picture as RGB, turned upright. Raises DataError."""
    try:
        with Image.open(file, formats=_formats()) as image:
            return _in_eight_bits(ImageOps.exif_transpose(image)).convert("RGB")
    except FileNotFoundError as error:
        raise DataError(f"{file} does not exist") from error
    except UNREADABLE as error:
        raise DataError(f"{file} cannot be read as a picture") from error


@cache
def _formats() -> list[str]:
    Image.init()
    return sorted(Image.OPEN.keys() - RUNS_A_PROGRAM)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Pillow cuts off what is above 255 of a gray of 16 bits."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).astype(np.float32) / 257).round().clip(0, 255).astype(np.uint8))


def to_tensor(picture: Image.Image) -> Tensor:
    """(1, 3, H, W) RGB in [0, 1]."""
    return _to_pixels(picture).float() / 255


def _to_pixels(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).unsqueeze(0)


def load_pixels(file: Path) -> Tensor:
    """A picture as uint8 (1, 3, H, W), turned upright. Raises DataError."""
    return _to_pixels(open_picture(file))


def load_image(file: Path) -> Tensor:
    """A picture as (1, 3, H, W) RGB in [0, 1], turned upright. Raises DataError."""
    return to_tensor(open_picture(file))


def load_style_image(file: Path, shorter_side: int) -> Tensor:
    """A painting (1, 3, H, W), scaled so that its strokes have the size they shall have in the result."""
    image = load_image(file)
    scale = shorter_side / min(image.shape[2:])
    height, width = (max(32, round(side * scale)) for side in image.shape[2:])
    return F.interpolate(image, (height, width), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


class PhotoCrops:
    """Endless shuffled crops, each reproducible from the seed and its place in the run alone."""

    def __init__(
        self,
        photos: list[Path],
        batch_size: int,
        size: int,
        seed: int,
        *,
        augment: bool = True,
        load: Callable[[Path], Tensor] = load_pixels,
    ):
        """load: as `load_pixels`, or from where photos are kept."""
        self.photos, self.batch_size, self.size, self.seed, self.augment = photos, batch_size, size, seed, augment
        self._load = load
        self.damaged: set[Path] = set()

    def picture(self, place: int, generator: torch.Generator) -> Tensor:
        """(1, 3, size, size) RGB in [0, 1]. place: its number in the run, over all steps and epochs."""
        crop = random_crop(self._readable(self._index(place)), self.size, generator)
        return roughen(crop, generator) if self.augment else crop

    def _index(self, place: int) -> int:
        epoch, offset = divmod(place, len(self.photos))
        order = torch.randperm(len(self.photos), generator=torch.Generator().manual_seed(self.seed + epoch))
        return int(order[offset])

    def _readable(self, index: int) -> Tensor:
        """The photo as uint8, or the next one that is not damaged."""
        for offset in range(len(self.photos)):
            file = self.photos[(index + offset) % len(self.photos)]
            if file in self.damaged:
                continue
            try:
                return self._load(file)
            except DataError:
                self.damaged.add(file)
                log.warning("skipping damaged photo %s (%d so far)", file, len(self.damaged))
        raise DataError("none of the training photos can be read")


def random_crop(image: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """A square of 35 to 100 % of the shorter side, scaled to size, mirrored half of the time.

    The small ones are enlarged photos: without them the network has never seen the smooth surfaces that a
    1080 line picture is made of, and fills them with blotches.
    """

    def uniform(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand(1, generator=generator))

    height, width = image.shape[2:]
    side = max(1, round(min(height, width) * uniform(0.35, 1.0)))
    top, left = round(uniform(0, height - side)), round(uniform(0, width - side))
    crop = image[:, :, top : top + side, left : left + side]
    crop = crop if crop.is_floating_point() else crop.float() / 255
    crop = F.interpolate(crop, (size, size), mode="bilinear", antialias=side > size, align_corners=False)
    return crop.flip(3) if uniform(0, 1) < 0.5 else crop


def roughen(image: Tensor, generator: torch.Generator) -> Tensor:
    """Now and then darker, noisier, in warm or cold light, which skin shows most, and blurred by motion: as webcams in
    living rooms are."""
    luck = torch.rand(9, generator=generator)
    if luck[3] < 0.15:
        length_px = float(1 + luck[4] * LONGEST_BLUR * image.shape[-1])
        image = motion_blur(image, length_px, angle=math.pi * float(luck[5]))
    if luck[6] < 0.3:
        warmth, tint = LARGEST_CAST * (2 * luck[7:] - 1)
        image = image * torch.stack([1 + warmth, 1 + tint / 2, 1 - warmth]).view(3, 1, 1)
    if luck[0] < 0.3:
        image = image * (0.35 + 0.65 * luck[1])
    if luck[0] < 0.4:
        image = image + torch.randn(image.shape, generator=generator) * (0.04 * luck[2])
    return image.clamp(0, 1)


def motion_blur(image: Tensor, length_px: float, angle: float) -> Tensor:
    """What the camera saw while it moved along a straight line of that length. image: (N, C, H, W)."""
    kernel = _line(length_px, angle).to(image)
    pad, channels = kernel.shape[0] // 2, image.shape[1]
    padded = F.pad(image, (pad,) * 4, mode="replicate")
    return F.conv2d(padded, kernel.expand(channels, 1, *kernel.shape), groups=channels)


def _line(length_px: float, angle: float) -> Tensor:
    """A segment through the middle, one pixel wide with soft edges, of sum 1: (K, K), K odd."""
    reach = math.ceil(length_px / 2)
    y, x = torch.meshgrid(*[torch.arange(-reach, reach + 1.0)] * 2, indexing="ij")
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    beyond = (along.abs() - (length_px - 1) / 2).clamp_min(0)
    weights = (1 - torch.hypot(beyond, across)).clamp_min(0)
    return weights / weights.sum()
