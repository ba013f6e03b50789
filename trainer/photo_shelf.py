"""Photos that are decoded once and kept, in memory that the processes which make batches share (see batch_workers.py).

Decoding is a third of the work on a small photo, and nearly all of it on a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from trainer.data import load_pixels
from trainer.errors import DataError

LARGEST_SHELF = 2 * 2**30  # bytes
USUAL_COMPRESSION = 14     # of a JPEG file


class Place(NamedTuple):
    """Of a photo on the shelf: where it begins, and its size."""

    start: int
    height: int
    width: int


@dataclass(frozen=True)
class Shelf:
    """pixels: uint8, all photos end to end, each (H, W, 3). What is not on it comes from its file."""

    pixels: Tensor
    places: dict[Path, Place]

    def __call__(self, file: Path) -> Tensor:
        """uint8 (1, 3, H, W). Raises DataError."""
        place = self.places.get(file)
        if place is None:
            return load_pixels(file)
        start, height, width = place
        photo = self.pixels[start : start + 3 * height * width].view(1, height, width, 3)
        return photo.permute(0, 3, 1, 2)


def shelved(files: Sequence[Path], thread_count: int) -> Callable[[Path], Tensor]:
    """Where photos are to be had from: a shelf where they all have room on it, else their files."""
    try:
        expected = USUAL_COMPRESSION * sum(file.stat().st_size for file in files)
    except OSError:
        return load_pixels  # which says what is wrong, when it comes to that
    if expected > LARGEST_SHELF:
        return load_pixels
    with ThreadPoolExecutor(thread_count, "photos") as threads:
        return _filled(zip(files, threads.map(_readable, files), strict=True))


def _filled(photos: Iterable[tuple[Path, Tensor | None]]) -> Shelf:
    """As many as have room."""
    held: list[Tensor] = []
    places: dict[Path, Place] = {}
    end = 0
    for file, photo in photos:
        if photo is not None and end + photo.numel() <= LARGEST_SHELF:
            places[file] = Place(end, *photo.shape[2:])
            held.append(photo.permute(0, 2, 3, 1).flatten())
            end += photo.numel()
    pixels: Tensor = torch.empty(end, dtype=torch.uint8).share_memory_()  # type: ignore[no-untyped-call]
    torch.cat([torch.empty(0, dtype=torch.uint8), *held], out=pixels)
    return Shelf(pixels, places)


def _readable(file: Path) -> Tensor | None:
    """A damaged one is told of where it is missed."""
    try:
        return load_pixels(file)
    except DataError:
        return None
