"""From what was asked for to an open source: which camera, in which mode, and what the user is told of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fnst_live.errors import InputError
from fnst_live.live_settings import SourceSpec
from fnst_live.pipeline.stages import Source
from fnst_live.settings import WORK_HEIGHT_LIMIT
from fnst_live.sources.camera import CameraAccess, CameraSource, open_capture
from fnst_live.sources.clip_player import ClipPlayer
from fnst_live.sources.devices import Camera, CameraMode, usual_mode, why_no_cameras
from fnst_live.sources.endless import LivePicture, LiveScene
from fnst_live.sources.network_camera import NetworkCamera
from fnst_live.sources.screen import ScreenSource

SCENE_NAME = "built-in scene"
USUAL_FPS = 30.0


@dataclass(frozen=True, eq=False)
class OpenSource:
    """spec: with what was chosen filled in. player: of a clip. warnings: one sentence each."""

    source: Source
    spec: SourceSpec
    name: str
    fps: float
    player: ClipPlayer | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceListener:
    """Whom a source tells, on the capture thread. on_jump: the next frame does not follow the one before it."""

    on_lost: Callable[[str], object]
    on_back: Callable[[], object]
    on_jump: Callable[[], object]
    on_end: Callable[[], object]


class SourceOpener:
    """Opens what a spec asks for, and knows whom the sources shall tell."""

    def __init__(self, listener: SourceListener, cameras: CameraAccess | None = None):
        self._listener = listener
        self._cameras = cameras or CameraAccess(open_capture)
        self.is_looping = True

    def open(self, spec: SourceSpec) -> OpenSource:
        """Raises InputError."""
        if spec.kind == "camera":
            return self._open_camera(spec)
        if spec.kind == "network" and spec.address is not None:
            return self._open_network(spec, spec.address)
        if spec.kind == "screen":
            screen = ScreenSource(
                spec.address, WORK_HEIGHT_LIMIT, on_lost=self._listener.on_lost, on_back=self._on_found_again
            )
            return OpenSource(screen, spec, screen.name, screen.frame_rate)
        if spec.kind == "scene" or spec.path is None:
            scene = LiveScene()
            return OpenSource(scene, SourceSpec("scene"), SCENE_NAME, scene.frame_rate)
        return self._open_clip(spec, spec.path) if spec.kind == "video" else self._open_picture(spec, spec.path)

    def _open_camera(self, spec: SourceSpec) -> OpenSource:
        camera = self._camera_at(spec.path)
        mode = _wanted_mode(spec) or usual_mode(self._cameras.list_modes(camera.path))
        source = CameraSource(
            camera, mode, on_lost=self._listener.on_lost, on_back=self._on_found_again, access=self._cameras
        )
        filled_in = dataclasses.replace(
            spec, path=camera.path, width=source.size.width, height=source.size.height, fps=source.frame_rate,
            pixel_format=mode.pixel_format if mode else None,
        )
        return OpenSource(source, filled_in, camera.name, source.frame_rate)

    def _camera_at(self, node: Path | None) -> Camera:
        """The one at that node, or the first that can be used. Raises InputError."""
        cameras = self._cameras.list_cameras()
        if node is None:
            usable = [camera for camera in cameras if not camera.problem]
            if usable:
                return usable[0]
            if cameras:
                return cameras[0]  # opening it tells why not
            raise InputError(f"{why_no_cameras()}: plug one in, or choose a video")
        for camera in cameras:
            if camera.path == node:
                return camera
        raise InputError(f"there is no camera at {node}: plug it in, or choose another source")

    def _open_network(self, spec: SourceSpec, address: str) -> OpenSource:
        camera = NetworkCamera(
            address, WORK_HEIGHT_LIMIT, on_lost=self._listener.on_lost, on_back=self._on_found_again
        )
        return OpenSource(camera, spec, camera.name, camera.frame_rate)

    def _on_found_again(self) -> None:
        self._listener.on_jump()
        self._listener.on_back()

    def _open_clip(self, spec: SourceSpec, path: Path) -> OpenSource:
        player = ClipPlayer(
            path, WORK_HEIGHT_LIMIT, is_looping=self.is_looping,
            on_jump=self._listener.on_jump, on_end=self._listener.on_end,
        )
        return OpenSource(player, spec, path.name, player.frame_rate, player, tuple(player.warnings))

    @staticmethod
    def _open_picture(spec: SourceSpec, path: Path) -> OpenSource:
        picture = LivePicture(path, WORK_HEIGHT_LIMIT)
        return OpenSource(picture, spec, path.name, picture.frame_rate, warnings=tuple(picture.warnings))


def _wanted_mode(spec: SourceSpec) -> CameraMode | None:
    if spec.width is None or spec.height is None:
        return None
    return CameraMode(spec.pixel_format or "MJPG", spec.width, spec.height, spec.fps or USUAL_FPS)
