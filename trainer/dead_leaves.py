"""Pictures to train on where there are no photos: dead leaves.

Shapes of all sizes fall upon one another until nothing else is seen (Lee, Mumford & Huang 2001: such pictures have
edges, areas and contrasts as natural ones have, at every scale). Light falls on them unevenly, and each leaf has a
grain of its own. A network learns a palette and strokes from them nearly as well as from photos.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image, ImageDraw, ImageFilter
from torch import Tensor

from trainer.data import roughen, to_tensor

LEAF_COUNT = 400
SMALLEST, LARGEST = 0.02, 0.7  # radius, in sides of the picture


class DeadLeaves:
    """Endless pictures, each reproducible from the seed and its place in the run alone, as `PhotoCrops` are."""

    def __init__(self, batch_size: int, size: int, seed: int):
        self.batch_size, self.size, self.seed = batch_size, size, seed

    def picture(self, place: int, generator: torch.Generator) -> Tensor:
        """(1, 3, size, size) RGB in [0, 1]."""
        random = np.random.default_rng((self.seed, place))
        picture = to_tensor(fallen_leaves(self.size, random)) * light(self.size, random)
        return roughen(exposed(picture, random), generator)


def fallen_leaves(size: int, random: np.random.Generator) -> Image.Image:
    """Twice the area is painted, so that it can be turned and cut."""
    side = round(1.5 * size)
    tint = random.uniform(0, 255, 3)
    picture = Image.new("RGB", (side, side), _color(tint, random))
    draw = ImageDraw.Draw(picture)
    for inverse in random.uniform(1 / LARGEST, 1 / SMALLEST, LEAF_COUNT):  # radii fall off with their square
        width, height = size / inverse, size / inverse * random.uniform(0.4, 1)
        x, y = random.uniform(0, side, 2)
        box = (x - width, y - height, x + width, y + height)
        (draw.ellipse if random.uniform() < 0.6 else draw.rectangle)(box, fill=_color(tint, random))
    edge = (side - size) // 2
    turned = picture.rotate(random.uniform(-25, 25), Image.Resampling.BILINEAR)
    return turned.crop((edge, edge, edge + size, edge + size)).filter(ImageFilter.GaussianBlur(0.7))


def light(size: int, random: np.random.Generator) -> Tensor:
    """(1, 1, size, size): soft shadows, and a finer grain over them."""
    shadows, grain = (
        F.interpolate(torch.from_numpy(random.uniform(low, 1, (1, 1, cells, cells))), (size, size), mode="bicubic")
        for low, cells in ((0.5, 4), (0.85, max(4, size // 4)))
    )
    return (shadows * grain).float().clamp(0, 1)


def exposed(picture: Tensor, random: np.random.Generator) -> Tensor:
    """Brightness and contrast as photos have them."""
    brightness, contrast = random.uniform(0.35, 0.6), random.uniform(0.17, 0.3)
    return ((picture - picture.mean()) / picture.std().clamp_min(1e-3) * contrast + brightness).clamp(0, 1)


def _color(tint: np.ndarray[tuple[int], np.dtype[np.float64]], random: np.random.Generator) -> tuple[int, int, int]:
    """Of one picture all colors are akin, and most are dull, as in nature."""
    gray = random.uniform(0, 255)
    mixed = 0.6 * gray + 0.2 * tint + 0.2 * random.uniform(0, 255, 3)
    red, green, blue = (int(value) for value in mixed)
    return red, green, blue
