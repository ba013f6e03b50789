"""What is seen on this machine's screen. Runs on the capture thread.

By the library mss: libav could do it, too, but the parts of X11 that its wheel and OpenCV's each bring along, beside
the system's that Qt uses, take one another's calls and crash.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import cv2
import mss
import numpy as np
from mss.exception import ScreenShotError

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.resize import resize, within_lines
from fnst_live.sources.pace import Pace

FRAME_RATE = Fraction(30)
MICROSECOND = Fraction(1, 1_000_000)
LOOK_AGAIN_S = 0.5
FAILURES_TOLD = 3  # a screen that is being switched to another size cannot be seen for a moment

Area = dict[str, int]


class ScreenSource:
    """Satisfies `pipeline.stages.Source`.

    size: of the frames; a larger screen is reduced. on_lost, on_back: called on the capture thread.
    """

    name = "screen"
    frame_rate = float(FRAME_RATE)

    def __init__(
        self,
        part: str | None,
        most_lines: int,
        *,
        on_lost: Callable[[str], object] = str,
        on_back: Callable[[], object] = bool,
    ):
        """part: the number of a monitor, or `WIDTHxHEIGHT+X+Y`; None is the first monitor. Raises InputError."""
        require_screen()
        self._part, self._on_lost, self._on_back = part, on_lost, on_back
        self._closing = threading.Event()
        self._pace = Pace()
        try:
            with mss.MSS() as screen:
                picture = _seen(screen, area_of(part, screen.monitors))
        except ScreenShotError as error:
            raise InputError(_why_unseen(error)) from error
        self.size = within_lines(FrameSize(picture.shape[1], picture.shape[0]), most_lines)

    def __iter__(self) -> Iterator[Frame]:
        self._pace.run()
        begin_s, index, failure_count = time.monotonic(), 0, 0
        while not self._closing.is_set():
            try:
                with mss.MSS() as screen:  # belongs to the thread that made it
                    area = area_of(self._part, screen.monitors)
                    while self._pace.wait_until(float(index / FRAME_RATE)):
                        now_s = time.monotonic()
                        pixels = resize(_seen(screen, area), self.size)
                        if failure_count >= FAILURES_TOLD:
                            self._on_back()
                        failure_count = 0
                        yield Frame(pixels, round((now_s - begin_s) / MICROSECOND), MICROSECOND, 0, index, now_s)
                        index = max(index + 1, int(self._pace.now_s * FRAME_RATE))
            except (ScreenShotError, InputError) as error:
                failure_count += 1
                if failure_count == FAILURES_TOLD:
                    self._on_lost(str(error) if isinstance(error, InputError) else _why_unseen(error))
                self._closing.wait(LOOK_AGAIN_S)

    def close(self) -> None:
        self._closing.set()
        self._pace.close()


def require_screen() -> None:
    """Raises InputError where nothing can be seen, or only black."""
    if sys.platform != "linux":
        return
    if os.environ.get("XDG_SESSION_TYPE") == "wayland":
        raise InputError("under Wayland no program may look at the screen: log in to an X11 session, or use OBS")
    if not os.environ.get("DISPLAY"):
        raise InputError("there is no screen here (DISPLAY is not set): start the program in a desktop session")


def area_of(part: str | None, monitors: list[Area]) -> Area:
    """monitors: all of them as one, then each. Raises InputError for what lies on none."""
    if part is None or part.isdecimal():
        number = int(part or 1)
        if 1 <= number < len(monitors):
            return monitors[number]
        raise InputError(f"there is no screen {number}: there are {len(monitors) - 1}, give one of them")
    width, height, left, top = (int(number) for number in part.replace("x", "+").split("+"))
    whole = monitors[0]
    if left + width > whole["width"] or top + height > whole["height"]:
        size = f"{whole['width']}x{whole['height']}"
        raise InputError(f"{part} does not lie on the screen, which has {size}: give a smaller part, or another place")
    return {"left": whole["left"] + left, "top": whole["top"] + top, "width": width, "height": height}


def _why_unseen(error: Exception) -> str:
    return f"the screen cannot be seen ({error}): start the program in a desktop session"


def _seen(screen: mss.MSS, area: Area) -> Pixels:
    """uint8 (H, W, 3) RGB."""
    shot = screen.grab(area)
    pixels = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB), np.uint8)
