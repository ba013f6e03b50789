"""One still picture as a frame: upright, sRGB, eight bits; its transparency goes beside it, for the sink to put back.

What can be decoded of a damaged picture comes out, with a warning. Only kinds that people keep pictures in are
read: Pillow knows others that run programs, or that take any bytes for a picture.
"""

from __future__ import annotations

import io
import os
import struct
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile, ImageOps

from fnst_live.errors import InputError, missing_input
from fnst_live.frames.frame import Frame, Pixels
from fnst_live.sources.picture_color import to_srgb

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "AVIF", "JPEG2000", "PPM", "ICO", "PSD", "QOI")
NAMED = frozenset(FORMATS) | {"MPO"}  # a JPEG with more behind it
SEQUENCES = frozenset({"PNG", "WEBP", "TIFF", "GIF", "AVIF"})  # MPO and PSD keep previews and layers, no story

STDERR = 2

# What Pillow raises where the bytes are not what they should be.
DAMAGE = (OSError, SyntaxError, ValueError, TypeError, IndexError, EOFError, RuntimeError, struct.error)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was read.

    alpha: uint8 (H, W), 255 is opaque; None where the picture knows no transparency.
    warnings: one sentence each.
    """

    frame: Frame
    alpha: Pixels | None
    warnings: list[str]


def picture_suffixes() -> frozenset[str]:
    """The suffixes, in small letters, of files that are worth a try."""
    return frozenset(suffix for suffix, kind in Image.registered_extensions().items() if kind in NAMED)


def read_picture(path: Path) -> Picture:
    """Read a file. Raises InputError."""
    try:
        with path.open("rb") as stream:
            return read_picture_stream(stream, str(path))
    except FileNotFoundError as error:
        raise missing_input(path) from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder: name a picture in it") from error
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror or error}") from error


def read_picture_stream(stream: BinaryIO, name: str) -> Picture:
    """Read what a file or a pipe holds; name: what to call it in sentences. Raises InputError."""
    file = stream if stream.seekable() else io.BytesIO(stream.read())
    if not file.read(1):
        raise InputError(f"{name} is empty: it holds no picture")
    with warnings.catch_warnings(action="ignore"):  # Pillow's, about what is repaired or refused here anyway
        image, notes = _decode(file, name)
        upright = _upright(image)
        frame_count = _frame_count(image)
        if frame_count > 1:
            notes.append(f"{name} holds {frame_count} pictures: only the first is painted")
        rgb, color_notes = to_srgb(upright, name)
        alpha = _alpha_of(upright)
    return Picture(Frame(np.array(rgb), 0, Fraction(1)), alpha, notes + color_notes)


def _decode(file: BinaryIO, name: str) -> tuple[ImageFile.ImageFile, list[str]]:
    """The first picture with its pixels loaded: whole, or as much of it as there is."""
    try:
        return _load(file, name), []
    except DAMAGE:
        return _load_damaged(file, name), [f"{name} is damaged or cut short: what could not be decoded is left blank"]


def _load(file: BinaryIO, name: str) -> ImageFile.ImageFile:
    try:
        with _silent_libraries():
            image = Image.open(file, formats=FORMATS)
            image.load()
    except Image.DecompressionBombError as error:
        raise InputError(f"{name} has too many pixels to be painted: make it smaller first") from error
    return image


def _load_damaged(file: BinaryIO, name: str) -> ImageFile.ImageFile:
    try:
        with _forgiving_decoders():
            image = _load(file, name)
    except DAMAGE as error:
        raise InputError(
            f"{name} cannot be read as a picture: it is damaged or of another kind, so save it as png or jpg first"
        ) from error
    if not np.asarray(image).any():
        raise InputError(f"{name} is damaged: nothing of the picture can be decoded, so get a whole copy of it")
    return image


@contextmanager
def _forgiving_decoders() -> Iterator[None]:
    """A switch of Pillow's that is global, put back at once."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


@contextmanager
def _silent_libraries() -> Iterator[None]:
    """libtiff prints its troubles, which reach us as exceptions, too."""
    sys.stderr.flush()
    kept, nowhere = os.dup(STDERR), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
        os.close(nowhere)


def _frame_count(image: ImageFile.ImageFile) -> int:
    """1 where the rest of a damaged sequence cannot be counted. Moves the image away from its first frame."""
    if image.format not in SEQUENCES:
        return 1
    try:
        return int(getattr(image, "n_frames", 1))
    except DAMAGE:
        return 1


def _upright(image: Image.Image) -> Image.Image:
    """A copy, turned as its EXIF data say; as it lies where those are damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except DAMAGE:
        return image.copy()


def _alpha_of(image: Image.Image) -> Pixels | None:
    if not image.has_transparency_data:
        return None
    if image.mode.startswith("I;16"):  # one level of gray is the transparent one
        return np.where(np.asarray(image) == image.info["transparency"], 0, 255).astype(np.uint8)
    return np.array(image.convert("RGBA").getchannel("A"))
