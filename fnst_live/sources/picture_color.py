"""What the numbers in a picture mean, and what they are in sRGB: color profiles, CMYK, Lab, gray, 16 bits.

A profile that moves no color is sRGB by whatever name: its pixels stay as they are, bit for bit.
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from fnst_live.frames.frame import Pixels

GRAY_MODES = frozenset({"1", "L", "LA"})
PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}  # ICC.1:2010, table 19
DEEP_WHITE = 65535
FLOAT_WHITE = 1.0
ROUNDING = 1  # of 255 levels: what an sRGB profile may differ from itself
PROBE_LEVELS = 9
UNUSABLE = (ImageCms.PyCMSError, OSError, ValueError, KeyError)  # damaged, or made for other colors


def to_srgb(image: Image.Image, name: str) -> tuple[Image.Image, list[str]]:
    """In mode RGB, without its alpha; and what had to be guessed, one sentence each."""
    plain, profile = _plain(image), image.info.get("icc_profile")
    if profile:
        try:
            return _through_profile(plain, ImageCms.ImageCmsProfile(io.BytesIO(profile))), []
        except UNUSABLE:
            return plain.convert("RGB"), [f"{name} has a color profile that cannot be used: it is taken as sRGB"]
    if plain.mode == "CMYK":
        return plain.convert("RGB"), [f"{name} is CMYK without a color profile: its colors are a guess"]
    return plain.convert("RGB"), []


def _plain(image: Image.Image) -> Image.Image:
    """In mode L, RGB, CMYK or LAB, eight bits: the same colors without alpha and palette."""
    if image.mode in GRAY_MODES:
        return image.convert("L")
    if image.mode.startswith("I"):
        return _gray(np.asarray(image).astype(np.float32), DEEP_WHITE)
    if image.mode == "F":
        return _gray(np.asarray(image), FLOAT_WHITE)
    if image.mode in PROFILE_MODES.values():
        return image
    return image.convert("RGBA").convert("RGB")  # palettes know of transparency


def _gray(values: npt.NDArray[np.float32], white: float) -> Image.Image:
    """(H, W) of any depth to eight bits; what is brighter than white is white."""
    levels = np.nan_to_num(values).clip(0, white) * np.float32(255 / white)
    return Image.fromarray(np.rint(levels).astype(np.uint8))


def _through_profile(plain: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """Raises KeyError and ValueError where the profile is one for other colors."""
    mode = PROFILE_MODES[profile.profile.xcolor_space.strip()]
    colors = plain.convert("RGB") if (plain.mode, mode) == ("L", "RGB") else plain
    if colors.mode != mode:
        raise ValueError(f"a profile for {mode} on {colors.mode}")
    transform = ImageCms.ImageCmsTransform(
        profile, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")), mode, "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC, flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return colors.convert("RGB") if _moves_nothing(transform, mode) else transform.apply(colors)


def _moves_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    if mode not in ("L", "RGB"):
        return False
    probe = Image.fromarray(_probe()).convert(mode)
    before = np.asarray(probe.convert("RGB")).astype(np.int16)
    return bool(np.abs(np.asarray(transform.apply(probe)) - before).max() <= ROUNDING)


def _probe() -> Pixels:
    """uint8 (n, n * n, 3): an even grid through the cube of all colors."""
    levels = np.linspace(0, 255, PROBE_LEVELS).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    return cube.reshape(PROBE_LEVELS, -1, 3)
