"""How the window starts: what the command line says over what is remembered, and signals that end it in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from PyQt6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from fnst_live.errors import StyleError
from fnst_live.gui.app import SET_BY_CV2, StartRequest, clear_what_cv2_set, signals_calling, starting_state
from fnst_live.gui.window_state import WindowState
from fnst_live.live_settings import LiveLook, SourceSpec

REMEMBERED = WindowState(SourceSpec("camera"), LiveLook("udnie"))


def test_what_is_not_said_is_as_the_last_time() -> None:
    assert starting_state(REMEMBERED, StartRequest()) == REMEMBERED


def test_what_is_said_counts() -> None:
    state = starting_state(REMEMBERED, StartRequest(SourceSpec("scene"), "The-Scream"))
    assert (state.source, state.look.style) == (SourceSpec("scene"), "the-scream")


def test_an_unknown_style_is_refused_with_the_nearest() -> None:
    with pytest.raises(StyleError, match="did you mean 'the-scream'"):
        starting_state(REMEMBERED, StartRequest(style="the-screm"))


def test_a_remembered_style_that_is_gone_gives_way() -> None:
    assert starting_state(WindowState(look=LiveLook("deleted")), StartRequest()).look.style == "starry-night"


def test_what_cv2_set_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in SET_BY_CV2:
        monkeypatch.setenv(variable, "/cv2/qt/plugins")
    clear_what_cv2_set()
    assert not set(SET_BY_CV2) & set(os.environ)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_wakes_the_event_loop(qtbot: QtBot, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    ended: list[bool] = []
    with signals_calling(lambda: ended.append(True)):
        os.kill(os.getpid(), number)
        qtbot.waitUntil(lambda: bool(ended))
    assert signal.getsignal(number) is before
    QCoreApplication.processEvents()


def test_building_the_window_imports_nothing_heavy() -> None:
    program = (
        "import sys, fnst_live.gui.app\n"
        "heavy = {'torch', 'openvino', 'cv2', 'av', 'numpy', 'PIL', 'PyQt6.QtMultimedia'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
