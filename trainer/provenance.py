"""Where a model comes from: the command and the commit that its header names."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def provenance(arguments: Sequence[str]) -> dict[str, str]:
    """The command without its folders, which are nobody's business, and the commit, or the version if installed."""
    names = [Path(argument).name if "/" in argument else argument for argument in arguments]
    return {"command": shlex.join(["fnst-train", *names]), "commit": _commit() or _installed_version()}


def _commit() -> str:
    """Of the checkout this file lies in; nothing for an installed package, even inside somebody else's checkout."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return ""
    describe = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(describe, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _installed_version() -> str:
    try:
        return f"version {version('fnst-live')}"
    except PackageNotFoundError:
        return "unknown"
