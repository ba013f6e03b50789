"""Lines where nobody watches, a line in place where somebody does, and always JSON for plots."""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from trainer.progress import TrainingLog, read_log
from trainer.run_folder import RunFolder
from trainer.schedule import StepSchedule

LOSSES = {"style": torch.tensor(0.123456, requires_grad=True).detach(), "total": torch.tensor(1.0)}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class SecondsPerStep:
    """A clock that every look moves on by two seconds."""

    now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 2
        return self.now_s


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path, "model")


def run(folder: RunFolder, first_step: int, step_count: int) -> None:
    with TrainingLog(folder, first_step, StepSchedule(step_count), SecondsPerStep()) as training_log:
        for step in range(first_step + 1, step_count + 1):
            training_log.step_done(step, LOSSES, 1e-3, is_last=step == step_count)


def steps_in(folder: RunFolder) -> list[int]:
    return [entry["step"] for entry in read_log(folder.log_file)]


def test_every_tenth_step_and_the_last(folder: RunFolder) -> None:
    run(folder, 0, 23)
    entries = list(read_log(folder.log_file))
    assert [entry["step"] for entry in entries] == [10, 20, 23]
    assert entries[0] == {"step": 10, "style": 0.12346, "total": 1.0, "lr": 0.001}


def test_a_run_that_goes_on_adds_and_a_new_one_starts_anew(folder: RunFolder) -> None:
    run(folder, 0, 10)
    run(folder, 10, 30)
    assert steps_in(folder) == [10, 20, 30]
    run(folder, 0, 20)
    assert steps_in(folder) == [10, 20]


def test_what_is_done_again_is_not_told_twice(folder: RunFolder) -> None:
    """Killed after step 27, in the middle of a line; the last checkpoint was of step 20."""
    run(folder, 0, 25)
    with folder.log_file.open("a") as lines:
        lines.write('{"step": 27, "to')
    run(folder, 20, 30)
    assert steps_in(folder) == [10, 20, 30]


def test_lines_where_there_is_no_terminal(
    folder: RunFolder, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO):
        run(folder, 5, 200)
    assert caplog.messages[0] == "step 10  5%  0.50 it/s  6:20 left  style 0.123  total 1"
    assert caplog.messages[-1].startswith("step 200  100%  0.50 it/s  0:00 left")
    assert capsys.readouterr().err == ""  # and nothing on the screen


def test_hours_are_told_as_hours(folder: RunFolder, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), TrainingLog(folder, 0, StepSchedule(4000), SecondsPerStep()) as training_log:
        training_log.step_done(10, LOSSES, 1e-3)
    assert "0.50 it/s  2:13:00 left" in caplog.text


def test_a_line_in_place_on_a_terminal(
    folder: RunFolder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with caplog.at_level(logging.INFO):
        run(folder, 0, 20)
    assert "step 20  100%  0.50 it/s  0:00 left" in terminal.getvalue()
    assert caplog.messages == []  # and no lines
    assert steps_in(folder) == [10, 20]


def test_what_happens_is_said_and_kept(folder: RunFolder, caplog: pytest.LogCaptureFixture) -> None:
    with TrainingLog(folder, 0, StepSchedule(10)) as training_log:
        training_log.happened(4, "rollback", "back to step 2")
    assert json.loads(folder.log_file.read_text()) == {"step": 4, "event": "rollback", "message": "back to step 2"}
    assert caplog.messages == ["back to step 2"]


class FakeWriter:
    def __init__(self, folder: str, purge_step: int):
        self.folder, self.purge_step = folder, purge_step
        self.scalars: list[tuple[str, float, int]] = []
        self.is_closed = False
        written.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def close(self) -> None:
        self.is_closed = True


written: list[FakeWriter] = []


def test_tensorboard_where_it_is_installed(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    written.clear()
    module: Any = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = FakeWriter
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    run(folder, 10, 20)
    (writer,) = written
    assert (writer.folder, writer.purge_step, writer.is_closed) == (str(folder.tensorboard), 11, True)
    assert writer.scalars == [("loss/style", 0.12346, 20), ("loss/total", 1.0, 20)]


def test_no_tensorboard(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    run(folder, 0, 10)
    assert not folder.tensorboard.exists()
