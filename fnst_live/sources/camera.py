"""A camera as frames, by OpenCV. Runs on the capture thread.

OpenCV is told size, rate and format when it opens the node: without MJPG large pictures are limited by USB to a few a
second, and some drivers ignore what is set later. Each frame bears the time when it came: the rate a camera claims is
often not the one it has. A camera that vanishes is looked for, at its node or under its name at another, until it
returns.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.sources.devices import Camera, CameraMode, list_cameras, list_modes

MICROSECOND = Fraction(1, 1_000_000)
LOOK_AGAIN_S = 0.5
# Whoever closes a camera that hangs waits so long; OpenCV's own ten seconds are too many.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")

PATIENCE = 3  # reads that fail in a row before a camera counts as gone; a single one may be a damaged picture


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that is used: the boundary where tests put their cameras."""

    def isOpened(self) -> bool: ...  # noqa: N802

    def read(self) -> tuple[bool, Any]: ...

    def get(self, prop: int, /) -> float: ...

    def release(self) -> None: ...


@dataclass(frozen=True)
class CameraAccess:
    """How the system is asked; replaced whole in tests."""

    open: Callable[[Path, CameraMode | None], Capture]
    list_cameras: Callable[[], list[Camera]] = list_cameras
    list_modes: Callable[[Path], list[CameraMode]] = list_modes


def open_capture(node: Path, mode: CameraMode | None) -> Capture:
    """By its path: numbers are probed by OpenCV, which opens other cameras on its way."""
    wanted: list[int] = []
    if mode is not None:
        wanted = [
            cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*mode.pixel_format.ljust(4)),
            cv2.CAP_PROP_FRAME_WIDTH, mode.width, cv2.CAP_PROP_FRAME_HEIGHT, mode.height,
            cv2.CAP_PROP_FPS, round(mode.fps),
        ]
    return cv2.VideoCapture(str(node), cv2.CAP_V4L2, wanted)


class CameraSource:
    """Satisfies `pipeline.stages.Source`.

    size: of the frames now; a camera that returns may come in another. frame_rate: what it claims.
    on_lost, on_back: called on the capture thread.
    """

    def __init__(
        self,
        camera: Camera,
        mode: CameraMode | None = None,
        *,
        on_lost: Callable[[str], object] = str,
        on_back: Callable[[], object] = bool,
        access: CameraAccess | None = None,
    ):
        """Opens the camera and waits for a first picture. Raises InputError."""
        self.camera, self.mode = camera, mode
        self._on_lost, self._on_back = on_lost, on_back
        self._access = access or CameraAccess(open_capture)
        self._closing = threading.Event()
        self._capture, first = self._open(camera.path)
        self.size = FrameSize(first.shape[1], first.shape[0])
        claimed = self._capture.get(cv2.CAP_PROP_FPS)
        self.frame_rate = claimed if claimed > 0 else (mode.fps if mode else 30.0)

    def __iter__(self) -> Iterator[Frame]:
        """Until it is closed."""
        begin_s = time.monotonic()
        index = 0
        try:
            while not self._closing.is_set():
                picture = self._read_from(self._capture)
                if picture is None:
                    if not self._find_again():
                        return
                    continue
                now_s = time.monotonic()
                self.size = FrameSize(picture.shape[1], picture.shape[0])
                yield Frame(_to_rgb(picture), round((now_s - begin_s) / MICROSECOND), MICROSECOND, 0, index, now_s)
                index += 1
        finally:
            self._capture.release()

    def close(self) -> None:
        self._closing.set()

    def _read_from(self, capture: Capture) -> Pixels | None:
        """uint8 (H, W, 3) BGR, or None where the camera is gone."""
        for _ in range(PATIENCE):
            if self._closing.is_set():
                return None
            is_read, picture = capture.read()
            if is_read and picture is not None:
                return np.asarray(picture, np.uint8)
        return None

    def _open(self, node: Path) -> tuple[Capture, Pixels]:
        """Raises InputError."""
        capture = self._access.open(node, self.mode)
        picture = self._read_from(capture) if capture.isOpened() else None
        if picture is not None:
            return capture, picture
        capture.release()
        reason = self.camera.problem or "it gives no picture, so unplug it and plug it in again, or choose another mode"
        raise InputError(f"the camera {self.camera.name} cannot be used: {reason}")

    def _find_again(self) -> bool:
        """Waits until the camera is back; False if that was not to be."""
        self._capture.release()
        if self._closing.is_set():
            return False
        self._on_lost(f"the camera {self.camera.name} is gone: plug it in again, it will be picked up")
        while not self._closing.wait(LOOK_AGAIN_S):
            for candidate in self._candidates():
                if self._is_opened_again(candidate.path):
                    self._on_back()
                    return True
        return False

    def _candidates(self) -> list[Camera]:
        """Itself first; one that was plugged in again may stand at another node."""
        cameras = [found for found in self._access.list_cameras() if not found.problem]
        same = [found for found in cameras if found.name == self.camera.name]
        return sorted(same, key=lambda found: found.path != self.camera.path)

    def _is_opened_again(self, node: Path) -> bool:
        try:
            self._capture, _ = self._open(node)
        except InputError:  # not ready yet
            return False
        return True


def _to_rgb(picture: Pixels) -> Pixels:
    """uint8 (H, W, 3) BGR, as OpenCV has it, or (H, W) gray."""
    code = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(picture, code), np.uint8)
