"""The composition root: from settings to a ready pipeline. The only place that knows every stage."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from fnst_live.compose.compositor import StrengthCompositor, UpscalingCompositor
from fnst_live.errors import SettingError, StyleError
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.resize import SMALLEST_SIDE, lines_within, resize, work_size
from fnst_live.frames.video_format import VideoFormat
from fnst_live.pipeline.pipeline import Pipeline
from fnst_live.pipeline.stages import Compositor, Stylizer
from fnst_live.settings import MOST_PICTURE_PIXELS, MOST_VIDEO_PIXELS, NO_STYLE, LookSettings
from fnst_live.stabilize.choice import make_stabilizer
from fnst_live.stabilize.stabilizer import NoStabilizer, Stabilizer
from fnst_live.style_library import LoadedStyle, load_style
from fnst_live.stylize.engine import torch_device_of
from fnst_live.stylize.fingerprint import model_fingerprint
from fnst_live.stylize.selection import open_engine
from fnst_live.stylize.stylizer import NetworkStylizer, NoStylizer, mix_styles

if TYPE_CHECKING:
    from fnst_live.compose.upscaler import Upscaler

LARGEST_ENLARGED = 16384**2  # pixels: 800 MB, of which a video holds a few at once


@dataclass(frozen=True)
class Painter:
    """A look made ready: the style and the engine it runs on are settled, pipelines are cheap to make.

    style_name: as it stands in the output's name, "x2" where nothing is painted, only enlarged. engine_name: "none"
    then. upscaler: None where nothing is enlarged. torch_device: where the paintings are steadied, None for the CPU.
    """

    look: LookSettings
    style_name: str
    engine_name: str
    stylizer: Stylizer
    upscaler: Upscaler | None = None
    torch_device: str | None = None

    @property
    def paints(self) -> bool:
        return self.look.style != NO_STYLE

    def pipeline_for(self, video_format: VideoFormat, most_pixels: int = MOST_VIDEO_PIXELS) -> Pipeline:
        """A pipeline of its own memory for one stream of frames. Raises SettingError: see `output_format`.

        most_pixels: that the network sees, unless the look says how many lines.
        """
        size = self.work_size_for(video_format, most_pixels)
        output_size = self.output_format(video_format, most_pixels).size
        return Pipeline(
            to_work_size=lambda frame: _resized(frame, size),
            stylizer=self.stylizer,
            stabilizer=self._stabilizer(),
            compositor=self._compositor(output_size),
        )

    def work_size_for(self, video_format: VideoFormat, most_pixels: int = MOST_VIDEO_PIXELS) -> FrameSize:
        """The size the network sees: square pixels, at most as many lines as the settings say."""
        return self._work_size(video_format, most_pixels, SMALLEST_SIDE if self.paints else 1)

    def output_format(self, video_format: VideoFormat, most_pixels: int = MOST_VIDEO_PIXELS) -> VideoFormat:
        """What comes out: as it went in, or, enlarged, so many times the work size.

        Raises SettingError where that is too large.
        """
        if self.upscaler is None:
            return video_format
        width, height = self._work_size(video_format, most_pixels, 1)
        factor = self.upscaler.factor
        size = FrameSize(width * factor, height * factor)
        if size.width * size.height > LARGEST_ENLARGED:
            raise SettingError(f"--upscale {factor} would make a picture of {size}: give a smaller --work-height")
        return replace(video_format, size=size, pixel_aspect=Fraction(1))

    def _stabilizer(self) -> Stabilizer:
        if not self.paints:
            return NoStabilizer()
        return make_stabilizer(self.look.stability, torch_device=self.torch_device)

    def _work_size(self, video_format: VideoFormat, most_pixels: int, smallest_side: int) -> FrameSize:
        size, aspect = video_format.size, video_format.pixel_aspect
        limit = lines_within(size, most_pixels, aspect) if self.paints else size.height
        work = work_size(size, self.look.work_height, limit, aspect, smallest_side)
        if self.look.work_height is not None and work.width * work.height > MOST_PICTURE_PIXELS:
            most_lines = math.isqrt(int(MOST_PICTURE_PIXELS * size.height / (size.width * aspect)))
            raise SettingError(
                f"--work-height {self.look.work_height} would paint a picture of {work}: give {most_lines} or less"
            )
        return work

    def _compositor(self, output_size: FrameSize) -> Compositor:
        compositor = StrengthCompositor(self.look.strength, self.look.keep_color)
        return compositor if self.upscaler is None else UpscalingCompositor(compositor, self.upscaler, output_size)


def open_painter(look: LookSettings, lanes: int = 1) -> Painter:
    """Load the style and open the fastest engine. Raises StyleError, EngineError.

    lanes: how many frames it shall paint at once, where the engine can.
    """
    upscaler = None if look.upscale == 1 else _upscaler(look)
    if look.style == NO_STYLE:
        return Painter(look, f"x{look.upscale}", "none", NoStylizer(), upscaler)
    style = open_style(look)
    engine = open_engine(style.model, look.engine, lanes)
    stylizer = NetworkStylizer(engine, style.vector, style.model.multiple_of, style.model.min_side,
                                look.stroke_size)
    engine_name = f"{engine.name} {engine.precision}"
    return Painter(look, style.entry.name, engine_name, stylizer, upscaler, torch_device_of(engine))


def _upscaler(look: LookSettings) -> Upscaler:
    from fnst_live.compose.upscaler import open_upscaler  # torch takes a second to load, and is needed for this alone

    return open_upscaler(look.upscale, look.engine)


def open_style(look: LookSettings) -> LoadedStyle:
    """The style, or two mixed, named `A+B`. Raises StyleError."""
    style, *others = map(load_style, look.styles)
    for other in others:
        style = _mixed(style, other, look.mix)
    return style


def _mixed(first: LoadedStyle, second: LoadedStyle, amount: float) -> LoadedStyle:
    a, b = first.entry.name, second.entry.name
    if model_fingerprint(first.model) != model_fingerprint(second.model):
        raise StyleError(f"{a} and {b} are of two networks, whose styles do not mix: choose two of one file")
    vector = mix_styles(first.vector, second.vector, amount)
    return LoadedStyle(replace(first.entry, name=f"{a}+{b}"), first.model, vector)


def _resized(frame: Frame, size: FrameSize) -> Frame:
    return frame if frame.size == size else frame.with_pixels(resize(frame.pixels, size))
