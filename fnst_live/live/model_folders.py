"""The folders of style models, kept an eye on: what comes, goes or changes there is seen within a second.

By looking, not by the system's notifications: these folders hold few files, and may lie on any file system.
"""

from __future__ import annotations

import filecmp
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from fnst_live import paths
from fnst_live.errors import OutputError
from fnst_live.style_library import load_style, read_entries, style_folders

LOOK_EVERY_S = 1.0

Contents = frozenset[tuple[str, int, int]]  # a file's path, its size, and when it was changed


class FolderWatch:
    """on_change: called on the watching thread."""

    def __init__(self, on_change: Callable[[], None], every_s: float = LOOK_EVERY_S):
        self._on_change, self._every_s = on_change, every_s
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="model folders")
        self._seen = contents_of(style_folders())

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._closing.wait(self._every_s):
            now = contents_of(style_folders())
            if now != self._seen:
                self._seen = now
                self._on_change()


def contents_of(folders: list[Path]) -> Contents:
    """What a change would change. A folder that is not there is empty."""
    return frozenset(filter(None, (_stamp(file) for folder in folders for file in _files(folder))))


def _files(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _stamp(file: Path) -> tuple[str, int, int] | None:
    """None where it went while we looked."""
    try:
        status = file.stat()
    except OSError:
        return None
    return str(file), status.st_size, status.st_mtime_ns


def take_over(file: Path) -> tuple[str, ...]:
    """Check a model file, copy it into the user's folder, and return its styles' names. Raises StyleError, OutputError.

    It is loaded whole first: the folder shall hold nothing that cannot be used.
    """
    load_style(str(file))
    names = tuple(entry.name for entry in read_entries(file))
    folder = paths.user_models_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _copy_beside_others(file, folder)
    except OSError as error:
        raise OutputError(f"{file.name} cannot be copied to {folder}: {error.strerror or error}") from error
    return names


def _copy_beside_others(file: Path, folder: Path) -> None:
    """Under a name that is free, unless it is there already. A half-copied file never bears a model's name."""
    target = folder / file.name
    count = 1
    while target.exists():
        if filecmp.cmp(file, target, shallow=False):
            return
        count += 1
        target = folder / f"{file.stem}-{count}{file.suffix}"
    partial = folder / f".{target.name}.part"
    try:
        shutil.copyfile(file, partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
