"""What was found out about a model on this machine, remembered: small JSON files in the cache folder.

A missing or damaged file is as good as none, and one that cannot be written costs time, nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from fnst_live import paths


def recalled(file_name: str, key: str) -> Any:
    """What `remember` was given; None where it was not, or long ago."""
    return _entries(file_name).get(key)


def remember(file_name: str, key: str, finding: Any) -> None:
    """finding: whatever JSON can hold."""
    entries = {**_entries(file_name), key: finding}
    with contextlib.suppress(OSError):
        _write_whole(paths.cache_dir() / file_name, json.dumps(entries, indent=1))


def _entries(file_name: str) -> dict[str, Any]:
    try:
        content = json.loads((paths.cache_dir() / file_name).read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write_whole(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        partial.write_text(text)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
