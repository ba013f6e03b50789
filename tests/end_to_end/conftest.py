"""A style small enough to train in no time (it is not trained at all), and a way to run the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fnst_live.cli import main

STYLE = "tiny"
UNPAINTED = ("--style", STYLE, "--engine", "torch", "--strength", "0")
PAINTED = ("--style", STYLE, "--engine", "torch", "--stability", "0")


Report = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A finished run of the command line."""

    code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> Report:
        """The JSON object of a run that went well: alone on standard output, and nothing on standard error."""
        assert (self.code, self.stderr) == (0, "")
        lines = self.stdout.splitlines()
        assert len(lines) == 1
        report: Report = json.loads(lines[0])
        return report

    @property
    def complaint(self) -> str:
        """The one line of a run that was refused."""
        assert self.code == 2
        assert self.stdout == ""
        lines = self.stderr.splitlines()
        assert len(lines) == 1, self.stderr
        return lines[0]


RunCommand = Callable[..., Run]
Convert = Callable[..., Report]


@pytest.fixture(autouse=True)
def styles(own_folders: None, style_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--style tiny` can be had in every test here."""
    monkeypatch.setenv("FNST_LIVE_MODELS", str(style_folder))


@pytest.fixture
def fnst_live(capfd: pytest.CaptureFixture[str]) -> RunCommand:
    """Run `fnst-live ...` in this process; what C libraries print is caught, too."""

    def run(*arguments: str | Path) -> Run:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Run(code, *capfd.readouterr())

    return run


@pytest.fixture
def convert(fnst_live: RunCommand) -> Convert:
    """Run `fnst-live video IN -o OUT ...` with nothing painted: whatever changes, the video path has changed it."""

    def run(source: Path, output: Path, *arguments: str) -> Report:
        return fnst_live("video", source, "-o", output, *UNPAINTED, "--json", *arguments).report

    return run


@pytest.fixture
def refuse(fnst_live: RunCommand) -> Callable[..., str]:
    """Run what must be refused, and return the complaint."""

    def run(source: Path, output: Path, *arguments: str) -> str:
        return fnst_live("video", source, "-o", output, *UNPAINTED, "--json", *arguments).complaint

    return run


def warnings_of(report: Report) -> str:
    """All warnings, a line each, in small letters."""
    return "\n".join(report["warnings"]).lower()


def start(*arguments: str | Path, **more: Any) -> subprocess.Popen[str]:
    """`python -m fnst_live ...` as a process of its own, for tests that harm it."""
    command = [sys.executable, "-m", "fnst_live", *map(str, arguments)]
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **more
    )


def outcome(process: subprocess.Popen[str]) -> Run:
    stdout, stderr = process.communicate()
    return Run(process.returncode, stdout, stderr)
