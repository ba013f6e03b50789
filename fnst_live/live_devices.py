"""Which cameras the window can offer, without importing a stage itself. Listing them starts none: no light goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fnst_live.live_settings import SourceSpec


@dataclass(frozen=True)
class CameraChoice:
    """A camera as a menu shows it. problem: why it cannot be used, or empty. modes: the largest first."""

    name: str
    path: Path
    problem: str = ""
    modes: tuple[SourceSpec, ...] = ()


def camera_choices() -> list[CameraChoice]:
    """All cameras, those that cannot be used too."""
    from fnst_live.sources.devices import list_cameras

    return [
        CameraChoice(camera.name, camera.path, camera.problem, () if camera.problem else _modes(camera.path))
        for camera in list_cameras()
    ]


def _modes(node: Path) -> tuple[SourceSpec, ...]:
    from fnst_live.sources.devices import list_modes

    modes = sorted(list_modes(node), key=lambda mode: (mode.width * mode.height, mode.fps), reverse=True)
    return tuple(SourceSpec("camera", node, mode.width, mode.height, mode.fps, mode.pixel_format) for mode in modes)
