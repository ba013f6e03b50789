"""A model's header names the command and the commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from trainer import provenance as module
from trainer.provenance import provenance


def test_the_command_can_be_typed_again_and_names_no_folders() -> None:
    arguments = ["train", "--dataset", "/home/me/my photos", "--work", "The Great Wave", "--lr", "1e-3"]
    command = provenance(arguments)["command"]
    assert command == "fnst-train train --dataset 'my photos' --work 'The Great Wave' --lr 1e-3"


def place(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    (root / "trainer").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(root / "trainer" / "provenance.py"))


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@e", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(monkeypatch, tmp_path)
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    assert provenance([])["commit"] == git(tmp_path, "rev-parse", "--short=12", "HEAD")


def test_an_installed_package_does_not_name_the_commit_of_whatever_lies_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "somebody else's")
    place(monkeypatch, tmp_path / "site-packages")
    assert provenance([])["commit"].startswith(("version ", "unknown"))


def test_a_machine_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(monkeypatch, tmp_path)
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("PATH", "")
    assert provenance([])["commit"].startswith(("version ", "unknown"))
