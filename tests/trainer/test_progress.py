"""Lines where nobody watches, a bar where somebody does, and always JSON for plots."""

from __future__ import annotations

import io
import json
import logging
import sys
from pathlib import Path

import pytest
import torch

from trainer.progress import TrainingLog

LOSSES = {"style": torch.tensor(0.123456, requires_grad=True), "total": torch.tensor(1.0)}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(file: Path, first_step: int, step_count: int) -> None:
    with TrainingLog(file, first_step, step_count) as training_log:
        for step in range(first_step + 1, step_count + 1):
            training_log.step_done(step, LOSSES)


def steps_in(file: Path) -> list[int]:
    return [json.loads(line)["step"] for line in file.read_text().splitlines()]


def test_every_tenth_step_and_the_last(tmp_path: Path) -> None:
    run(tmp_path / "log.jsonl", 0, 23)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 23]
    assert lines[0] == {"step": 10, "style": 0.12346, "total": 1.0}


def test_a_run_that_goes_on_adds_and_a_new_one_starts_anew(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    run(file, 0, 10)
    run(file, 10, 30)
    assert steps_in(file) == [10, 20, 30]
    run(file, 0, 20)
    assert steps_in(file) == [10, 20]


def test_lines_where_there_is_no_terminal(tmp_path: Path, caplog: pytest.LogCaptureFixture,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.INFO):
        run(tmp_path / "log.jsonl", 5, 20)
    assert [message.split("  ")[0] for message in caplog.messages] == ["step 10/20", "step 20/20"]
    assert "0 min left" in caplog.messages[-1]
    assert "'total': 1.0" in caplog.messages[-1]
    assert capsys.readouterr().err == ""  # and no bar


def test_a_bar_on_a_terminal(tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with caplog.at_level(logging.INFO):
        run(tmp_path / "log.jsonl", 0, 20)
    assert "20/20" in terminal.getvalue()
    assert "total=1" in terminal.getvalue()
    assert caplog.messages == []  # and no lines
    assert steps_in(tmp_path / "log.jsonl") == [10, 20]
