"""Names with their date for what is kept of the live picture, never those of files that exist."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path

from fnst_live.errors import OutputError
from fnst_live.sinks.provisional import check_output, provisional_path


def dated_path(folder: Path, suffix: str, *, at: datetime | None = None) -> Path:
    """As `fnst-live 2026-03-01 14.05.09.png`; the folder is made if need be. Raises OutputError.

    at: local time; now, where it is not given.
    """
    date = (at or datetime.now().astimezone()).strftime("%Y-%m-%d %H.%M.%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be made: {error.strerror or error}; choose another") from error
    for count in itertools.count(1):
        name = f"fnst-live {date}{f' ({count})' if count > 1 else ''}{suffix}"
        if not (folder / name).exists() and not provisional_path(folder / name).exists():
            break
    check_output(folder / name, source=None, overwrite=False)
    return folder / name
