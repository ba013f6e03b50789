"""A recording of the live picture: painted, beside it the untouched one if it is wanted, and a microphone's sound.

The finishing thread hands over what it has finished and never waits: where encoding is too slow, pictures are left out
and counted. Times are those at which the frames came. A picture lasts until the next one comes, so each is written
when that is known. A crash leaves fragments that play; so does a disk that is full.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.resize import fit
from fnst_live.frames.video_format import VideoFormat
from fnst_live.pipeline.belt import Belt
from fnst_live.sinks.dated import dated_path
from fnst_live.sinks.video_file import VideoFileSink

TICK = Fraction(1, 90_000)
NOMINAL_RATE = Fraction(30)
SUFFIX = ".mp4"
BELT_CAPACITY = 12


@dataclass(frozen=True, eq=False)
class _Shot:
    """One moment: what was painted, and what it was painted from. came_s: on the monotonic clock."""

    painted: Frame
    original: Frame
    came_s: float


@dataclass(frozen=True)
class _Sound:
    samples: bytes
    sample_rate: int
    channels: int
    heard_s: float
    """When its first sample was heard, on the monotonic clock."""


class RecordingListener(Protocol):
    """Told on the writing thread. One of the last two is the end, and comes once."""

    def on_recording_started(self, paths: tuple[Path, ...]) -> None: ...

    def on_recording_saved(self, paths: tuple[Path, ...], warnings: tuple[str, ...]) -> None: ...

    def on_recording_failed(self, error: Exception) -> None: ...


class LiveRecording:
    """`write` belongs to the finishing thread; everything else may be called from any. is_over: ended, well or not."""

    def __init__(self, folder: Path, listener: RecordingListener, *, with_original: bool, with_sound: bool):
        """Chooses the names. Raises OutputError."""
        painted = dated_path(folder, SUFFIX)
        original = painted.with_stem(f"{painted.stem} original")
        self.paths: tuple[Path, ...] = (painted, original) if with_original else (painted,)
        self._listener, self._with_sound = listener, with_sound
        self._shots: Belt[_Shot] = Belt(BELT_CAPACITY)
        self._sounds: deque[_Sound] = deque()
        self._reels: tuple[_Reel, ...] = ()
        self._begin_s = 0.0
        self._left_out_count = 0
        self._stopped_s: float | None = None
        self.is_over = False
        self._thread = threading.Thread(target=self._run, name="record")

    def start(self) -> None:
        self._thread.start()

    def write(self, painted: Frame, original: Frame) -> None:
        """Returns at once."""
        if self._stopped_s is None and not self._shots.offer(_Shot(painted, original, painted.captured_s)):
            self._left_out_count += 1

    def write_sound(self, samples: bytes, sample_rate: int, channels: int) -> None:
        """s16le samples that have just been heard; without a track for them they are nothing."""
        if self._with_sound and samples and self._stopped_s is None:
            length_s = len(samples) / (2 * channels * sample_rate)
            self._sounds.append(_Sound(samples, sample_rate, channels, time.monotonic() - length_s))

    def stop(self) -> None:
        """Nothing further is taken; the files are finished on the writing thread."""
        self._stopped_s = self._stopped_s or time.monotonic()
        self._shots.close()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            for shot in self._shots:
                self._write(shot)
            self._finish()
        except Exception as error:  # noqa: BLE001  (told to the user; the picture goes on)
            self._shots.stop()
            self.is_over = True
            for reel in self._reels:
                reel.sink.abandon()
            self._listener.on_recording_failed(error)

    def _write(self, shot: _Shot) -> None:
        if not self._reels:
            self._begin(shot)
        pts = round((shot.came_s - self._begin_s) / TICK)
        for reel, frame in zip(self._reels, (shot.painted, shot.original), strict=False):
            reel.add(frame, pts)
        self._write_sounds()

    def _begin(self, shot: _Shot) -> None:
        self._begin_s = shot.came_s
        for path, frame in zip(self.paths, (shot.painted, shot.original), strict=False):
            self._reels = (*self._reels, _Reel(path, frame.size, with_sound=self._with_sound))
        self._listener.on_recording_started(self.paths)

    def _write_sounds(self) -> None:
        while self._sounds:
            sound = self._sounds.popleft()
            begin_s = sound.heard_s - self._begin_s
            for reel in self._reels:
                reel.sink.write_sound(sound.samples, sound.sample_rate, sound.channels, begin_s)

    def _finish(self) -> None:
        end_s = self._stopped_s or time.monotonic()
        if self._reels:
            self._write_sounds()
        for reel in self._reels:
            reel.finish(round((end_s - self._begin_s) / TICK))
        self.is_over = True
        saved = self.paths if self._reels else ()
        self._listener.on_recording_saved(saved, self._warnings())

    def _warnings(self) -> tuple[str, ...]:
        warnings = [warning for reel in self._reels for warning in reel.sink.warnings]
        if self._left_out_count:
            warnings.append(f"{self._left_out_count} pictures came faster than they could be written, and are left out")
        if not self._reels:
            warnings.append("no picture came while it was recorded: nothing was saved")
        return tuple(warnings)


class _Reel:
    """One file being written; frames of another size than the first are fitted in."""

    def __init__(self, path: Path, size: FrameSize, *, with_sound: bool):
        self._size = size
        self._held: tuple[Frame, int] | None = None
        self.sink = VideoFileSink(path, VideoFormat(size, TICK, NOMINAL_RATE), with_sound=with_sound, is_live=True)

    def add(self, frame: Frame, pts: int) -> None:
        """Writes the one before it, whose length is known now; one that is no later takes its place."""
        if self._held is not None:
            pts = max(pts, self._held[1])
            if pts > self._held[1]:
                self._write_held(pts)
        self._held = (frame, pts)

    def finish(self, end_pts: int) -> None:
        if self._held is not None:
            self._write_held(max(end_pts, self._held[1] + 1))
        self.sink.finish()

    def _write_held(self, until_pts: int) -> None:
        assert self._held is not None
        frame, pts = self._held
        self.sink.write(Frame(fit(frame.pixels, self._size), pts, TICK, until_pts - pts))


