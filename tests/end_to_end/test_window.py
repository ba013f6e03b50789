"""The window on a real X server, with everything real but the camera; cv2 is imported first, since that breaks Qt.

Seen from outside, as a person would: by what is on the screen.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageGrab

from fnst_live.frames.frame import Pixels
from fnst_live.gui.window_state import load_state, state_file

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120
MANY_COLORS = 300  # a picture has them, a window without one has not
LIKE_THE_MODULE = (
    "import cv2, runpy, sys; sys.argv[0] = 'fnst-live'; runpy.run_module('fnst_live', run_name='__main__')"
)

pytestmark = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb, a server of the X protocol")


@pytest.fixture
def display() -> Iterator[str]:
    """A screen of its own, whose number the server finds.

    It must not begin anew, as is its habit, whenever its last client goes: whoever takes a picture of the screen is
    one, and the window's first call would find nobody there.
    """
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as numbers:
            yield f":{numbers.readline().strip()}"
        server.terminate()


@pytest.fixture
def window(display: str) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {
        "DISPLAY": display, "QT_QPA_PLATFORM": "xcb",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-c", LIKE_THE_MODULE, "--source", "scene", "--style", "tiny"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    yield process
    process.kill()
    process.wait()
    if process.stderr is not None:
        process.stderr.close()


def picture_on(display: str) -> Pixels:
    """The middle of the screen, where the picture is."""
    screen = np.asarray(ImageGrab.grab(xdisplay=display).convert("RGB"))
    return screen[200:500, 250:750]


def color_count(pixels: Pixels) -> int:
    return len(np.unique(pixels.reshape(-1, 3), axis=0))


def wait_for(condition: Callable[[], bool], window: subprocess.Popen[str], what: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert window.poll() is None, f"it ended before {what}: {window.communicate()[1]}"
        assert time.monotonic() < end_s, f"waited in vain for {what}"
        time.sleep(0.1)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_window_shows_a_moving_picture_and_ends_in_order(
    display: str, window: subprocess.Popen[str], ending: signal.Signals,
) -> None:
    wait_for(lambda: color_count(picture_on(display)) > MANY_COLORS, window, "a picture")
    first = picture_on(display)
    wait_for(lambda: bool((picture_on(display) != first).any()), window, "the picture to move")
    window.send_signal(ending)
    _, errors = window.communicate(timeout=PATIENCE_S)
    assert window.returncode == 0, errors
    assert "Traceback" not in errors
    state = load_state(state_file())
    assert (state.source.kind, state.look.style) == ("scene", "tiny")
    assert color_count(picture_on(display)) == 1
