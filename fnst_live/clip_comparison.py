"""`fnst-live metrics`: a content clip and what was made of it, read side by side and measured."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.metrics import LOST_SHARE, SMALLEST_SIDE, ClipMeter, Figures
from fnst_live.sources.video_file import VideoFileSource

COLUMNS = (("warping_error", "E_warp, 1e-3"), ("contrast", "contrast"), ("saturation", "saturation"),
           ("sharpness", "sharpness"))


@dataclass(frozen=True)
class Comparison:
    """What was measured. against: the clip that `ratios` divides by, for example the per-frame result."""

    frames: int
    size: FrameSize
    followed_share: float
    clips: dict[str, Path]       # by role: content, stylized, against
    figures: dict[str, Figures]  # by role, too
    warnings: list[str]

    @property
    def ratios(self) -> dict[str, float | None] | None:
        """The stylized clip's figures relative to those of the one it is held against."""
        against = self.figures.get("against")
        return None if against is None else self.figures["stylized"].relative_to(against)

    def as_json(self) -> dict[str, Any]:
        clips = {role: {"file": str(path), **asdict(self.figures[role])} for role, path in self.clips.items()}
        ratios = {} if self.ratios is None else {"ratios": self.ratios}
        return {"frames": self.frames, "size": list(self.size), "followed_share": self.followed_share,
                **clips, **ratios, "warnings": self.warnings}

    def as_text(self) -> str:
        """A table: a clip per row, and the ratios below."""
        rows = [_row(role, asdict(figures), digits=4) for role, figures in self.figures.items()]
        if self.ratios is not None:
            rows.append(_row("stylized/against", self.ratios, digits=3, error_scale=1))
        head = f"{self.frames} frames of {self.size}, {self.followed_share:.0%} of the pixels followed"
        titles = "".join(f"{title:>13}" for _, title in COLUMNS)
        return "\n".join([head, f"{'':<18}{titles}", *rows])


def compare_clips(content: Path, stylized: Path, against: Path | None = None) -> Comparison:
    """Measure one clip, or two, made of the same content. Raises UserError."""
    clips = {"content": content, "stylized": stylized} | ({} if against is None else {"against": against})
    with ExitStack() as stack:
        sources = [stack.enter_context(VideoFileSource(path)) for path in clips.values()]
        size = _common_size(sources)
        warnings: list[str] = []
        meter = _measure(sources, size, warnings)
    if meter.frame_count < 2:
        raise InputError(f"there is only one frame to compare of {content}: give clips of two frames or more")
    figures = dict(zip(clips, (meter.content, *meter.stylized), strict=True))
    return Comparison(meter.frame_count, size, meter.followed_share, clips, figures, warnings)


def _measure(sources: list[VideoFileSource], size: FrameSize, warnings: list[str]) -> ClipMeter:
    """All common frames, with a progress bar where somebody watches."""
    meter = ClipMeter()
    expected = min((source.expected_frame_count for source in sources if source.expected_frame_count), default=None)
    with tqdm(total=expected, unit="frame", disable=not sys.stderr.isatty(), leave=False) as bar:
        for pictures in _side_by_side(sources, warnings):
            meter.add(*(_cropped(picture, size) for picture in pictures))
            bar.update()
    if meter.lost_count:
        warnings.append(
            f"pairs of frames of which less than {LOST_SHARE:.0%} could be followed, cuts most likely: "
            f"{meter.lost_count}; they may outweigh all others in E_warp, better measure each scene by itself"
        )
    warnings.extend(f"{source.path}: {warning}" for source in sources for warning in source.warnings)
    return meter


def _side_by_side(sources: list[VideoFileSource], warnings: list[str]) -> Iterator[tuple[Pixels, ...]]:
    """Frames matched by their order, until the first clip ends; a warning if others go on."""
    for count, frames in enumerate(itertools.zip_longest(*sources)):
        present: list[Frame] = [frame for frame in frames if frame is not None]
        if len(present) < len(frames):
            ended = ", ".join(str(source.path) for source, frame in zip(sources, frames, strict=True) if frame is None)
            warnings.append(f"the clips differ in length: {ended} ends after {count} frames, only those were compared")
            return
        yield tuple(frame.pixels for frame in present)


def _common_size(sources: list[VideoFileSource]) -> FrameSize:
    """That of the stylized clips, which must be the content's. Raises InputError."""
    content, *stylized = sources
    size = stylized[0].size
    for source in stylized:
        for other, is_alike in ((stylized[0], source.size == size), (content, source.size in _fitting(content.size))):
            if not is_alike:
                sizes = f"{source.path} is {source.size}, but {other.path} is {other.size}"
                raise InputError(f"{sizes}: give clips of one size")
    if min(size) < SMALLEST_SIDE:
        raise InputError(f"{content.path} is too small to be measured: give {SMALLEST_SIDE} pixels each way or more")
    return size


def _fitting(size: FrameSize) -> tuple[FrameSize, FrameSize]:
    """It, and what most codecs make of an odd one: a line or a column less at the far end."""
    return size, FrameSize(size.width & ~1, size.height & ~1)


def _cropped(picture: Pixels, size: FrameSize) -> Pixels:
    return picture[: size.height, : size.width]


def _row(name: str, values: dict[str, float | None], *, digits: int, error_scale: float = 1000) -> str:
    scaled = {**values, "warping_error": _scaled(values["warping_error"], error_scale)}
    return f"{name:<18}" + "".join(f"{_text(scaled[key], digits):>13}" for key, _ in COLUMNS)


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
