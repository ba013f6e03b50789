"""How the window starts: what the command line says over what is remembered, and signals that end it in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from PyQt6.QtCore import QCoreApplication, QMessageLogContext, QtMsgType
from pytestqt.qtbot import QtBot

from fnst_live.errors import InputError, StyleError
from fnst_live.gui.app import (
    SET_BY_CV2,
    StartRequest,
    clear_what_cv2_set,
    exceptions_told,
    pass_on,
    signals_calling,
    starting_state,
)
from fnst_live.gui.window_state import WindowState
from fnst_live.live_events import Failed
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


def test_a_file_that_is_not_there_is_refused_before_the_window_opens(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.mp4 does not exist"):
        starting_state(REMEMBERED, StartRequest(SourceSpec("video", tmp_path / "gone.mp4")))
    with pytest.raises(InputError, match="is a folder"):
        starting_state(REMEMBERED, StartRequest(SourceSpec("video", tmp_path)))


def test_a_file_is_remembered_by_a_path_that_holds_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clip.mp4").touch()
    monkeypatch.chdir(tmp_path)
    state = starting_state(REMEMBERED, StartRequest(SourceSpec("video", Path("clip.mp4"))))
    assert state.source.path == tmp_path / "clip.mp4"


def test_a_camera_may_come_later() -> None:
    camera = SourceSpec("camera", Path("/dev/video99"))
    assert starting_state(REMEMBERED, StartRequest(camera)).source == camera


def test_a_file_that_is_no_style_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG of something")
    with pytest.raises(StyleError, match="is not a style model"):
        starting_state(REMEMBERED, StartRequest(style=str(tmp_path / "photo.png")))


def test_a_model_file_outside_the_folders_is_a_style(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.pth").touch()
    monkeypatch.chdir(tmp_path)
    assert starting_state(REMEMBERED, StartRequest(style="mine.pth")).look.style == str(tmp_path / "mine.pth")


def test_an_exception_in_a_slot_is_told_once_and_ends_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sys.__excepthook__
    monkeypatch.setattr(sys, "excepthook", before)
    told: list[Failed] = []
    with exceptions_told(told.append):
        for _ in range(3):
            sys.excepthook(KeyError, KeyError("lost"), None)
    assert sys.excepthook is before
    assert [failed.sentence for failed in told] == ["something went wrong (KeyError): the details tell where"]
    assert capsys.readouterr().err.count("KeyError") == 1


def test_that_there_is_no_sound_server_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    for message in ("PulseAudioService: pa_context_connect() failed", "the display is gone"):
        pass_on(QtMsgType.QtWarningMsg, cast(QMessageLogContext, None), message)
    assert capsys.readouterr().err == "the display is gone\n"


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
