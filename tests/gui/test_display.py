"""No screen, or no library to draw on it with: said before Qt gives up."""

from __future__ import annotations

import sys

import pytest

from fnst_live.errors import UserError
from fnst_live.gui import display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 and Wayland are Linux's")


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(variable, raising=False)


def test_no_screen_is_told_of() -> None:
    with pytest.raises(UserError, match="there is no screen"):
        display.require_display()


@pytest.mark.parametrize(("variable", "value"), [("WAYLAND_DISPLAY", "wayland-0"), ("QT_QPA_PLATFORM", "offscreen")])
def test_other_screens_will_do(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    display.require_display()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(display, "XCB_CURSOR", "libxcb-cursor-that-is-not-there.so.0")
    with pytest.raises(UserError, match="install the package libxcb-cursor0"):
        display.require_display()
