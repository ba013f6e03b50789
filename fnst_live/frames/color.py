"""Color tags of video: what the numbers in a file mean, and what is assumed where a file does not say.

Washed-out video comes from guessing here: BT.709 read as BT.601, limited range shown as full, results written
untagged. So every conversion names its matrix and range, and every output is tagged. Names are FFmpeg's; the
numbers behind them are those of ITU-T H.273.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fnst_live.frames.frame import FrameSize

MATRIX_CODES: Final = {
    "gbr": 0, "bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "bt2020nc": 9, "bt2020c": 10,
}
PRIMARIES_CODES: Final = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "film": 8, "bt2020": 9,
    "smpte428": 10, "smpte431": 11, "smpte432": 12, "ebu3213": 22,
}
TRANSFER_CODES: Final = {
    "bt709": 1, "gamma22": 4, "gamma28": 5, "smpte170m": 6, "smpte240m": 7, "linear": 8, "iec61966-2-4": 11,
    "bt1361e": 12, "iec61966-2-1": 13, "bt2020-10": 14, "bt2020-12": 15, "smpte2084": 16, "arib-std-b67": 18,
}
RANGE_CODES: Final = {"tv": 1, "pc": 2}

HDR_TRANSFERS: Final = frozenset({"smpte2084", "arib-std-b67"})

# What we write. The others are read, and become the one of these that their numbers are nearest to.
WRITTEN_MATRICES: Final = {
    "bt709": "bt709", "smpte240m": "bt709", "bt470bg": "bt470bg", "smpte170m": "smpte170m", "fcc": "smpte170m",
    "bt2020nc": "bt2020nc", "bt2020c": "bt2020nc",
}
USUAL_PRIMARIES: Final = {"bt709": "bt709", "bt470bg": "bt470bg", "bt2020nc": "bt2020", "bt2020c": "bt2020"}
USUAL_TRANSFERS: Final = {"bt2020nc": "bt2020-10", "bt2020c": "bt2020-10", "smpte170m": "smpte170m"}
OVERRIDE_MATRICES: Final = {"bt601": "smpte170m", "bt709": "bt709", "bt2020": "bt2020nc"}
OVERRIDE_RANGES: Final = {"limited": "tv", "full": "pc"}


@dataclass(frozen=True)
class ColorTags:
    """What the numbers in a video mean.

    matrix: RGB to YUV; range: "tv" (16..235) or "pc" (0..255); primaries; transfer: the curve.
    """

    matrix: str
    range: str
    primaries: str
    transfer: str

    @property
    def is_hdr(self) -> bool:
        return self.transfer in HDR_TRANSFERS


@dataclass(frozen=True)
class RawTags:
    """A file's own tags as H.273 numbers; anything unknown to us counts as untagged."""

    matrix: int
    range: int
    primaries: int
    transfer: int


def resolve_tags(raw: RawTags, size: FrameSize, *, is_rgb: bool, is_full_range_format: bool,
                 override: str | None = None) -> ColorTags:
    """Tags with every gap filled.

    An override ("bt601", "bt709-full", ...) beats the file, the file beats the guess. Untagged means BT.709 from
    720 lines (or 1280 columns) on, else BT.601; limited range, unless the pixel format is a full-range one.
    """
    wanted_matrix, _, wanted_range = (override or "").partition("-")
    matrix = (
        "gbr" if is_rgb else
        OVERRIDE_MATRICES.get(wanted_matrix) or _name(MATRIX_CODES, raw.matrix) or usual_matrix(size)
    )
    if matrix == "gbr" and not is_rgb:
        matrix = usual_matrix(size)
    usual_range = "pc" if is_rgb or is_full_range_format else "tv"
    return ColorTags(
        matrix=matrix,
        range=OVERRIDE_RANGES.get(wanted_range) or _name(RANGE_CODES, raw.range) or usual_range,
        primaries=_name(PRIMARIES_CODES, raw.primaries) or USUAL_PRIMARIES.get(matrix) or _usual_primaries(matrix),
        transfer=_name(TRANSFER_CODES, raw.transfer) or USUAL_TRANSFERS.get(matrix, "bt709"),
    )


def output_tags(source: ColorTags, size: FrameSize) -> ColorTags:
    """How the painted picture is written: the input's matrix where players know it, always limited range.

    Primaries and curve are carried over, since pixels keep their values; HDR has become BT.709 by then.
    """
    if source.is_hdr:
        return ColorTags("bt709", "tv", "bt709", "bt709")
    matrix = WRITTEN_MATRICES.get(source.matrix) or usual_matrix(size)
    return ColorTags(matrix, "tv", source.primaries, source.transfer)


RGB_TAGS: Final = ColorTags("gbr", "pc", "bt709", "iec61966-2-1")
"""Pictures, gifs and scenes drawn by code: sRGB."""


def usual_matrix(size: FrameSize) -> str:
    """What players assume of an untagged video."""
    return "bt709" if size.height >= 720 or size.width >= 1280 else "smpte170m"


def _usual_primaries(matrix: str) -> str:
    return "bt709" if matrix == "gbr" else "smpte170m"


def _name(codes: dict[str, int], code: int) -> str | None:
    return next((name for name, number in codes.items() if number == code), None)
