"""Run without a window: file to file, scene to file. No Qt anywhere below."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from fnst_live.assembly import Painter, open_painter, open_style
from fnst_live.cores import usable_cores
from fnst_live.errors import InputError, SettingError
from fnst_live.folders import check_folder, files_in, kept_names, output_folder
from fnst_live.frames.color import ColorTags
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.pipeline.pipeline import Pipeline, Unpainted
from fnst_live.pipeline.render import render
from fnst_live.pipeline.stages import Source
from fnst_live.settings import (
    MOST_PICTURE_PIXELS,
    MOST_VIDEO_PIXELS,
    NO_STYLE,
    VIDEO_SUFFIXES,
    LookSettings,
    RenderRequest,
)
from fnst_live.sinks.encoders import CONTAINERS, codec_for
from fnst_live.sinks.provisional import check_output
from fnst_live.sinks.tracks import TrackReport
from fnst_live.sinks.video_file import VideoFileSink
from fnst_live.sources.scene import SceneSource
from fnst_live.sources.video_file import VideoFileSource
from fnst_live.still_images import PictureResult, paint_pictures

FALLBACK_SUFFIX = ".mp4"
DEMO_SIZE = FrameSize(640, 480)
DEMO_RATE = Fraction(30)
LONGEST_DEMO_S = 600
MOST_LANES = 4  # each takes the memory of one more frame's painting


class RenderObserver(Protocol):
    """Told, on the caller's thread, how a run goes.

    It may wait, which holds the run up, or raise, which ends it: nothing is left under the final name then.
    """

    def on_start(self, size: FrameSize, frame_count: int | None) -> None:
        """A video or a picture was opened. frame_count: None where the file does not tell."""

    def on_frame(self, painted: Frame) -> None:
        """One more frame is finished, at full size; it may not be written yet."""


class _NobodyWatches:
    """In place of an observer."""

    def on_start(self, size: FrameSize, frame_count: int | None) -> None: ...

    def on_frame(self, painted: Frame) -> None: ...


NOBODY_WATCHES = _NobodyWatches()


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


class Painting:
    """A look made ready, or only its name where nothing of the painting is wanted."""

    def __init__(self, look: LookSettings, lanes: int = 1):
        """lanes: how many frames may be painted at once. Raises StyleError, EngineError."""
        self._painter: Painter | None = None
        self.engine_name = "none"
        if look.upscale > 1 and look.strength == 0:
            look = replace(look, style=NO_STYLE, strength=1.0)
        if look.strength > 0:
            self._painter = open_painter(look, lanes)
            self.engine_name, self.style_name = self._painter.engine_name, self._painter.style_name
        else:
            self.style_name = open_style(look).entry.name

    def pipeline_for(self, video_format: VideoFormat, most_pixels: int = MOST_VIDEO_PIXELS) -> Pipeline | Unpainted:
        return Unpainted() if self._painter is None else self._painter.pipeline_for(video_format, most_pixels)

    def output_format(self, video_format: VideoFormat) -> VideoFormat:
        """What comes out of a stream of that format."""
        return video_format if self._painter is None else self._painter.output_format(video_format)


OpenPainting = Callable[[LookSettings], Painting]


def painting_of_video(look: LookSettings) -> Painting:
    """Paints several frames at once: a core each. Raises StyleError, EngineError."""
    return Painting(look, render_lanes())


def render_lanes() -> int:
    """How many frames of a video are painted at once."""
    return min(usable_cores(), MOST_LANES)


def render_video(
    request: RenderRequest, observer: RenderObserver = NOBODY_WATCHES,
    open_painting: OpenPainting = painting_of_video,
) -> RenderReport:
    """Paint one video file into another. Raises UserError, and what the observer raises.

    open_painting: for whoever paints many files and keeps a painting ready between them.
    """
    video = request.video
    with VideoFileSource(
        request.source, input_color=video.input_color, start_s=video.start_s, end_s=video.end_s, decoder=video.decoder
    ) as source:
        painting = open_painting(request.look)
        output = request.output or default_output(request.source, painting.style_name)
        check_output(output, source=request.source, overwrite=request.overwrite)
        codec_for(output, video.codec)
        observer.on_start(source.size, source.expected_frame_count)
        sink = VideoFileSink(
            output, painting.output_format(source.format), codec=video.codec, quality=video.quality,
            encoder=video.encoder, tracks_from=request.source, window=source.window,
        )
        frames, fps = _run(
            source, painting.pipeline_for(source.format), sink, source.expected_frame_count, observer
        )
    return RenderReport(
        str(request.source), str(output), frames, sink.size, fps, painting.engine_name, painting.style_name,
        source.format.color, sink.color, sink.track_reports, source.warnings + sink.warnings,
    )


@dataclass
class SkippedReport:
    """A file of a folder that could not be painted, and why."""

    input: str
    style: str
    warnings: list[str]
    output: None = None

    def as_json(self) -> dict[str, Any]:
        return {"input": self.input, "output": None, "style": self.style, "warnings": self.warnings}


def render_folder(request: RenderRequest) -> Iterator[RenderReport | SkippedReport]:
    """Paint each video of a folder, and tell of each. Where they go is settled before the first is painted.

    What cannot be read is skipped. Raises UserError where nothing can, or nothing can be written.
    """
    files = files_in(request.source, VIDEO_SUFFIXES, "videos")
    painting = painting_of_video(request.look)
    folder = output_folder(request.source, request.output, painting.style_name)
    check_folder(folder, request.source)
    outputs = [folder / name for name in kept_names(files, is_container, FALLBACK_SUFFIX)]
    for file, output in zip(files, outputs, strict=True):
        codec_for(output, request.video.codec)
        if folder.is_dir():
            check_output(output, source=file, overwrite=request.overwrite)
    is_ours = not folder.is_dir()
    folder.mkdir(exist_ok=True)
    problems = []
    for file, output in zip(files, outputs, strict=True):
        try:
            yield render_video(replace(request, source=file, output=output), open_painting=lambda _: painting)
        except (InputError, SettingError) as error:
            problems.append(error)
            yield SkippedReport(str(file), painting.style_name, [f"{error}; skipped"])
    if len(problems) == len(files):
        if is_ours:
            with contextlib.suppress(OSError):  # somebody else has put something into it
                folder.rmdir()
        raise InputError(f"none of the {len(files)} videos can be painted: {problems[0]}") from problems[0]


def is_container(suffix: str) -> bool:
    """Whether we write such files."""
    return suffix.lower() in CONTAINERS


def render_demo(output: Path, seconds: float, look: LookSettings) -> RenderReport:
    """Paint the built-in scene into a video. Raises UserError."""
    if not 0 < seconds <= LONGEST_DEMO_S:
        raise SettingError(f"--seconds {seconds:g} is out of range: give more than 0 and at most {LONGEST_DEMO_S}")
    check_output(output, source=None, overwrite=True)
    painting = painting_of_video(look)
    scene = SceneSource(DEMO_SIZE, DEMO_RATE, seconds)
    sink = VideoFileSink(output, painting.output_format(scene.format))
    frames, fps = _run(scene, painting.pipeline_for(scene.format), sink, scene.frame_count)
    return RenderReport(
        "built-in scene", str(output), frames, sink.size, fps, painting.engine_name, painting.style_name,
        scene.format.color, sink.color, [], sink.warnings,
    )


def render_pictures(
    source: str, output: str | None, look: LookSettings, *, overwrite: bool,
    observer: RenderObserver = NOBODY_WATCHES, open_painting: OpenPainting = Painting,
) -> list[PictureResult]:
    """Paint one picture, a folder of them, or standard input. Raises UserError, and what the observer raises."""
    painting = open_painting(replace(look, stability=0.0))  # there is nothing to be steady with

    def paint(frame: Frame) -> Frame:
        observer.on_start(frame.size, 1)
        picture = VideoFormat(frame.size, frame.time_base, Fraction(1))
        painted = painting.pipeline_for(picture, MOST_PICTURE_PIXELS).process(frame)
        observer.on_frame(painted)
        return painted

    return paint_pictures(source, output, paint, style_name=painting.style_name, overwrite=overwrite)


def default_output(source: Path, style_name: str) -> Path:
    """The style's name before the suffix, beside the input; formats we only read become mp4."""
    suffix = source.suffix.lower() if is_container(source.suffix) else FALLBACK_SUFFIX
    return source.with_name(f"{source.stem}.{style_name}{suffix}")


def _run(source: Source, pipeline: Pipeline | Unpainted, sink: VideoFileSink,
         expected: int | None, observer: RenderObserver = NOBODY_WATCHES) -> tuple[int, float]:
    """Frames and frames per second, with a progress bar where a terminal shows it."""
    started_s = time.monotonic()
    steps: list[Callable[[Any], Any]] = [pipeline.watch, pipeline.finish]
    with tqdm(total=expected, unit="frame", disable=not sys.stderr.isatty(), leave=False) as bar:

        def on_frame(frame: Frame) -> None:
            bar.update()
            observer.on_frame(frame)

        frames = render(source, pipeline.paint, steps, sink, on_frame, lanes=pipeline.lanes)
    return frames, frames / max(time.monotonic() - started_s, 1e-9)
