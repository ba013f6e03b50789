"""One frame into a still picture: sRGB and tagged so, its transparency put back, beside the final name until whole."""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from fnst_live.errors import OutputError
from fnst_live.frames.frame import FrameSize, Pixels
from fnst_live.sinks.provisional import check_output, provisional_path, put_in_place, write_failure

DATE_OF_SRGB = struct.pack(">6H", 1999, 10, 18, 0, 0, 0)  # IEC 61966-2-1; today's would make every run's file differ
DATE_IN_PROFILE = slice(24, 36)  # ICC.1:2010, 7.2.10
WHITE = 255


@dataclass(frozen=True)
class PictureFormat:
    """A kind of file we write. name: Pillow's. longest_side: pixels, None where there is no limit worth naming."""

    name: str
    has_alpha: bool = False
    longest_side: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


PNG = PictureFormat("PNG", has_alpha=True)
JPEG = PictureFormat("JPEG", longest_side=65500, options={"quality": 95, "subsampling": "4:4:4"})
WEBP = PictureFormat("WEBP", has_alpha=True, longest_side=16383, options={"quality": 95})
TIFF = PictureFormat("TIFF", has_alpha=True, options={"compression": "tiff_lzw"})
BMP = PictureFormat("BMP")

FORMATS = {
    ".png": PNG, ".jpg": JPEG, ".jpeg": JPEG, ".webp": WEBP, ".tif": TIFF, ".tiff": TIFF, ".bmp": BMP,
}


def is_written(suffix: str) -> bool:
    """Whether we can write files of that name."""
    return suffix.lower() in FORMATS


def check_picture_output(output: Path, *, source: Path | None, overwrite: bool) -> None:
    """Refuse, before any work is done, what could not be written at its end. Raises OutputError."""
    format_of(output)
    check_output(output, source=source, overwrite=overwrite)


def check_picture_size(output: Path, size: FrameSize) -> None:
    """Refuse what the format cannot hold. Raises OutputError."""
    limit = format_of(output).longest_side
    if limit is not None and max(size) > limit:
        raise OutputError(
            f"{output} cannot be written: {output.suffix} holds at most {limit} pixels a side and the picture is "
            f"{size}, so choose a name that ends in .png with -o"
        )


def write_picture(output: Path, pixels: Pixels, alpha: Pixels | None) -> list[str]:
    """Write a file of the kind its suffix says, and return the warnings. Raises OutputError.

    pixels: uint8 (H, W, 3) sRGB. alpha: uint8 (H, W) or None.
    """
    picture_format = format_of(output)
    encoded = _encode(pixels, alpha, picture_format)
    try:
        provisional_path(output).write_bytes(encoded)
    except OSError as error:
        raise write_failure(output, error) from error
    put_in_place(output)
    if alpha is None or picture_format.has_alpha or alpha.min() == WHITE:
        return []
    return [f"{output} cannot hold transparency: the picture was put on white"]


def write_picture_to_pipe(descriptor: int, pixels: Pixels, alpha: Pixels | None) -> None:
    """As PNG, unbuffered: what is left in a buffer would fail once more at exit. Raises OutputError, BrokenPipeError.

    pixels: uint8 (H, W, 3) sRGB. alpha: uint8 (H, W) or None.
    """
    rest = memoryview(_encode(pixels, alpha, PNG))
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output could not be written: {error.strerror or error}") from error


def format_of(output: Path) -> PictureFormat:
    """By the suffix. Raises OutputError."""
    if not is_written(output.suffix):
        raise OutputError(f"{output} is no name for a picture: choose one that ends in {', '.join(FORMATS)} with -o")
    return FORMATS[output.suffix.lower()]


def _encode(pixels: Pixels, alpha: Pixels | None, picture_format: PictureFormat) -> bytes:
    """Into memory first: Pillow's encoders do not tell a full disk from other trouble."""
    file = io.BytesIO()
    image = _image_of(pixels, alpha, has_alpha=picture_format.has_alpha)
    image.save(file, picture_format.name, icc_profile=_srgb_profile(), **picture_format.options)
    return file.getvalue()


def _image_of(pixels: Pixels, alpha: Pixels | None, *, has_alpha: bool) -> Image.Image:
    if alpha is None:
        return Image.fromarray(pixels)
    if has_alpha:
        return Image.fromarray(np.dstack([pixels, alpha]))
    paper = Image.new("RGB", (pixels.shape[1], pixels.shape[0]), "white")
    paper.paste(Image.fromarray(pixels), mask=Image.fromarray(alpha))
    return paper


def _srgb_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[DATE_IN_PROFILE] = DATE_OF_SRGB
    return bytes(profile)
