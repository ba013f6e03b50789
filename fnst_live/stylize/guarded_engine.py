"""A card's engine as long as that works, and from its first failure on the processor's: a card may run out of memory at
a size that it was not tried with, and is lost when a laptop sleeps.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from fnst_live.errors import EngineError
from fnst_live.frames.frame import Pixels
from fnst_live.stylize.engine import BroadEngine, Engine, StyleVector

Painted = TypeVar("Painted", Pixels, Pixels | None)

log = logging.getLogger(__name__)


class GuardedEngine:
    """Satisfies `stylize.engine.Engine`; name, precision and lanes are those of the engine in use."""

    def __init__(self, engine: Engine, open_other: Callable[[], Engine]):
        """open_other: called when it fails, once."""
        self._engine, self._open_other = engine, open_other
        self._giving_up = threading.Lock()
        self._has_given_up = False

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def precision(self) -> str:
        return self._engine.precision

    @property
    def lanes(self) -> int:
        return self._engine.lanes

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        """See `Engine.run`. Raises EngineError where the other one fails, too."""
        return self._guarded(lambda engine: engine.run(pixels, style))

    def run_broad(self, pixels: Pixels, style: StyleVector, stroke_size: int) -> Pixels | None:
        """See `BroadEngine.run_broad`: the processor's engines leave that to their caller."""
        return self._guarded(
            lambda engine: engine.run_broad(pixels, style, stroke_size) if isinstance(engine, BroadEngine) else None
        )

    def _guarded(self, run: Callable[[Engine], Painted]) -> Painted:
        used = self._engine
        try:
            return run(used)
        except EngineError as error:
            if self._has_given_up and used is self._engine:
                raise
            self._give_up(error)
        return run(self._engine)

    def _give_up(self, error: EngineError) -> None:
        with self._giving_up:
            if not self._has_given_up:  # some lanes may fail at once
                log.warning("painting on the processor, since the card fails: %s", _reason(error))
                self._engine = self._open_other()
                self._has_given_up = True


def _reason(error: EngineError) -> str:
    """The driver's own word, if there is one."""
    return str(error.__cause__ or error).partition("\n")[0]
