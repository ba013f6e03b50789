"""The export worker: a process of its own that looks at files and paints them, beside a window that stays smooth.

Commands come as JSON lines on standard input, events go as JSON lines to standard output; `export_process` is the
other end. One command is worked on at a time, on the main thread, by the same path as `fnst-live video` and `image`;
a second thread listens for pause, resume and cancel. When standard input ends, so does this process.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import queue
import re
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from fnst_live.errors import UserError
from fnst_live.settings import LookSettings, RenderRequest, VideoSettings

if TYPE_CHECKING:
    from fnst_live.frames.frame import Frame, FrameSize, Pixels

NICENESS = 10  # the live picture comes first, yet something is left for this
PROGRESS_S = 0.2
PREVIEW_S = 0.4
SPEED_WINDOW_S = 4.0
PREVIEW_SIDES = (384, 216)  # twice what the queue's rows show, for screens that are sharp
PREVIEW_QUALITY = 82
TELLING_PICTURE_SHARE = 0.1  # many clips begin in black
LATEST_TELLING_PICTURE_S = 10.0
INTERRUPTED = 130

Command = dict[str, Any]
Tell = Callable[..., None]


class Cancelled(Exception):
    """Nobody wants the result any more."""


class Leash:
    """What was said about one command since it came: pause, resume, cancel. Told on one thread, heeded on another."""

    def __init__(self, job_id: str):
        self.job_id = job_id
        self._changed = threading.Condition()
        self._is_paused = self._is_cancelled = False

    def heed(self) -> float:
        """Waits while the job is paused, and returns for how many seconds. Raises Cancelled."""
        began_s = time.monotonic()
        with self._changed:
            was_paused = self._is_paused
            self._changed.wait_for(lambda: self._is_cancelled or not self._is_paused)
            if self._is_cancelled:
                raise Cancelled
        return time.monotonic() - began_s if was_paused else 0.0

    def set_paused(self, paused: bool) -> None:  # noqa: FBT001  (the one thing that is set)
        with self._changed:
            self._is_paused = paused
            self._changed.notify_all()

    def cancel(self) -> None:
        with self._changed:
            self._is_cancelled = True
            self._changed.notify_all()


@dataclass
class Inbox:
    """The commands that wait for the main thread, each with its leash; None at the end."""

    waiting: queue.Queue[tuple[Command, Leash] | None] = field(default_factory=queue.Queue)
    newest: Leash = field(default_factory=lambda: Leash(""))

    def listen(self, lines: IO[str]) -> None:
        """Until the window closes its end, or is gone: then nobody waits for a result, either."""
        for line in lines:
            self._sort(json.loads(line))
        self.newest.cancel()
        self.waiting.put(None)

    def _sort(self, command: Command) -> None:
        if command["do"] in ("check", "paint"):
            self.newest = Leash(command["id"])
            self.waiting.put((command, self.newest))
        elif command["id"] != self.newest.job_id:
            return  # about a job that has ended meanwhile
        elif command["do"] == "cancel":
            self.newest.cancel()
        else:
            self.newest.set_paused(command["do"] == "pause")


class Watcher:
    """Satisfies `headless.RenderObserver`: tells how far the run is, and holds or ends it when that is wanted."""

    def __init__(self, tell: Tell, leash: Leash, partial: Path):
        self._tell, self._leash, self._partial = tell, leash, partial
        self._frame_count = 0
        self._expected: int | None = None
        self._moments: deque[float] = deque()
        self._told_s = self._shown_s = float("-inf")

    def on_start(self, size: FrameSize, frame_count: int | None) -> None:
        self._leash.heed()
        self._expected = frame_count
        self._tell("started", size=list(size), frames=frame_count, partial=str(self._partial))

    def on_frame(self, painted: Frame) -> None:
        self._frame_count += 1
        self._count(time.monotonic())
        self._tell_sometimes(painted)
        if self._leash.heed() > 0:
            self._moments.clear()  # a pause is no slowness

    def _count(self, now_s: float) -> None:
        self._moments.append(now_s)
        while now_s - self._moments[0] > SPEED_WINDOW_S:
            self._moments.popleft()

    def _fps(self) -> float:
        elapsed_s = self._moments[-1] - self._moments[0]
        return (len(self._moments) - 1) / elapsed_s if elapsed_s > 0 else 0.0

    def _tell_sometimes(self, painted: Frame) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s < PROGRESS_S:
            return
        self._told_s = now_s
        preview = ""
        if now_s - self._shown_s >= PREVIEW_S:
            self._shown_s, preview = now_s, small_jpeg(painted.pixels)
        self._tell("progress", frames=self._frame_count, total=self._expected, fps=round(self._fps(), 2),
                   preview=preview)


def main() -> int:
    """Until standard input ends. Exit code 130 at Ctrl-C."""
    signal.signal(signal.SIGTERM, _end_in_order)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    inbox, tell = Inbox(), _teller(_private_stdout())
    threading.Thread(target=inbox.listen, args=(sys.stdin,), name="listen", daemon=True).start()
    try:
        while (work := inbox.waiting.get()) is not None:
            do(*work, tell)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the window is gone
        return 0
    return 0


def do(command: Command, leash: Leash, tell: Tell) -> None:
    """One command; its last event says what became of it. Faults of the program come out, and end the process."""
    work = check if command["do"] == "check" else paint
    try:
        work(command, leash, tell)
    except Cancelled:
        tell("cancelled")
    except UserError as error:
        tell("failed", message=in_words_of_the_window(str(error), command["source"]))


def check(command: Command, leash: Leash, tell: Tell) -> None:
    """Whether a file can be painted, and what to show of it. Raises UserError."""
    from fnst_live.sources.picture import picture_suffixes

    leash.heed()
    source, video = Path(command["source"]), VideoSettings(**command["video"])
    is_picture = source.suffix.lower() in picture_suffixes() - {".gif"}  # those move
    tell("checked", **(_picture_facts(source) if is_picture else _video_facts(source, video)))


def paint(command: Command, leash: Leash, tell: Tell) -> None:
    """One file into another, by the path that the command line takes. Raises UserError, Cancelled."""
    from fnst_live.headless import render_pictures, render_video
    from fnst_live.sinks.provisional import provisional_path

    leash.heed()
    source, output = Path(command["source"]), Path(command["output"])
    look, video = LookSettings(**command["look"]), VideoSettings(**command["video"])
    watcher = Watcher(tell, leash, provisional_path(output))
    if command["kind"] == "picture":
        result = render_pictures(
            str(source), str(output), look, overwrite=False, observer=watcher, open_painting=_opened()
        )[0]
        tell("done", frames=1, fps=0.0, warnings=result.warnings)
        return
    report = render_video(RenderRequest(source, output, look, video), watcher, _opened())
    tell("done", frames=report.frames, fps=round(report.fps, 2), warnings=report.warnings)


def small_jpeg(pixels: Pixels) -> str:
    """uint8 (H, W, 3) RGB, small enough to send often, in base64."""
    import cv2

    from fnst_live.frames.frame import FrameSize
    from fnst_live.frames.resize import resize

    height, width = pixels.shape[:2]
    scale = min(1.0, PREVIEW_SIDES[0] / width, PREVIEW_SIDES[1] / height)
    small = resize(pixels, FrameSize(max(1, round(width * scale)), max(1, round(height * scale))))
    _, encoded = cv2.imencode(".jpg", small[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, PREVIEW_QUALITY))
    return base64.b64encode(encoded.tobytes()).decode("ascii")


def in_words_of_the_window(sentence: str, source: str) -> str:
    """Without the command line's flags, which mean nothing there, and with the file's name alone: its row is short."""
    named = sentence.replace(source, Path(source).name)
    without_output = re.sub(r",? with -o(?!\S)", "", named)
    return re.sub(r"(?<!\S)--(start|end|quality|codec)(?![\w-])", r"the \1", without_output)


def _video_facts(source: Path, video: VideoSettings) -> dict[str, Any]:
    from fnst_live.sinks.encoders import ENCODERS, codec_for
    from fnst_live.sources.video_file import VideoFileSource

    suffix = _video_suffix(source, video.codec)
    codec = codec_for(Path(f"output{suffix}"), video.codec)
    ENCODERS[codec].options_for(codec, video.quality)  # raises SettingError for a quality that it has not
    with VideoFileSource(source, start_s=video.start_s, end_s=video.end_s) as opened:
        first = next(iter(opened))
        size, frame_count, rate = opened.size, opened.expected_frame_count, opened.format.frame_rate
    length_s = 0.0 if frame_count is None else float(frame_count / rate)
    shown = _telling_picture(source, video, length_s) or first
    return {"kind": "video", "suffix": suffix, "size": list(size), "frames": frame_count,
            "preview": small_jpeg(shown.pixels)}


def _telling_picture(source: Path, video: VideoSettings, length_s: float) -> Frame | None:
    """One from a little inside. None where that cannot be reached: the first will do, then."""
    from fnst_live.sources.video_file import VideoFileSource

    inside_s = min(length_s * TELLING_PICTURE_SHARE, LATEST_TELLING_PICTURE_S)
    with contextlib.suppress(UserError), VideoFileSource(source, start_s=(video.start_s or 0) + inside_s) as opened:
        return next(iter(opened), None)
    return None


def _picture_facts(source: Path) -> dict[str, Any]:
    from fnst_live.sinks.picture import is_written
    from fnst_live.sources.picture import read_picture
    from fnst_live.still_images import FALLBACK_SUFFIX

    frame = read_picture(source).frame
    suffix = source.suffix if is_written(source.suffix) else FALLBACK_SUFFIX
    return {"kind": "picture", "suffix": suffix, "size": list(frame.size), "frames": 1,
            "preview": small_jpeg(frame.pixels)}


def _video_suffix(source: Path, codec: str | None) -> str:
    """The source's own if that can be written and holds the codec, else the most usual that does."""
    from fnst_live.sinks.encoders import CONTAINERS

    own = source.suffix.lower()
    candidates = [suffix for suffix, spec in CONTAINERS.items() if codec is None or codec in spec.codecs]
    return own if own in candidates else candidates[0]


@functools.cache
def _opened() -> Any:
    """Opens a look, or hands out the last one once more: forty pictures in one style open it once."""
    from fnst_live.headless import painting_of_video

    return functools.lru_cache(maxsize=1)(painting_of_video)


def _private_stdout() -> IO[str]:
    """Standard output for the events alone; what a library prints goes to standard error."""
    mine = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(mine, "w", encoding="utf-8")


def _teller(stream: IO[str]) -> Tell:
    def tell(event: str, **details: Any) -> None:
        stream.write(json.dumps({"event": event, **details}) + "\n")
        stream.flush()

    return tell


def _end_in_order(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
