"""What libav says while something is tried: collected instead of printed, since its first complaint names the cause."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import av.logging


@contextlib.contextmanager
def errors_of_libav() -> Iterator[list[str]]:
    """Its complaints, each in one line, in their order."""
    before, lines = av.logging.get_level(), list[str]()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture(local=False) as messages:
            try:
                yield lines
            finally:
                lines.extend(" ".join(message.split()) for _, _, message in messages)
    finally:
        av.logging.set_level(before)
