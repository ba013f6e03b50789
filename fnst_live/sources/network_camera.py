"""A camera in the network: a phone, or whatever else sends its picture to an address. Runs on the capture thread.

A picture is shown when it comes; only what comes in bursts, as HLS and whole files do, is shown at its own pace. A
camera that falls silent is asked for again until it is back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from urllib.parse import urlsplit

import av
from av.container import InputContainer

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.resize import within_lines
from fnst_live.frames.timing import TimeWindow
from fnst_live.sources.picture_converter import PictureConverter
from fnst_live.sources.video_decoder import VideoDecoder

MICROSECOND = Fraction(1, 1_000_000)
LOOK_AGAIN_S = 1.0
OPEN_S, OPEN_AGAIN_S, READ_S = 5.0, 2.0, 3.0  # of silence, then it counts as gone; whoever closes it may wait as long
MOST_AHEAD_S = 15.0        # further ahead is no burst but another clock
MOST_BEHIND_S = 0.5        # what comes later will go on to come so late
USUAL_FPS = 30.0
OPTIONS = {"rtsp_flags": "prefer_tcp"}  # datagrams get lost in the air
ADVICE = "is it on, and is the address right?"


class NetworkCamera:
    """Satisfies `pipeline.stages.Source`.

    name: of its place, without user and password. size: of the frames now; frame_rate: what it claims. on_lost,
    on_back: called on the capture thread.
    """

    def __init__(
        self,
        address: str,
        most_lines: int,
        *,
        on_lost: Callable[[str], object] = str,
        on_back: Callable[[], object] = bool,
    ):
        """Connects, and waits for a first picture. Raises InputError."""
        self.name = name_of(address)
        self._address, self._most_lines = address, most_lines
        self._on_lost, self._on_back = on_lost, on_back
        self._closing = threading.Event()
        self._line = Line(address, most_lines)
        self.frame_rate = self._line.frame_rate

    @property
    def size(self) -> FrameSize:
        return self._line.size

    def __iter__(self) -> Iterator[Frame]:
        """Until it is closed."""
        begin_s, index = time.monotonic(), 0
        try:
            while not self._closing.is_set():
                for picture in self._line.pictures():
                    if self._closing.wait(self._line.wait_s(picture, time.monotonic())):
                        return
                    now_s = time.monotonic()
                    pixels = self._line.to_pixels(picture)
                    yield Frame(pixels, round((now_s - begin_s) / MICROSECOND), MICROSECOND, 0, index, now_s)
                    index += 1
                if not self._find_again():
                    return
        finally:
            self._line.close()

    def close(self) -> None:
        self._closing.set()

    def _find_again(self) -> bool:
        """Waits until the camera is back; False if that was not to be. What can be had again at once was not lost."""
        self._line.close()
        is_told = False
        while not self._closing.wait(LOOK_AGAIN_S):
            try:
                self._line = Line(self._address, self._most_lines, OPEN_AGAIN_S)
            except InputError:  # not ready yet
                if not is_told:
                    self._on_lost(f"{self.name} sends nothing any more: it will be picked up when it is back")
                is_told = True
                continue
            if is_told:
                self._on_back()
            return True
        return False


class Line:
    """A connection, until it breaks off."""

    def __init__(self, address: str, most_lines: int, patience_s: float = OPEN_S):
        """Waits for a first picture. Raises InputError."""
        self._most_lines = most_lines
        self._container = opened(address, patience_s)
        try:
            self._open(name_of(address))
        except BaseException:
            self._container.close()
            raise

    def _open(self, name: str) -> None:
        stream = next(iter(self._container.streams.video), None)
        if stream is None:
            raise InputError(f"{name} has no pictures: {ADVICE}")
        self._stream = stream
        self._decoder = iter(VideoDecoder(self._container, stream, TimeWindow()))
        stream.thread_type = "SLICE"  # by frames, each thread would hold one back
        first = next(self._decoder, None)
        if first is None:
            raise InputError(f"{name} gives no picture: {ADVICE}")
        self._first: av.VideoFrame | None = first
        self._fit(first)
        comes_in_bursts = self._container.duration is not None or "hls" in self._container.format.name
        self._timetable = Timetable() if comes_in_bursts else None
        self.frame_rate = float(stream.average_rate or stream.guessed_rate or USUAL_FPS)

    def _fit(self, picture: av.VideoFrame) -> None:
        """For pictures of this one's size."""
        self._converter = PictureConverter(picture, self._stream, None)
        aspect = self._stream.sample_aspect_ratio or Fraction(1)
        upright = self._converter.orientation.size_of(self._converter.coded_size)
        self.size = within_lines(upright, self._most_lines, aspect if aspect > 0 else Fraction(1))
        self._converter.convert_quickly(self.size)

    def to_pixels(self, picture: av.VideoFrame) -> Pixels:
        """uint8 (H, W, 3) RGB. A phone that is turned sends pictures of another size from there on."""
        if (picture.width, picture.height) != self._converter.coded_size:
            self._fit(picture)
        return self._converter.to_pixels(picture)

    def pictures(self) -> Iterator[av.VideoFrame]:
        """Each as soon as it is there; ends where the connection does."""
        if self._first is not None:
            yield self._first
            self._first = None
        yield from self._decoder

    def wait_s(self, picture: av.VideoFrame, now_s: float) -> float:
        """Until the picture is due."""
        return self._timetable.wait_s(picture.time, now_s) if self._timetable is not None else 0.0

    def close(self) -> None:
        self._container.close()


class Timetable:
    """Each picture is due as long after the first as the sender says."""

    def __init__(self) -> None:
        self._zero_s: float | None = None  # of the sender's clock, on ours

    def wait_s(self, time_s: float | None, now_s: float) -> float:
        """For a picture that bears this time, None for one that bears none."""
        if time_s is None:
            return 0.0
        ahead_s = 0.0 if self._zero_s is None else self._zero_s + time_s - now_s
        if self._zero_s is None or not -MOST_BEHIND_S <= ahead_s <= MOST_AHEAD_S:
            self._zero_s, ahead_s = now_s - time_s, 0.0
        return max(ahead_s, 0.0)


def name_of(address: str) -> str:
    """Host and path."""
    parts = urlsplit(address)
    return f"{parts.hostname or ''}{parts.path.rstrip('/')}"


def opened(address: str, patience_s: float) -> InputContainer:
    """Raises InputError."""
    try:
        return av.open(address, options=dict(OPTIONS), timeout=(patience_s, READ_S))
    except (av.error.FFmpegError, OSError, ValueError) as error:  # whose own text has the password in it
        raise InputError(f"{name_of(address)} cannot be seen ({_reason(error)}): {ADVICE}") from None


def _reason(error: Exception) -> str:
    """Libav's word, without the address and whatever password is in it."""
    if isinstance(error, (av.error.ExitError, TimeoutError)):
        return "no answer"
    reason = error.strerror if isinstance(error, OSError) else None
    return (reason or "no pictures there").lower()
