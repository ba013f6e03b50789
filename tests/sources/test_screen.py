"""The screen as a source: one that nobody sees, by Xvfb."""

from __future__ import annotations

import itertools
import os
import select
import shutil
import subprocess
import threading
from collections.abc import Iterator

import mss
import pytest
from mss.exception import ScreenShotError

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame
from fnst_live.sources import screen as screen_module
from fnst_live.sources.screen import Area, ScreenSource, area_of

PATIENCE_S = 20
ALL, LEFT, RIGHT = (
    {"left": left, "top": 0, "width": width, "height": 200} for left, width in ((-320, 620), (-320, 320), (0, 300))
)
MONITORS: list[Area] = [ALL, LEFT, RIGHT]


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A screen of 320x200, all black but for what is drawn on it."""
    if shutil.which("Xvfb") is None:
        pytest.skip("there is no Xvfb here, the X server without a screen: apt install xvfb")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "320x200x24", "-nolisten", "tcp"], pass_fds=[writing],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        assert select.select([reading], [], [], PATIENCE_S)[0], "Xvfb does not start"
        name = f":{os.read(reading, 16).decode().strip()}"
        monkeypatch.setenv("DISPLAY", name)
        monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
        yield name
    finally:
        server.terminate()
        server.wait()
        os.close(reading)


def frames_of(source: ScreenSource, count: int) -> list[Frame]:
    frames = iter(source)
    taken = [next(frames) for _ in range(count)]
    source.close()
    assert next(frames, None) is None
    return taken


@pytest.mark.usefixtures("display")
def test_the_screen_at_its_own_pace() -> None:
    source = ScreenSource(None, 1080)
    frames = frames_of(source, 4)
    assert source.size == (320, 200)
    assert frames[0].pixels.shape == (200, 320, 3)
    assert all(after.index > before.index for before, after in itertools.pairwise(frames))
    assert all(frame.time_s > frame.index / 30 - 0.005 for frame in frames)


@pytest.mark.usefixtures("display")
def test_a_part_of_it_and_no_more_lines_than_wanted() -> None:
    (frame,) = frames_of(ScreenSource("100x60+20+10", 30), 1)
    assert frame.pixels.shape == (30, 50, 3)


def test_red_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """X11 has blue first; what is on the screen is a fake here."""
    monkeypatch.setattr(screen_module, "require_screen", lambda: None)
    monkeypatch.setattr(mss, "MSS", FakeScreen)
    (frame,) = frames_of(ScreenSource(None, 1080), 1)
    assert tuple(frame.pixels[0, 0]) == (250, 20, 10)


def test_a_screen_that_changes_its_size_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "require_screen", lambda: None)
    monkeypatch.setattr(screen_module, "LOOK_AGAIN_S", 0.01)
    monkeypatch.setattr(mss, "MSS", FakeScreen)
    source = ScreenSource(None, 1080)
    frames = iter(source)
    next(frames)
    FakeScreen.failures = 2
    assert next(frames).pixels.shape == (200, 320, 3)
    source.close()
    assert next(frames, None) is None


def test_a_screen_that_stays_away_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "require_screen", lambda: None)
    monkeypatch.setattr(screen_module, "LOOK_AGAIN_S", 0.01)
    monkeypatch.setattr(mss, "MSS", FakeScreen)
    told: list[str] = []
    source = ScreenSource("300x180+0+0", 1080, on_lost=told.append, on_back=lambda: told.append("back"))
    frames = iter(source)
    next(frames)
    FakeScreen.failures = 5
    next(frames)
    assert told == ["the screen cannot be seen (no): start the program in a desktop session", "back"]
    del told[:]
    monkeypatch.setattr(FakeScreen, "monitors", [{**ALL, "width": 200}])
    FakeScreen.failures = 1  # else nobody looks how large it is
    threading.Timer(0.3, source.close).start()
    assert next(frames, None) is None
    (sentence,) = told
    assert sentence.startswith("300x180+0+0 does not lie on the screen, which has 200x200")


class FakeScreen:
    """Where mss would look; fails as often as it is told to."""

    failures = 0
    monitors = MONITORS

    def __enter__(self) -> FakeScreen:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def grab(self, area: Area) -> FakeShot:
        if FakeScreen.failures:
            FakeScreen.failures -= 1
            raise ScreenShotError("no")
        return FakeShot(area["width"], area["height"])


class FakeShot:
    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self.raw = bytearray(bytes([10, 20, 250, 0]) * (width * height))


def test_monitors_have_numbers_and_parts_count_from_the_upper_left_of_all() -> None:
    assert area_of(None, MONITORS) == area_of("1", MONITORS) == LEFT
    assert area_of("2", MONITORS) == RIGHT
    assert area_of("100x60+20+10", MONITORS) == {"left": -300, "top": 10, "width": 100, "height": 60}


@pytest.mark.parametrize(
    ("part", "sentence"),
    [("3", "there is no screen 3: there are 2"), ("0", "there is no screen 0"),
     ("600x60+40+0", "does not lie on the screen, which has 620x200"), ("600x60+0+150", "does not lie on the screen")],
)
def test_what_lies_on_no_screen(part: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        area_of(part, MONITORS)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [({}, "DISPLAY is not set"), ({"DISPLAY": ":0", "XDG_SESSION_TYPE": "wayland"}, "under Wayland"),
     ({"DISPLAY": ":4711"}, r"the screen cannot be seen \(")],
)
def test_where_no_screen_can_be_seen_it_is_said(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    for name in ("DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=sentence):
        ScreenSource(None, 1080)
