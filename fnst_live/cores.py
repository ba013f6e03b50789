"""How many processor cores there are for this program, which may have been given fewer than the machine has."""

from __future__ import annotations

import os


def usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
