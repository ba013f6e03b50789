"""What may be asked of the live window, and what is refused."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fnst_live.errors import SettingError
from fnst_live.live_settings import LiveLook, SourceSpec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("scene", SourceSpec("scene")),
        ("camera", SourceSpec("camera")),
        ("camera:2", SourceSpec("camera", Path("/dev/video2"))),
        ("clip.mp4", SourceSpec("video", Path("clip.mp4"))),
        ("moving.GIF", SourceSpec("video", Path("moving.GIF"))),
        ("no-suffix", SourceSpec("video", Path("no-suffix"))),
        ("a/picture.JPG", SourceSpec("picture", Path("a/picture.JPG"))),
        ("./scene", SourceSpec("video", Path("scene"))),
        ("screen", SourceSpec("screen")),
        ("screen:2", SourceSpec("screen", address="2")),
        ("screen:1280x720+100+50", SourceSpec("screen", address="1280x720+100+50")),
        ("rtsp://me:secret@192.168.1.20/live", SourceSpec("network", address="rtsp://me:secret@192.168.1.20/live")),
        ("HTTPS://cam.example/video", SourceSpec("network", address="https://cam.example/video")),
    ],
)
def test_the_command_line_names_a_source(text: str, spec: SourceSpec) -> None:
    assert SourceSpec.parse(text) == spec


@pytest.mark.parametrize(
    "text", ["", "camera:front", "camera:-1", "screen:0", "screen:left", "screen:0x10+0+0", "screen:8x8+0"]
)
def test_what_names_none_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="--source"):
        SourceSpec.parse(text)


def test_not_every_address_can_be_watched() -> None:
    with pytest.raises(SettingError, match="file:// cannot be watched: give an address of http"):
        SourceSpec.parse("file:///etc/passwd")
    for address in ("http://", "http://[::1/video", "rtsp:///live"):
        with pytest.raises(SettingError, match=f"{re.escape(address)} names no place: give a URL, as in rtsp://"):
            SourceSpec.parse(address)
    with pytest.raises(SettingError, match="a camera in the network names no place"):
        SourceSpec("network")


def test_a_video_needs_a_file() -> None:
    with pytest.raises(SettingError, match="needs a file"):
        SourceSpec("video")


@pytest.mark.parametrize(
    "wrong",
    [{"mix": 1.1}, {"strength": -0.1}, {"stability": 2}, {"work_height": 8}, {"stroke_size": 3}, {"upscale": 3},
     {"target_fps": 0}],
)
def test_a_look_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="--"):
        dataclasses.replace(LiveLook(), **wrong)


def test_nothing_heavy_is_imported_to_ask_for_it() -> None:
    heavy = "{'torch', 'openvino', 'cv2', 'av', 'numpy', 'PIL', 'PyQt6'}"
    code = (
        "import sys, fnst_live.live_session, fnst_live.live_settings, fnst_live.live_events\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
