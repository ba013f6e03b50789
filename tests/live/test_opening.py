"""Which source a wish becomes, and the sentence where it becomes none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnst_live.errors import InputError
from fnst_live.live.opening import SourceListener, SourceOpener
from fnst_live.live_settings import SourceSpec
from fnst_live.sources.camera import CameraAccess
from fnst_live.sources.devices import Camera, CameraMode

FRONT, BACK = Camera("Front", Path("/dev/video0")), Camera("Back", Path("/dev/video2"))
BUSY = Camera("Busy", Path("/dev/video4"), "another program is using it")


class Capture:
    def __init__(self, *, is_open: bool = True):
        self._is_open = is_open

    def isOpened(self) -> bool:  # noqa: N802
        return self._is_open

    def read(self) -> tuple[bool, Any]:
        return True, np.zeros((4, 6, 3), np.uint8)

    def get(self, prop: int, /) -> float:
        return 30.0

    def release(self) -> None:
        pass


def opener(*cameras: Camera, told: list[str] | None = None) -> SourceOpener:
    told = [] if told is None else told
    listener = SourceListener(
        told.append, lambda: told.append("back"), lambda: told.append("jump"), lambda: told.append("end")
    )
    access = CameraAccess(
        lambda node, mode: Capture(is_open=node != BUSY.path), lambda: list(cameras),
        lambda node: [CameraMode("YUYV", 640, 480, 30), CameraMode("MJPG", 1280, 720, 30)],
    )
    return SourceOpener(listener, access)


def test_the_scene_needs_nothing() -> None:
    opened = opener().open(SourceSpec("scene"))
    assert (opened.name, opened.fps, opened.player) == ("built-in scene", 30, None)


@pytest.mark.parametrize(("path", "camera"), [(None, FRONT), (FRONT.path, FRONT), (BACK.path, BACK)])
def test_a_camera_is_the_wanted_one_or_the_first_that_can_be_used(path: Path | None, camera: Camera) -> None:
    opened = opener(BUSY, FRONT, BACK).open(SourceSpec("camera", path))
    assert (opened.name, opened.spec.path) == (camera.name, camera.path)
    assert opened.spec.pixel_format == "MJPG"
    assert (opened.spec.width, opened.spec.height) == (6, 4)


@pytest.mark.parametrize(
    ("cameras", "path", "sentence"),
    [
        ((), None, "plug one in"),
        ((FRONT,), BACK.path, "there is no camera at /dev/video2"),
        ((BUSY,), None, "Busy cannot be used: another program is using it"),
        ((FRONT, BUSY), BUSY.path, "another program is using it"),
    ],
)
def test_no_camera_no_source_but_a_sentence(cameras: tuple[Camera, ...], path: Path | None, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        opener(*cameras).open(SourceSpec("camera", path))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (SourceSpec("network", address="rtsp://127.0.0.1:1/cam"), "127.0.0.1/cam cannot be seen"),
        (SourceSpec("screen"), "DISPLAY is not set"),
    ],
)
def test_a_feed_that_is_not_there(monkeypatch: pytest.MonkeyPatch, spec: SourceSpec, sentence: str) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    with pytest.raises(InputError, match=sentence):
        opener().open(spec)


def test_a_clip_has_a_player_that_tells_of_jumps(write_clip: Callable[..., Path]) -> None:
    told: list[str] = []
    path = write_clip(frame_count=5)
    sources = opener(told=told)
    sources.is_looping = False
    opened = sources.open(SourceSpec("video", path))
    assert opened.player is not None
    assert (opened.name, opened.fps, opened.player.is_looping) == ("clip.mp4", 25, False)
    next(iter(opened.player))
    assert told == ["jump"]
    opened.player.close()
