"""Frames into a video file: converted and tagged, each at its own time, beside the final name until whole.

Runs on the writer thread. The container is written as a stream that survives a crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from fnst_live.errors import InputError, OutputError
from fnst_live.frames.color import (
    MATRIX_CODES,
    PRIMARIES_CODES,
    RANGE_CODES,
    TRANSFER_CODES,
    ColorTags,
    output_tags,
)
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.resize import resize
from fnst_live.frames.timing import TimeWindow
from fnst_live.frames.video_format import VideoFormat
from fnst_live.sinks.encoder_choice import choose_encoder
from fnst_live.sinks.encoders import LARGE_PIXELS, ContainerSpec, EncoderSpec, codec_for, container_for
from fnst_live.sinks.provisional import claim_provisional, provisional_path, put_in_place, write_failure
from fnst_live.sinks.sound_track import SoundTrack
from fnst_live.sinks.tracks import TrackCopier, TrackReport

ACCURATE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
SMALLEST_SIDE = 16
GIF_TICKS = Fraction(1, 100)


class VideoFileSink:
    """Satisfies `pipeline.stages.Sink`.

    size, color: what is really written. track_reports: what became of sound and subtitles.
    """

    def __init__(
        self,
        output: Path,
        video_format: VideoFormat,
        *,
        codec: str | None = None,
        quality: int | None = None,
        encoder: str = "cpu",
        tracks_from: Path | None = None,
        window: TimeWindow | None = None,
        with_sound: bool = False,
        is_live: bool = False,
    ):
        """Opens the provisional file. Raises InputError, OutputError, SettingError.

        encoder: see `choose_encoder`. with_sound: a track for `write_sound`. is_live: speed and what a crash leaves
        count more than size.
        """
        self.output = output
        self.codec = codec_for(output, codec)
        self._spec, why_not_wanted = choose_encoder(self.codec, encoder, video_format.square_size)
        options = self._spec.options_for(self.codec, quality)
        if is_live:
            options.update(self._spec.live_options)
        if video_format.size.width * video_format.size.height > LARGE_PIXELS:
            options.update(self._spec.large_options)
        container = container_for(output)
        self._shown_size, self._pixel_aspect = video_format.size, video_format.pixel_aspect
        if not tells_pixel_aspect(container, self.codec):
            self._shown_size, self._pixel_aspect = video_format.square_size, Fraction(1)
        self.size = written_size(self._shown_size, self._spec)
        self.color = RGB_WRITTEN if self._spec.is_rgb else output_tags(video_format.color, self.size)
        self._window = window or TimeWindow()
        self._converter = _converter_for(self._spec, self.size, self.color)
        self._claim = claim_provisional(output)
        try:
            self._container: OutputContainer = av.open(
                str(provisional_path(output)), "w", format=container.format,
                options=container.options_for(video_format.time_base),
            )
        except OSError as error:
            self._claim.close()
            raise write_failure(output, error) from error
        self._stream = self._add_video_stream(video_format, options)
        self._tracks = None if tracks_from is None else TrackCopier(tracks_from, self._container, self._window)
        if self._tracks is not None:
            self._tracks.describe_pictures(self._stream)
        self._sound = SoundTrack(self._container) if with_sound else None
        self._origin_pts: int | None = None
        self.warnings = [why_not_wanted] if why_not_wanted else []
        if self._shown_size != video_format.size:
            self.warnings.append(
                f"{output.suffix} with {self.codec} knows square pixels only: widened from {video_format.size}"
            )
        if self.size != self._shown_size:
            self.warnings.append(f"{self.codec} needs even sizes: {self._shown_size} was cropped to {self.size}")
        self.warnings += [report.warning for report in self.track_reports if report.warning]

    @property
    def track_reports(self) -> list[TrackReport]:
        return [] if self._tracks is None else self._tracks.reports

    def write(self, frame: Frame) -> None:
        """Encode one frame, and copy what sounds until then. Raises OutputError."""
        try:
            if self._origin_pts is None:
                self._begin(frame)
            assert self._origin_pts is not None
            shown = frame.with_pixels(resize(frame.pixels, self._shown_size))
            for picture in self._converter.convert(shown):
                picture.pts = frame.pts - self._origin_pts
                picture.duration = frame.duration
                picture.time_base = frame.time_base
                self._container.mux(self._stream.encode(picture))
            if self._tracks is not None:
                self._tracks.copy_until(frame.time_s)
            if self._sound is not None:
                self._sound.keep_up(float((frame.pts - self._origin_pts) * frame.time_base))
        except (OSError, av.error.FFmpegError) as error:
            raise self._failure(error) from error

    def write_sound(self, samples: bytes, sample_rate: int, channels: int, begin_s: float) -> None:
        """Encode s16le samples that begin so long after the first frame. Raises OutputError."""
        assert self._sound is not None
        try:
            self._sound.write(samples, sample_rate, channels, begin_s)
        except OSError as error:
            raise write_failure(self.output, error) from error

    def finish(self) -> None:
        """Flush, close, and give the file its final name. Raises OutputError."""
        try:
            self._flush()
            if self._tracks is not None:
                self._tracks.finish()
            self._close()
        except (OSError, av.error.FFmpegError) as error:
            raise self._failure(error) from error
        put_in_place(self.output)
        self._claim.close()

    def _failure(self, error: Exception) -> OutputError:
        if isinstance(error, OSError):
            return write_failure(self.output, error)
        return OutputError(f"{self.output} could not be written: {self._spec.encoder} fails ({error}); give another "
                           "--codec, or --encoder cpu")

    def abandon(self) -> None:
        """Make what there is playable under its provisional name, as far as the disk allows; nothing leaves nothing."""
        try:
            self._flush()
            self._close()
        except (OSError, av.error.FFmpegError, ValueError):
            pass  # the disk is full or the encoder broken; the fragments written so far still play
        if self._origin_pts is None:
            provisional_path(self.output).unlink(missing_ok=True)
        self._claim.close()

    def _begin(self, frame: Frame) -> None:
        trimmed = self._window.start is not None
        self._origin_pts = frame.pts if trimmed else round(self._window.zero / frame.time_base)
        if self._tracks is not None:
            self._tracks.begin(frame.time_s)

    def _flush(self) -> None:
        self._container.mux(self._stream.encode(None))
        if self._sound is not None:
            self._sound.flush()

    def _close(self) -> None:
        self._container.close()
        if self._tracks is not None:
            self._tracks.close()

    def _add_video_stream(self, video_format: VideoFormat, options: dict[str, str]) -> VideoStream:
        quantizer = options.pop("global_quality", None)  # a field of the context: as an option it is not heard
        stream = self._container.add_stream(self._spec.encoder, rate=video_format.frame_rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = self.size
        stream.pix_fmt = self._spec.pixel_format
        context = stream.codec_context
        context.time_base = video_format.time_base
        stream.time_base = video_format.time_base
        context.sample_aspect_ratio = self._pixel_aspect
        context.flags |= Flags.frame_duration
        context.thread_count = 0
        if quantizer is not None:
            context.flags |= Flags.qscale
            context.global_quality = int(quantizer)
        tag = self._spec.codec_tag.get(self._container.format.name)
        if tag is not None:
            context.codec_tag = tag
        context.colorspace = MATRIX_CODES[self.color.matrix]
        context.color_range = RANGE_CODES[self.color.range]
        context.color_primaries = PRIMARIES_CODES[self.color.primaries]
        context.color_trc = TRANSFER_CODES[self.color.transfer]
        return stream


RGB_WRITTEN = ColorTags("gbr", "pc", "bt709", "iec61966-2-1")


def tells_pixel_aspect(container: ContainerSpec, codec: str) -> bool:
    """Whether a player learns of non-square pixels: from mp4 itself, elsewhere only from within h264 and hevc."""
    return container.format in ("mp4", "mov") or codec in ("h264", "hevc")


def written_size(size: FrameSize, spec: EncoderSpec) -> FrameSize:
    """The nearest size below that the pixel format can have. Raises InputError."""
    written = FrameSize(size.width - size.width % spec.width_step, size.height - size.height % spec.height_step)
    if min(written) < SMALLEST_SIDE:
        raise InputError(f"a picture of {size} is too small: {SMALLEST_SIDE}x{SMALLEST_SIDE} is the least")
    return written


class _YuvConverter:
    """RGB frames to tagged pictures in the encoder's pixel format."""

    def __init__(self, spec: EncoderSpec, size: FrameSize, color: ColorTags):
        self._spec, self._size, self._color = spec, size, color
        self._reformatter = VideoReformatter()

    def convert(self, frame: Frame) -> Iterator[av.VideoFrame]:
        picture = self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(_cropped(frame.pixels, self._size), format="rgb24"),  # no copy
            format=self._spec.pixel_format,
            src_color_range=RANGE_CODES["pc"],
            dst_colorspace=None if self._spec.is_rgb else MATRIX_CODES[self._color.matrix],
            dst_color_range=RANGE_CODES[self._color.range],
            dst_color_trc=TRANSFER_CODES[self._color.transfer],
            dst_color_primaries=PRIMARIES_CODES[self._color.primaries],
            interpolation=ACCURATE,
        )
        picture.colorspace = MATRIX_CODES[self._color.matrix]
        picture.color_range = RANGE_CODES[self._color.range]
        yield picture


class _PaletteConverter:
    """RGB frames to 256 colors, a palette for each frame: no second pass, no waiting for the end."""

    def __init__(self, size: FrameSize):
        self._size = size
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=size.width, height=size.height, format=av.VideoFormat("rgb24"), time_base=GIF_TICKS
        )
        split, use = graph.add("split"), graph.add("paletteuse", "new=1:dither=sierra2_4a")
        palette, sink = graph.add("palettegen", "stats_mode=single"), graph.add("buffersink")
        source.link_to(split)
        split.link_to(use, 0, 0)
        split.link_to(palette, 1, 0)
        palette.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        self._graph = graph

    def convert(self, frame: Frame) -> Iterator[av.VideoFrame]:
        picture = av.VideoFrame.from_ndarray(_cropped(frame.pixels, self._size), format="rgb24")
        picture.pts, picture.time_base = frame.index, GIF_TICKS
        self._graph.push(picture)
        pulled = self._graph.pull()
        assert isinstance(pulled, av.VideoFrame)
        yield pulled


def _converter_for(spec: EncoderSpec, size: FrameSize, color: ColorTags) -> _YuvConverter | _PaletteConverter:
    return _PaletteConverter(size) if spec.pixel_format == "pal8" else _YuvConverter(spec, size, color)


def _cropped(pixels: Pixels, size: FrameSize) -> Pixels:
    return np.ascontiguousarray(pixels[: size.height, : size.width])
