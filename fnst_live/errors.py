"""The trouble a user can mend. Each error carries one sentence that says what is wrong and what to do.

The command line prints the sentence and exits with 2; the window shows it in a banner. Everything that is not
one of these is a fault of the program and crashes openly.
"""

from __future__ import annotations

from pathlib import Path


class UserError(Exception):
    """Something the user can mend. `str(error)` is the sentence; never more than one line."""


class InputError(UserError):
    """A file, picture or camera that cannot be read."""


class OutputError(UserError):
    """A result that cannot be written: folder, disk, container, codec."""


class StyleError(UserError):
    """An unknown style, or a model file that is not one."""


class EngineError(UserError):
    """An engine that cannot be had on this machine, and why."""


class SettingError(UserError):
    """A setting that cannot be; the sentence names the flag."""


def missing_input(path: Path) -> InputError:
    """The error of whoever is first to notice that a file is not there; to be raised."""
    return InputError(f"{path} does not exist: check the path")
