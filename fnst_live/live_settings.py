"""What the live window can be asked to show: where pictures come from, and how they shall look.

Frozen snapshots that are replaced whole. Standard library only: the window makes them before anything else is loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from fnst_live.errors import SettingError
from fnst_live.settings import (
    DEFAULT_STYLE,
    require_stroke_size,
    require_unit_interval,
    require_upscale,
    require_work_height,
)

SourceKind = Literal["camera", "video", "picture", "scene", "network", "screen"]

# Suffixes of what does not move; everything else is tried as a video, animated GIFs too.
PICTURE_SUFFIXES = frozenset({
    ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".jp2", ".ppm", ".ico", ".psd", ".qoi",
})

SOURCE_FORMS = "a file, camera:N, screen, a URL or scene"
PROTOCOLS = ("http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "udp", "tcp")  # of cameras in the network
SCREEN_PART = re.compile(r"[1-9]\d*|[1-9]\d*x[1-9]\d*\+\d+\+\d+")


@dataclass(frozen=True)
class SourceSpec:
    """Where live pictures come from.

    path: the camera's node, or the file; None for the scene, and for whichever camera can be used.
    width, height, fps, pixel_format: a camera's mode; whatever is None is chosen when it is opened.
    address: of a camera in the network, its URL; of the screen, the monitor's number, or the size and place of a part.
    """

    kind: SourceKind
    path: Path | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    pixel_format: str | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.kind in ("video", "picture") and self.path is None:
            raise SettingError(f"a {self.kind} needs a file: choose one")
        if self.kind == "network":
            _require_place(self.address or "a camera in the network")

    @classmethod
    def parse(cls, text: str) -> Self:
        """`FILE`, `camera`, `camera:N`, `screen`, `screen:N`, `screen:WxH+X+Y`, a URL or `scene`.

        Raises SettingError.
        """
        if text == "scene":
            return cls("scene")
        word, _, number = text.partition(":")
        if word == "camera":
            return cls("camera", _node(number) if number else None)
        if word == "screen":
            return cls("screen", address=_screen_part(number) if number else None)
        if number.startswith("//"):
            return cls("network", address=_address(text, word))
        if not text:
            raise SettingError(f"--source is empty: give {SOURCE_FORMS}")
        path = Path(text)
        return cls("picture" if path.suffix.lower() in PICTURE_SUFFIXES else "video", path)


@dataclass(frozen=True)
class LiveLook:
    """How the live picture shall look.

    second_style, mix: a style to mix in, and how much of it, 0..1. work_height: lines the network sees; None lets
    them vary so that target_fps is held. mirror: as in a looking glass. stroke_size: in times the network's own; None
    goes by the lines. upscale: how many times what was painted is enlarged by a network, for crisp edges.
    """

    style: str = DEFAULT_STYLE
    second_style: str | None = None
    mix: float = 0.0
    strength: float = 1.0
    stability: float = 0.8
    keep_color: bool = False
    work_height: int | None = None
    target_fps: float = 30.0
    mirror: bool = False
    engine: str = "auto"
    stroke_size: int | None = None
    upscale: int = 1

    def __post_init__(self) -> None:
        for name in ("mix", "strength", "stability"):
            require_unit_interval(f"--{name}", getattr(self, name))
        require_work_height(self.work_height)
        require_stroke_size(self.stroke_size)
        require_upscale(self.upscale)
        if self.target_fps <= 0:
            raise SettingError(f"--target-fps {self.target_fps:g} is too small: give more than 0")


def _screen_part(text: str) -> str:
    if not SCREEN_PART.fullmatch(text):
        raise SettingError(f"--source screen:{text} is no screen: give its number, or a part, as in 1280x720+100+50")
    return text


def _address(text: str, protocol: str) -> str:
    if protocol.lower() not in PROTOCOLS:
        raise SettingError(f"{protocol}:// cannot be watched: give an address of {', '.join(PROTOCOLS)}")
    return protocol.lower() + text.removeprefix(protocol)  # libav knows them by small letters only


def _require_place(address: str) -> None:
    """Raises SettingError."""
    try:
        place = urlsplit(address).netloc
    except ValueError:
        place = ""
    if not place:
        raise SettingError(f"{address} names no place: give a URL, as in rtsp://192.168.1.20/live")


def _node(number: str) -> Path:
    if not number.isdecimal():
        raise SettingError(f"--source camera:{number} is no camera: give its number, as in camera:0")
    return Path(f"/dev/video{number}")
