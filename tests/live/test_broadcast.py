"""The newest picture goes to the camera, again and again while none comes; nobody who hands one over waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from fnst_live.errors import OutputError
from fnst_live.frames.frame import Frame
from fnst_live.live import broadcast as broadcast_module
from fnst_live.live.broadcast import Broadcast

PATIENCE_S = 20


class SpyCamera:
    """Remembers which pictures came; slow, or broken, when it is told to be."""

    def __init__(self) -> None:
        self.indices: list[int] = []
        self.is_open = threading.Event()
        self.is_open.set()
        self.trouble: Exception | None = None
        self.finished_count = 0

    def write(self, frame: Frame) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.indices.append(frame.index)
        self.is_open.wait(PATIENCE_S)

    def finish(self) -> None:
        self.finished_count += 1

    abandon = finish


def picture(index: int) -> Frame:
    return Frame(np.zeros((4, 4, 3), np.uint8), index, Fraction(1, 30), index=index)


def wait_until(is_so: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end_s
        threading.Event().wait(0.002)


@pytest.fixture(autouse=True)
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast_module, "SILENCE_S", 0.005)


def test_a_picture_that_stands_still_is_shown_again() -> None:
    camera = SpyCamera()
    broadcast = Broadcast(camera, lambda _: None)
    broadcast.show(picture(1))
    broadcast.start()
    wait_until(lambda: len(camera.indices) > 3)
    broadcast.show(picture(2))
    wait_until(lambda: 2 in camera.indices)
    broadcast.stop()
    assert camera.indices == sorted(camera.indices)
    assert camera.finished_count == 1


def test_a_slow_camera_is_shown_the_newest_and_holds_nobody_up() -> None:
    camera = SpyCamera()
    camera.is_open.clear()
    broadcast = Broadcast(camera, lambda _: None)
    broadcast.show(picture(1))
    broadcast.start()
    wait_until(lambda: camera.indices == [1])
    for index in range(2, 9):
        broadcast.show(picture(index))
    camera.is_open.set()
    wait_until(lambda: 8 in camera.indices)
    broadcast.stop()
    assert set(camera.indices) == {1, 8}


def test_a_camera_that_breaks_is_told_of_once_and_let_go() -> None:
    camera, told = SpyCamera(), list[Exception]()
    camera.trouble = OutputError("the virtual camera is gone")
    broadcast = Broadcast(camera, told.append)
    broadcast.show(picture(1))
    broadcast.start()
    wait_until(lambda: camera.finished_count == 1)
    broadcast.show(picture(2))
    broadcast.stop()
    assert told == [camera.trouble]
