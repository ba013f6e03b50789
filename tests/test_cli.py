"""Without a command the window opens, in the state that the command line says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fnst_live.cli import BAD_INPUT, main
from fnst_live.gui import app
from fnst_live.gui.app import StartRequest
from fnst_live.live_settings import SourceSpec


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[StartRequest]:
    """What the window would have been started with."""
    started: list[StartRequest] = []
    monkeypatch.setattr(app, "run_window", started.append)
    return started


@pytest.mark.parametrize(("arguments", "request_"), [
    ([], StartRequest()),
    (["--source", "scene"], StartRequest(SourceSpec("scene"))),
    (["--source", "camera:1", "--style", "udnie", "--fullscreen"],
     StartRequest(SourceSpec("camera", Path("/dev/video1")), "udnie", is_full_screen=True)),
    (["--virtual-camera"], StartRequest(is_broadcasting=True)),
    (["--source", "holiday.mp4"], StartRequest(SourceSpec("video", Path("holiday.mp4")))),
    (["--source", "photo.jpg"], StartRequest(SourceSpec("picture", Path("photo.jpg")))),
])
def test_the_window_opens(requests: list[StartRequest], arguments: list[str], request_: StartRequest) -> None:
    assert main(arguments) == 0
    assert requests == [request_]


def test_a_camera_that_is_no_number_is_refused(
    requests: list[StartRequest], capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--source", "camera:front"]) == BAD_INPUT
    assert capsys.readouterr().err.startswith("fnst-live: --source camera:front is no camera")
    assert not requests


def test_commands_open_no_window(requests: list[StartRequest], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["styles"]) == 0
    assert not requests
    assert "starry-night" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no file that is always full")
def test_a_full_disk_behind_the_standard_output_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "fnst_live", "styles"]
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert told.returncode == BAD_INPUT
    assert told.stderr.count("\n") == 1
    assert "standard output could not be written" in told.stderr
