"""The composition root: from settings to a ready pipeline. The only place that knows every stage."""

from __future__ import annotations

from dataclasses import dataclass

from fnst_live.compose.compositor import StrengthCompositor
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.resize import resize, work_size
from fnst_live.frames.video_format import VideoFormat
from fnst_live.pipeline.pipeline import Pipeline
from fnst_live.settings import WORK_HEIGHT_LIMIT, LookSettings
from fnst_live.stabilize.stabilizer import make_stabilizer
from fnst_live.style_library import StyleEntry, load_style
from fnst_live.stylize.selection import open_engine
from fnst_live.stylize.stylizer import NetworkStylizer


@dataclass(frozen=True)
class Painter:
    """A look made ready: the style and the engine it runs on are settled, pipelines are cheap to make."""

    look: LookSettings
    style: StyleEntry
    engine_name: str
    stylizer: NetworkStylizer

    def pipeline_for(self, video_format: VideoFormat) -> Pipeline:
        """A pipeline of its own memory for one stream of frames."""
        size = self.work_size_for(video_format)
        return Pipeline(
            to_work_size=lambda frame: _resized(frame, size),
            stylizer=self.stylizer,
            stabilizer=make_stabilizer(self.look.stability),
            compositor=StrengthCompositor(self.look.strength, self.look.keep_color),
        )

    def work_size_for(self, video_format: VideoFormat) -> FrameSize:
        """The size the network sees: square pixels, at most as many lines as the settings say."""
        return work_size(video_format.size, self.look.work_height, WORK_HEIGHT_LIMIT, video_format.pixel_aspect)


def open_painter(look: LookSettings, lanes: int = 1) -> Painter:
    """Load the style and open the fastest engine. Raises StyleError, EngineError.

    lanes: how many frames it shall paint at once, where the engine can.
    """
    style = load_style(look.style)
    engine = open_engine(style.model, look.engine, lanes)
    stylizer = NetworkStylizer(engine, style.vector, style.model.multiple_of, style.model.min_side)
    return Painter(look, style.entry, f"{engine.name} {engine.precision}", stylizer)


def _resized(frame: Frame, size: FrameSize) -> Frame:
    return frame if frame.size == size else frame.with_pixels(resize(frame.pixels, size))
