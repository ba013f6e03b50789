"""A thread that does what it is asked, one thing after another, so that whoever asks need not wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Errand = Callable[[], object]


class Errands:
    """on_error: called on the thread with what an errand raised; the next one is done all the same."""

    def __init__(self, name: str, on_error: Callable[[Exception], None]):
        self._on_error = on_error
        self._errands: deque[Errand] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        self._thread.start()

    def post(self, errand: Errand) -> None:
        """Returns at once. What comes after `close` is not done."""
        with self._changed:
            if not self._is_closed:
                self._errands.append(errand)
                self._changed.notify()

    def close(self, *, is_finishing: bool = False) -> None:
        """Waits for the errand in hand, and if is_finishing for all that were asked; no further ones are taken."""
        with self._changed:
            self._is_closed = True
            if not is_finishing:
                self._errands.clear()
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while (errand := self._next()) is not None:
            try:
                errand()
            except Exception as error:  # noqa: BLE001  (told to whoever asked)
                self._on_error(error)

    def _next(self) -> Errand | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._errands) or self._is_closed)
            return self._errands.popleft() if self._errands else None
