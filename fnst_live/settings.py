"""Everything the user can set, as frozen snapshots that are replaced whole, never poked.

The unit stands in the help under each field; a value that cannot be is refused here, with the flag's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fnst_live.errors import SettingError
from fnst_live.options import option

NVDEC, NVENC = "nvdec", "nvenc"
ENGINES = ("auto", "cuda", "openvino", "torch")
DECODERS, ENCODERS = ("cpu", NVDEC), ("cpu", NVENC)
CODECS = ("h264", "hevc", "av1", "vp9", "prores", "ffv1")
QUALITIES: dict[str, tuple[int, int] | None] = {  # best and worst; None: without loss
    "h264": (0, 51), "hevc": (0, 51), "av1": (0, 63), "vp9": (0, 63), "prores": (1, 31), "ffv1": None,
}
INPUT_COLORS = tuple(f"{matrix}{rng}" for matrix in ("bt601", "bt709", "bt2020") for rng in ("", "-limited", "-full"))
DEFAULT_STYLE = "starry-night"
NO_STYLE = "none"
WORK_HEIGHT_LIMIT = 1080  # of the live picture
MOST_VIDEO_PIXELS, MOST_PICTURE_PIXELS = 1920 * 1080, 7680 * 4320  # that are painted unless told otherwise
PIPE = "-"  # in place of a file: standard input or output
VIDEO_SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".3gp",
    ".ogv", ".mxf", ".gif", ".vob", ".y4m",
})
UPSCALES = (1, 2, 4)
STROKE_SIZES = (1, 2, 4, 8)


@dataclass(frozen=True)
class LookSettings:
    """How the picture shall look: shared by video, image, demo and the window."""

    style: str = option(
        f"name of a style, or a model file; {NO_STYLE} paints nothing, for --upscale alone", DEFAULT_STYLE,
        metavar="NAME|FILE",
    )
    strength: float = option("how much of the painting, 0..1: 0 is the original", 1.0, metavar="0..1")
    keep_color: bool = option("keep the original's colors: paint in its brightness only", default=False)
    work_height: int | None = option(
        "lines the network sees; fewer is faster and broader in stroke (default: the input's, up to 1920x1080 in a "
        "video and 7680x4320 in a picture)", None, metavar="N",
    )
    stability: float = option("how firmly flicker is held down in video, 0..1: 0 is off", 0.8, metavar="0..1")
    engine: str = option("what runs the network", "auto", choices=ENGINES)
    upscale: int = option(
        "enlarge what the network painted so many times, with crisp edges: --work-height 540 --upscale 2 is 1080 lines "
        "in broad strokes", 1, choices=UPSCALES,
    )
    stroke_size: int | None = option(
        "how broad strokes are: 1 is as fine as the network paints, 8 eight times as broad (default: by the lines, so "
        "that they are as broad in a large picture as in a small one)", None, choices=STROKE_SIZES,
    )
    second_style: str | None = option("a style to mix in, of the same network", None, metavar="NAME|FILE")
    mix: float = option("how much of --second-style, 0..1", 0.5, metavar="0..1")

    def __post_init__(self) -> None:
        for name in ("strength", "stability", "mix"):
            require_unit_interval(f"--{name}", getattr(self, name))
        require_work_height(self.work_height)
        require_stroke_size(self.stroke_size)
        require_upscale(self.upscale)
        if self.style == NO_STYLE and self.second_style is not None:
            raise SettingError(f"--style {NO_STYLE} has nothing to mix --second-style into: leave one of them away")
        if self.style == NO_STYLE and self.upscale == 1:
            raise SettingError(f"--style {NO_STYLE} leaves the picture as it is: give --upscale 2 or 4 with it")

    @property
    def styles(self) -> tuple[str, ...]:
        """The style, and the one that is mixed in, if any is."""
        return (self.style,) if self.second_style is None or self.mix == 0 else (self.style, self.second_style)


@dataclass(frozen=True)
class VideoSettings:
    """How a video is read and written."""

    start: str | None = option("begin here: seconds from the first frame, or [HH:]MM:SS[.mmm]", None, metavar="T")
    end: str | None = option("stop here: seconds, or [HH:]MM:SS[.mmm]", None, metavar="T")
    codec: str | None = option("video codec (default: what the container usually holds)", None, choices=CODECS)
    quality: int | None = option(
        "the encoder's own constant quality number, lower is better (h264: CRF, default 18)", None, metavar="N"
    )
    decoder: str = option("who decodes: the processor, or an NVIDIA card if one can", "cpu", choices=DECODERS)
    encoder: str = option("who encodes h264, hevc and av1: the processor, or an NVIDIA card if one can", "cpu",
                          choices=ENCODERS)
    input_color: str | None = option(
        "read the input with this matrix and range instead of its tags", None, choices=INPUT_COLORS,
        metavar="bt601|bt709|bt2020[-limited|-full]",
    )

    def __post_init__(self) -> None:
        start_s, end_s = self.start_s, self.end_s
        if end_s == 0:
            raise SettingError(f"--end {self.end} leaves nothing: give a later time")
        if start_s is not None and end_s is not None and end_s <= start_s:
            raise SettingError(f"--end {self.end} is not after --start {self.start}")

    @property
    def start_s(self) -> float | None:
        """Seconds from the first frame, or None for the beginning."""
        return None if self.start is None else parse_time(self.start, "--start")

    @property
    def end_s(self) -> float | None:
        """Seconds from the first frame, or None for the end."""
        return None if self.end is None else parse_time(self.end, "--end")


@dataclass(frozen=True)
class FileSettings:
    """Where the result goes, and how it is reported."""

    overwrite: bool = option("replace an existing output file", default=False)
    json: bool = option("print one JSON object about the run on standard output", default=False)


@dataclass(frozen=True)
class RenderRequest:
    """One file to paint into another, or each video of a folder into another folder."""

    source: Path
    output: Path | None
    look: LookSettings
    video: VideoSettings
    overwrite: bool = False


def parse_time(text: str, flag: str) -> float:
    """Seconds of "12.5", "1:02" or "01:02:03.250". Raises SettingError."""
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3 or any(not 0 <= part < float("inf") for part in parts):
        raise SettingError(f"{flag} {text} is not a time: give seconds, or [HH:]MM:SS")
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds


def require_work_height(work_height: int | None) -> None:
    """Raises SettingError."""
    if work_height is not None and work_height < 16:
        raise SettingError(f"--work-height {work_height} is too small: give 16 lines or more")


def require_stroke_size(stroke_size: int | None) -> None:
    """Raises SettingError."""
    if stroke_size is not None:
        _require_one_of("--stroke-size", stroke_size, STROKE_SIZES)


def require_upscale(upscale: int) -> None:
    """Raises SettingError."""
    _require_one_of("--upscale", upscale, UPSCALES)


def _require_one_of(flag: str, value: int, known: Sequence[int]) -> None:
    if value not in known:
        *most, last = map(str, known)
        raise SettingError(f"{flag} {value} is none: give {', '.join(most)} or {last}")


def require_unit_interval(flag: str, value: float) -> None:
    """Raises SettingError."""
    if not 0 <= value <= 1:
        raise SettingError(f"{flag} {value:g} is out of range: give a number from 0 to 1")
