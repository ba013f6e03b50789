"""Packets to pictures: opening, seeking, deinterlacing, and living with damage.

What can be decoded comes out; what cannot is counted. Nothing here knows of RGB, orientation or styles.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter
from av.container import InputContainer
from av.video.stream import VideoStream

from fnst_live.errors import InputError, missing_input
from fnst_live.frames.timing import TimeWindow, rescale

SEEK_MARGIN_S = Fraction(1, 2)
ATTACHED_PICTURE = 0x0400
CARD_THREADS = 2  # each takes a picture's memory on the card, and more of them than a driver allows end it
RARE_SHARE = Fraction(1, 20)


def open_input(path: Path) -> InputContainer:
    """Open a media file. Raises InputError with the sentence for the user."""
    if not path.exists():
        raise missing_input(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: give a video file")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty: it holds no video")
    try:
        return av.open(str(path), metadata_errors="replace")
    except PermissionError as error:
        raise InputError(f"{path} may not be read by you: change its permissions, or copy it") from error
    except (av.error.FFmpegError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a video: it is damaged, cut short or of another kind") from error
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror or error}") from error


def pick_video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first stream that moves; cover art does not. Raises InputError."""
    for stream in container.streams.video:
        if not int(stream.disposition) & ATTACHED_PICTURE and stream.codec_context is not None:
            return stream
    what = "only sound" if container.streams.audio else "no video"
    raise InputError(f"{path} holds {what}: give a file with a video track")


def origin_of(stream: VideoStream) -> Fraction:
    """Time of the first frame, in seconds of the file's own clock."""
    return (stream.start_time or 0) * (stream.time_base or Fraction(1))


class VideoDecoder:
    """Pictures of the wanted part of a stream, and those that a seek brings before it.

    damaged_count: frames and packets that could not be decoded cleanly.
    demuxed_until_s: how far any stream of the file reached; a cut-off file ends before its promised length.
    was_interlaced: some frame was, and was deinterlaced.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, window: TimeWindow):
        self.container, self.stream, self.window = container, stream, window
        self.damaged_count = 0
        self._lost_count = self._gap_count = self._step_count = 0
        self._skips_damage_in_silence = "matroska" in container.format.name
        self._next_pts: int | None = None
        self.demuxed_until_s = Fraction(0)
        self.was_interlaced = False
        stream.thread_type = "AUTO"
        if stream.codec_context.is_hwaccel:
            stream.codec_context.thread_count = CARD_THREADS

    def __iter__(self) -> Iterator[av.VideoFrame]:
        self._seek()
        deinterlacer: Deinterlacer | None = None
        for picture in self._pictures():
            if picture.interlaced_frame and deinterlacer is None:
                deinterlacer = Deinterlacer(picture, self.stream)
                self.was_interlaced = True
            yield from deinterlacer.push(picture) if deinterlacer else (picture,)
        yield from deinterlacer.flush() if deinterlacer else ()

    def _seek(self) -> None:
        if self.window.start is None or self.window.start <= self.origin_s:
            return
        target = max(self.window.start - SEEK_MARGIN_S, self.origin_s)
        assert self.stream.time_base is not None
        self.container.seek(int(target / self.stream.time_base), stream=self.stream)

    @property
    def origin_s(self) -> Fraction:
        return origin_of(self.stream)

    def _pictures(self) -> Iterator[av.VideoFrame]:
        for packet in self._packets():
            try:
                pictures = packet.decode()
            except av.error.FFmpegError:  # damage comes under a dozen names: invalid data, patch welcome, bug ...
                self.damaged_count += 1
                continue
            for picture in pictures:
                if isinstance(picture, av.VideoFrame):
                    self.damaged_count += bool(picture.is_corrupt)
                    self._note_gap(picture)
                    yield picture

    def _packets(self) -> Iterator[av.Packet[Any]]:
        """Packets of the video stream, the flushing one included; reading stops for good where the file breaks."""
        packets = self.container.demux()
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.error.FFmpegError, OSError):
                self.damaged_count += 1
                yield from self._flushing_packet()
                return
            self._note_reach(packet)
            if packet.stream is self.stream:  # not by stream_index, which is 0 in the flushing packets of all streams
                yield packet

    def _flushing_packet(self) -> Iterator[av.Packet[Any]]:
        packet: av.Packet[Any] = av.Packet()
        packet.stream = self.stream
        yield packet

    def _note_gap(self, picture: av.VideoFrame) -> None:
        """Matroska's reader looks for the next whole cluster without a word: only time tells."""
        if picture.pts is None or not self._skips_damage_in_silence:
            return
        self._step_count += 1
        if self._next_pts is not None and picture.duration and picture.pts - self._next_pts >= picture.duration:
            self._lost_count += (picture.pts - self._next_pts) // picture.duration
            self._gap_count += 1
        self._next_pts = picture.pts + picture.duration if picture.duration else None

    @property
    def lost_count(self) -> int:
        """Frames that seem to be missing in between, about; 0 where gaps are the rule, as at a variable rate."""
        return self._lost_count if self._gap_count <= self._step_count * RARE_SHARE else 0

    def _note_reach(self, packet: av.Packet[Any]) -> None:
        if packet.pts is not None and packet.time_base is not None:
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            self.demuxed_until_s = max(self.demuxed_until_s, end)


class Deinterlacer:
    """bwdif, one progressive frame per interlaced one; progressive frames in between pass unchanged."""

    def __init__(self, first: av.VideoFrame, stream: VideoStream):
        """first: a picture; the stream may promise another format, such as a card's own."""
        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_buffer(None, first.width, first.height, first.format, time_base=stream.time_base),
            graph.add("bwdif", "mode=send_frame:deint=interlaced"),
            graph.add("buffersink"),
        ).configure()
        self.graph, self.time_base = graph, stream.time_base

    def push(self, picture: av.VideoFrame) -> Iterator[av.VideoFrame]:
        self.graph.push(picture)
        yield from self._pull()

    def flush(self) -> Iterator[av.VideoFrame]:
        self.graph.push(None)
        yield from self._pull()

    def _pull(self) -> Iterator[av.VideoFrame]:
        while True:
            try:
                picture = self.graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(picture, av.VideoFrame)
            yield self._in_stream_time(picture)

    def _in_stream_time(self, picture: av.VideoFrame) -> av.VideoFrame:
        """The filter counts in half ticks."""
        if picture.time_base != self.time_base and self.time_base is not None and picture.pts is not None:
            assert picture.time_base is not None
            picture.pts = rescale(picture.pts, picture.time_base, self.time_base)
            picture.duration = rescale(picture.duration, picture.time_base, self.time_base)
            picture.time_base = self.time_base
        return picture
