"""A video file played at its own pace, for live use: play, pause, seek, step, loop. Runs on the capture thread.

Seeking opens the file anew at the wanted time, which is as exact as a trimmed render. Where the machine is too slow to
decode at the clip's pace, frames are skipped before the costly conversion to RGB; where even that is not enough, the
clip slows down.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fnst_live.errors import SettingError
from fnst_live.frames.frame import Frame
from fnst_live.sources.pace import Pace
from fnst_live.sources.video_file import Moment, VideoFileSource

MOST_SKIPPED = 8  # in a row; then one is shown, late as it is, and the clock set by it


class ClipPlayer:
    """Satisfies `pipeline.stages.Source`. Commands come from any thread and return at once.

    size: of the frames, in square pixels and at most so many lines. A frame's time is its place in the clip; its index
    only ever grows. on_jump: called before the first frame that does not follow the one before it. on_end: the last
    frame is shown, and the clip does not loop.
    """

    def __init__(
        self,
        path: Path,
        most_lines: int,
        *,
        is_looping: bool = True,
        on_jump: Callable[[], object] = bool,
        on_end: Callable[[], object] = bool,
    ):
        """Opens the file. Raises InputError."""
        self.path, self.is_looping = path, is_looping
        self._on_jump, self._on_end = on_jump, on_end
        self._most_lines = most_lines
        self._clip = VideoFileSource(path, most_lines=most_lines)
        self.size = self._clip.size
        self.frame_rate = float(self._clip.format.frame_rate)
        length_s = self._clip.duration_s
        self.duration_s = None if length_s is None else float(length_s)
        self.warnings = list(self._clip.warnings)
        self.skipped_count = 0
        self._pace = Pace()
        self._pace.run()
        self._lock = threading.Lock()
        self._sought_s: float | None = None
        self._step_count = 0
        self._index = -1
        self._shown_s = 0.0
        self._has_ended = False

    @property
    def position_s(self) -> float:
        """Where the clip stands now."""
        now_s = max(0.0, self._pace.now_s)
        return now_s if self.duration_s is None else min(now_s, self.duration_s)

    @property
    def is_playing(self) -> bool:
        return self._pace.is_running

    def play(self) -> None:
        """Go on; from the beginning, if the end was reached."""
        if self._has_ended:
            self.seek(0.0)
        self._pace.run()

    def pause(self) -> None:
        self._pace.stand()

    def seek(self, seconds: float) -> None:
        """Show the frame at that time, and go on from there if it was playing."""
        with self._lock:
            self._seek(seconds)
        self._pace.jolt()

    def step(self, frame_count: int) -> None:
        """Pause, and show the frame so many further on, or back."""
        self.pause()
        with self._lock:
            if frame_count >= 0:
                self._step_count += frame_count
            else:  # the frame that is sought, if one is, lies half a frame behind that time
                begin_s = self._shown_s - 0.5 / self.frame_rate if self._sought_s is None else self._sought_s
                self._seek(begin_s + frame_count / self.frame_rate)
        self._pace.jolt()

    def set_loop(self, is_looping: bool) -> None:  # noqa: FBT001  (one switch)
        self.is_looping = is_looping
        if self._has_ended and is_looping:
            self.play()

    def close(self) -> None:
        self._pace.close()

    def __iter__(self) -> Iterator[Frame]:
        """Until it is closed."""
        try:
            while not self._pace.is_closed:
                try:
                    self._reopen()
                    yield from self._play_through()
                except SettingError:  # nothing comes after the time that was sought
                    self._reach_end(self._pace.now_s)
        finally:
            self._clip.close()

    def _play_through(self) -> Iterator[Frame]:
        """Frames until the end, or until another place is wanted."""
        is_first, skipped, time_s = True, 0, 0.0
        for moment in self._clip.moments():
            time_s = float(moment.pts * moment.time_base - self._clip.origin_s)
            if is_first:
                self._on_jump()
            elif not self._is_due(time_s):
                if self._is_interrupted():
                    return
                continue
            self._index += 1
            if not is_first and self._is_late(time_s) and skipped < MOST_SKIPPED:
                skipped += 1
                self.skipped_count += 1
                continue
            if is_first or skipped == MOST_SKIPPED or not self._pace.is_running:
                self._pace.set(time_s)
            is_first, skipped, self._shown_s = False, 0, time_s
            yield self._frame(moment)
        self._reach_end(time_s + 1 / self.frame_rate)

    def _is_due(self, time_s: float) -> bool:
        """Waits for it. False where it is to be stepped over, or another place is wanted."""
        while not self._is_interrupted():
            if self._step_count > 0:
                with self._lock:
                    self._step_count -= 1
                return self._step_count == 0
            if self._pace.wait_until(time_s):
                return True
        return False

    def _is_late(self, time_s: float) -> bool:
        return self._pace.is_running and self._pace.now_s - time_s > 1 / self.frame_rate

    def _is_interrupted(self) -> bool:
        return self._sought_s is not None or self._pace.is_closed

    def _frame(self, moment: Moment) -> Frame:
        frame = moment.frame()
        origin_pts = round(self._clip.origin_s / moment.time_base)
        return Frame(
            frame.pixels, moment.pts - origin_pts, moment.time_base, moment.duration,
            self._index, time.monotonic(),
        )

    def _reach_end(self, end_s: float) -> None:
        """The last frame has its time, too. Where it does not loop it stands there until something else is wanted."""
        self._is_due(end_s)
        if self._is_interrupted():
            return
        if self.is_looping and self._pace.is_running:
            with self._lock:
                if self._sought_s is None:  # another place may have been asked for just now
                    self._seek(0.0)
            return
        self.pause()
        self._has_ended = True
        self._on_end()
        while not self._is_interrupted():
            self._pace.wait_until(None)

    def _seek(self, seconds: float) -> None:
        """With the lock held."""
        latest_s = None if self.duration_s is None else self.duration_s - 1.5 / self.frame_rate
        self._sought_s = max(0.0, seconds if latest_s is None else min(seconds, latest_s))
        self._step_count = 0

    def _reopen(self) -> None:
        """At the place that was sought. Raises InputError where the file has gone, SettingError beyond its end."""
        with self._lock:
            sought_s, self._sought_s = self._sought_s, None
        if sought_s is None or self._pace.is_closed:
            return
        self._has_ended = False
        self._clip.close()
        self._pace.set(sought_s)
        start_s = round(sought_s, 6) if sought_s > 0 else None
        self._clip = VideoFileSource(self.path, start_s=start_s, most_lines=self._most_lines)

