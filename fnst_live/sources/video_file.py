"""A video file as frames: upright, progressive, full-range RGB, each with its own presentation time.

Runs on the capture thread. Sound, subtitles and chapters are not its business: `sinks.tracks` copies those.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.container import InputContainer
from av.format import Flags
from av.video.stream import VideoStream

from fnst_live.errors import InputError, SettingError
from fnst_live.frames.frame import Frame
from fnst_live.frames.resize import within_lines
from fnst_live.frames.timing import TimeWindow
from fnst_live.frames.video_format import VideoFormat
from fnst_live.sources.decoder_choice import open_decoded_by, why_not_on_card
from fnst_live.sources.picture_converter import PictureConverter
from fnst_live.sources.video_decoder import VideoDecoder, origin_of, pick_video_stream

CUT_OFF_SHARE = Fraction(98, 100)  # of the promised length; containers round theirs
CUT_OFF_S = Fraction(1, 4)         # and less than this is no cut, either


class VideoFileSource:
    """Satisfies `pipeline.stages.Source`.

    format: size and shape as shown (upright), time base, color tags with every gap filled.
    size: of the frames; the format's, unless fewer lines are wanted.
    window: the wanted part, in the file's own time.
    warnings: one sentence each; complete once the iteration has ended.
    expected_frame_count: what the container promises for the wanted part, or None.
    """

    def __init__(
        self,
        path: Path,
        *,
        input_color: str | None = None,
        start_s: float | None = None,
        end_s: float | None = None,
        most_lines: int | None = None,
        decoder: str = "cpu",
    ):
        """Opens the file and decodes a first picture. Raises InputError.

        most_lines: for a picture that is only looked at: quickly converted, in square pixels, and not higher.
        decoder: see `open_decoded_by`.
        """
        self.path = path
        self._container, why_not_wanted = open_decoded_by(decoder, path)
        self.warnings = [why_not_wanted] if why_not_wanted else []
        try:
            self._stream = pick_video_stream(self._container, path)
            self.window = TimeWindow.after_origin(origin_of(self._stream), start_s, end_s, _zero_s(self._container))
            self._decoder = VideoDecoder(self._container, self._stream, self.window)
            self._pictures = iter(self._decoder)
            first = self._first_picture()
            self._pictures = itertools.chain([first], self._pictures)
            self._converter = PictureConverter(first, self._stream, input_color)
        except BaseException:
            self._container.close()
            raise
        self.warnings += why_not_on_card(self._stream, first)
        self.format = _describe(self._converter, self._stream)
        self.size = self.format.size
        if most_lines is not None:
            self.size = within_lines(self.format.size, most_lines, self.format.pixel_aspect)
            self._converter.convert_quickly(self.size)
        self.expected_frame_count = self._expected_frame_count()
        if self.format.color.is_hdr:
            self.warnings.append("HDR input: tone-mapped to SDR (BT.709)")
        if first.format.name.startswith("yuva") or self._stream.metadata.get("alpha_mode") == "1":
            self.warnings.append("transparent input: painted as if it were opaque")

    @property
    def origin_s(self) -> Fraction:
        """What the file's clock says at the first frame."""
        return origin_of(self._stream)

    @property
    def duration_s(self) -> Fraction | None:
        """Of the whole clip, as the container promises it."""
        return _promised_length_s(self._container, self._stream)

    def __iter__(self) -> Iterator[Frame]:
        for moment in self.moments():
            yield moment.frame()

    def moments(self) -> Iterator[Moment]:
        """The frames, decoded but not converted: for a player that may have to skip some."""
        time_base, clock, index = self.format.time_base, PresentationClock(self.format), 0
        for picture in self._pictures:
            pts = clock.pts_of(picture)
            if self.window.is_before(pts * time_base):
                continue
            if self.window.is_past(pts * time_base):
                break
            yield Moment(picture, pts, time_base, clock.duration_of(picture), index, self._converter)
            index += 1
        self._report(index, clock)

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _first_picture(self) -> av.VideoFrame:
        for picture in self._pictures:
            return picture
        if self.window.start is not None:
            raise SettingError(f"--start lies after the end of {self.path}: choose an earlier time")
        raise InputError(f"no picture can be decoded from {self.path}: it is damaged or empty")

    def _expected_frame_count(self) -> int | None:
        if self._stream.frames and self.window.is_whole:
            return self._stream.frames
        length = self.window.length_of(origin_of(self._stream), _promised_length_s(self._container, self._stream))
        return None if length is None else max(1, round(length * self.format.frame_rate))

    def _report(self, frame_count: int, clock: PresentationClock) -> None:
        if frame_count == 0:
            raise SettingError(f"--start lies after the end of {self.path}: choose an earlier time")
        if self._decoder.was_interlaced:
            self.warnings.append("interlaced input: deinterlaced")
        if clock.repaired_count:
            self.warnings.append(f"{clock.repaired_count} frames came without a usable time: theirs was estimated")
        if self._decoder.damaged_count:
            self.warnings.append(
                f"damaged input: {self._decoder.damaged_count} packets or frames could not be decoded cleanly"
            )
        if self._decoder.lost_count:
            self.warnings.append(
                f"damaged input: about {self._decoder.lost_count} frames seem to be missing in between"
            )
        missing = self._missing_frame_count(frame_count)
        if missing:
            self.warnings.append(
                f"the input ends early: {frame_count} frames could be decoded, about {missing} are missing"
            )

    def _missing_frame_count(self, frame_count: int) -> int:
        """Frames of a file that ends before its promised time; 0 for a trimmed clip.

        The promised count alone proves nothing: edit lists hide frames, and some writers count one too many.
        """
        promised = _promised_length_s(self._container, self._stream)
        begin = origin_of(self._stream) if self._stream.duration is not None else self.window.zero
        reached = self._decoder.demuxed_until_s - begin
        if not self.window.is_whole or promised is None:
            return 0
        if reached >= promised * CUT_OFF_SHARE or promised - reached < CUT_OFF_S:
            return 0
        return max(1, self._stream.frames - frame_count, round((promised - reached) * self.format.frame_rate))


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame that was decoded; making RGB of it is most of the work, and may be left out."""

    picture: av.VideoFrame
    pts: int
    time_base: Fraction
    duration: int
    index: int
    converter: PictureConverter

    def frame(self) -> Frame:
        return Frame(self.converter.to_pixels(self.picture), self.pts, self.time_base, self.duration, self.index)


class PresentationClock:
    """Times that only ever grow, in the stream's time base; repairs the few that broken files lack or repeat."""

    def __init__(self, video_format: VideoFormat):
        self.time_base = video_format.time_base
        self.usual_step = max(1, round(1 / (video_format.frame_rate * self.time_base)))
        self.last_pts: int | None = None
        self.repaired_count = 0

    def pts_of(self, picture: av.VideoFrame) -> int:
        pts = picture.pts if picture.pts is not None else picture.dts
        if pts is None or (self.last_pts is not None and pts <= self.last_pts):
            self.repaired_count += self.last_pts is not None
            pts = 0 if self.last_pts is None else self.last_pts + (self.usual_step if pts is None else 1)
        self.last_pts = pts
        return pts

    def duration_of(self, picture: av.VideoFrame) -> int:
        return picture.duration or 0


def _zero_s(container: InputContainer) -> Fraction:
    """Where a clock begins that is not the clip's own: transport and program streams."""
    counts_from_anywhere = Flags.ts_discont in Flags(container.format.flags)
    return Fraction(container.start_time or 0, av.time_base) if counts_from_anywhere else Fraction(0)


def _promised_length_s(container: InputContainer, stream: VideoStream) -> Fraction | None:
    if stream.duration is not None and stream.time_base is not None:
        return stream.duration * stream.time_base
    return None if container.duration is None else Fraction(container.duration, av.time_base)


def _describe(converter: PictureConverter, stream: VideoStream) -> VideoFormat:
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
    aspect = aspect if aspect > 0 else Fraction(1)
    assert stream.time_base is not None
    return VideoFormat(
        size=converter.orientation.size_of(converter.coded_size),
        time_base=stream.time_base,
        frame_rate=stream.average_rate or stream.guessed_rate or Fraction(25),
        pixel_aspect=1 / aspect if converter.orientation.is_transposed else aspect,
        color=converter.color,
    )
