"""What shall be measured. Standard library only, since `--help` must be instant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fnst_live.errors import SettingError
from fnst_live.options import option
from fnst_live.settings import DEFAULT_STYLE, ENGINES

USUAL_SIZES = ("320x240", "640x480", "1280x720", "1920x1080")
QUICK_SIZES = ("640x480",)
USUAL_SECONDS, QUICK_SECONDS = 2.0, 0.5
SMALLEST_SIDE, LARGEST_SIDE = 48, 8192
LONGEST_S = 600.0


@dataclass(frozen=True)
class BenchSettings:
    """sizes and seconds: None for the usual ones, or, if quick, for few and short ones."""

    sizes: tuple[str, ...] | None = option(
        f"sizes of the picture (default: {' '.join(USUAL_SIZES)})", None, nargs="+", metavar="WxH", type=str
    )
    style: str = option("name of a style, or a model file", DEFAULT_STYLE, metavar="NAME|FILE")
    engine: str = option("measure this engine only", "auto", choices=ENGINES)
    seconds: float | None = option(
        f"how long each figure is measured, at least (default: {USUAL_SECONDS:g})", None, metavar="N"
    )
    quick: bool = option(f"{QUICK_SIZES[0]} only, {QUICK_SECONDS:g} seconds a figure", default=False)
    save: Path | None = option("keep the result as JSON, for a later --compare", None, metavar="FILE")
    compare: tuple[Path, ...] | None = option(
        "hold the result against a saved one; or, with two files, those against one another, measuring nothing",
        None, nargs="+", metavar="FILE", type=Path,
    )
    json: bool = option("print one JSON object instead of the table", default=False)

    def __post_init__(self) -> None:
        for size in self.sizes or ():
            _require_size(size)
        if self.seconds is not None and not 0 < self.seconds <= LONGEST_S:
            raise SettingError(f"--seconds {self.seconds:g} is out of range: give more than 0, at most {LONGEST_S:g}")
        if len(self.compare or ()) > 2:
            raise SettingError("--compare takes one saved result, or two: leave out the others")
        if len(self.compare or ()) == 2 and self.save is not None:
            raise SettingError("--save has nothing to keep where --compare is given two files: leave one of them out")

    @property
    def size_texts(self) -> tuple[str, ...]:
        """As "640x480"."""
        return self.sizes or (QUICK_SIZES if self.quick else USUAL_SIZES)

    @property
    def figure_s(self) -> float:
        return self.seconds or (QUICK_SECONDS if self.quick else USUAL_SECONDS)


def _require_size(text: str) -> None:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if match is None:
        raise SettingError(f"--sizes {text} is no size: give width and height, as in 640x480")
    sides = [int(side) for side in match.groups()]
    if any(side % 2 or not SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise SettingError(
            f"--sizes {text} cannot be measured: give even numbers from {SMALLEST_SIDE} to {LARGEST_SIDE}"
        )
