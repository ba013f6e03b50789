"""Run without a window: file to file, scene to file. No Qt anywhere below."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from fnst_live.assembly import Painter, open_painter
from fnst_live.frames.color import ColorTags
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.pipeline.render import render
from fnst_live.pipeline.stages import Source
from fnst_live.settings import LookSettings, RenderRequest
from fnst_live.sinks.encoders import CONTAINERS, codec_for
from fnst_live.sinks.provisional import check_output
from fnst_live.sinks.tracks import TrackReport
from fnst_live.sinks.video_file import VideoFileSink
from fnst_live.sources.video_file import VideoFileSource

FALLBACK_SUFFIX = ".mp4"


@dataclass
class RenderReport:
    """What a run did, for people and for `--json`. fps: frames painted per second, end to end."""

    input: str
    output: str
    frames: int
    size: FrameSize
    fps: float
    engine: str
    style: str
    source_color: ColorTags
    output_color: ColorTags
    tracks: list[TrackReport] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """One flat object; sizes as [width, height]."""
        return {
            "input": self.input, "output": self.output, "frames": self.frames, "size": list(self.size),
            "fps": round(self.fps, 2), "engine": self.engine, "style": self.style,
            "source_color": asdict(self.source_color), "output_color": asdict(self.output_color),
            "audio": [track.as_json() for track in self.tracks if track.kind == "audio"],
            "subtitles": [track.as_json() for track in self.tracks if track.kind == "subtitles"],
            "warnings": self.warnings,
        }


def render_video(request: RenderRequest) -> RenderReport:
    """Paint one video file into another. Raises UserError."""
    video = request.video
    with VideoFileSource(
        request.source, input_color=video.input_color, start_s=video.start_s, end_s=video.end_s
    ) as source:
        painting = _Painting(request.look)
        output = request.output or default_output(request.source, painting.style_name)
        check_output(output, source=request.source, overwrite=request.overwrite)
        codec_for(output, video.codec)
        sink = VideoFileSink(
            output, source.format, codec=video.codec, quality=video.quality,
            tracks_from=request.source, window=source.window,
        )
        frames, fps = _run(source, painting.process_for(source.format), sink, source.expected_frame_count)
    return RenderReport(
        str(request.source), str(output), frames, sink.size, fps, painting.engine_name, painting.style_name,
        source.format.color, sink.color, sink.track_reports, source.warnings + sink.warnings,
    )


def render_scene(source: Source, video_format: VideoFormat, frame_count: int, output: Path,
                 look: LookSettings) -> RenderReport:
    """Paint a source that is not a file, the built-in scene for one, into a video. Raises UserError."""
    painting = _Painting(look)
    check_output(output, source=None, overwrite=True)
    sink = VideoFileSink(output, video_format)
    frames, fps = _run(source, painting.process_for(video_format), sink, frame_count)
    return RenderReport(
        "built-in scene", str(output), frames, sink.size, fps, painting.engine_name, painting.style_name,
        video_format.color, sink.color, [], sink.warnings,
    )


def default_output(source: Path, style_name: str) -> Path:
    """The style's name before the suffix, beside the input; formats we only read become mp4."""
    suffix = source.suffix.lower() if source.suffix.lower() in CONTAINERS else FALLBACK_SUFFIX
    return source.with_name(f"{source.stem}.{style_name}{suffix}")


class _Painting:
    """What happens to each frame: the pipeline, or nothing where nothing of the painting is wanted."""

    def __init__(self, look: LookSettings):
        self._painter: Painter | None = None
        self.engine_name, self.style_name = "none", "original"
        if look.strength > 0:
            self._painter = open_painter(look)
            self.engine_name, self.style_name = self._painter.engine_name, self._painter.style.name
        else:
            from fnst_live.style_library import find_style

            self.style_name = find_style(look.style).name

    def process_for(self, video_format: VideoFormat) -> Callable[[Frame], Frame]:
        if self._painter is None:
            return lambda frame: frame
        return self._painter.pipeline_for(video_format).process


def _run(source: Source, process: Callable[[Frame], Frame], sink: VideoFileSink,
         expected: int | None) -> tuple[int, float]:
    """Frames and frames per second, with a progress bar where somebody watches."""
    started_s = time.monotonic()
    with tqdm(total=expected, unit="frame", disable=not sys.stderr.isatty(), leave=False) as bar:
        frames = render(source, process, sink, lambda frame: bar.update())
    return frames, frames / max(time.monotonic() - started_s, 1e-9)
