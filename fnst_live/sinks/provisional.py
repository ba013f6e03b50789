"""Nothing broken under the good name: write beside it, rename when whole.

While it is being written a file stands as `clip.part.mp4`; a crash leaves that, never half a `clip.mp4`.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows lets no two programs write one file anyway
    fcntl = None  # type: ignore[assignment]

from fnst_live.errors import OutputError


def provisional_path(output: Path) -> Path:
    """The name a file bears until it is whole."""
    return output.with_name(f"{output.stem}.part{output.suffix}")


def check_output(output: Path, *, source: Path | None, overwrite: bool) -> None:
    """Refuse, before any work is done, what could not be written at its end. Raises OutputError."""
    try:
        _check_output(output, source, overwrite=overwrite)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise OutputError(f"{output} cannot be written: {error.strerror or error}; choose another with -o") from error


def _check_output(output: Path, source: Path | None, *, overwrite: bool) -> None:
    if source is not None and _is_same_file(source, output):
        raise OutputError(f"{output} is the input itself: choose another name with -o")
    if source is not None and _is_same_file(source, provisional_path(output)):
        raise OutputError(f"{source} would be written over on the way to {output}: choose another name with -o")
    if output.is_dir():
        raise OutputError(f"{output} is a folder: give a file name with -o")
    if output.exists() and not overwrite:
        raise OutputError(f"{output} exists already: choose another name with -o, or give --overwrite")
    folder = output.parent
    if not folder.is_dir():
        raise OutputError(f"the folder {folder} does not exist: make it first, or choose another with -o")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"the folder {folder} cannot be written to: choose another with -o")


def claim_provisional(output: Path) -> BinaryIO:
    """Take the provisional name for this run, until the returned file is closed. Raises OutputError.

    A file that a crash left under it is nobody's any more; one that another run is writing must not be touched.
    """
    partial = provisional_path(output)
    try:
        claim = partial.open("ab")
    except OSError as error:
        raise write_failure(output, error) from error
    if fcntl is not None:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            claim.close()
            raise OutputError(
                f"{partial} is being written by another run: wait for it, or choose another name"
            ) from error
        except OSError:
            return claim  # a file system without locks
    return claim


def put_in_place(output: Path) -> None:
    """Give the finished file its final name. Raises OutputError."""
    try:
        provisional_path(output).replace(output)
    except OSError as error:
        raise write_failure(output, error) from error


def write_failure(output: Path, error: OSError) -> OutputError:
    """The sentence for a write that failed half way."""
    partial = provisional_path(output)
    kept = f"; what was written so far is {partial}" if partial.exists() else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OutputError(f"{output} could not be written: no space left, so free some or choose another disk{kept}")
    return OutputError(f"{output} could not be written: {error.strerror or error}{kept}")


def _is_same_file(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return a.absolute() == b.absolute()
