"""How the training goes: JSON lines for plots, and for people a bar on a terminal, else a line now and then."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from torch import Tensor
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

STEPS_BETWEEN_LINES = 10

log = logging.getLogger(__name__)


class TrainingLog:
    """Told of every step; says something of every tenth and of the last. A run that goes on adds to its file."""

    def __init__(self, file: Path, first_step: int, step_count: int):
        self._first_step, self._step_count = first_step, step_count
        self._started_s = time.monotonic()
        self._closing = contextlib.ExitStack()
        self._lines = self._closing.enter_context(file.open("a" if first_step else "w", encoding="utf-8"))
        bar = tqdm(total=step_count, initial=first_step, unit="step", disable=None, dynamic_ncols=True)
        self._bar = self._closing.enter_context(bar)
        if not bar.disable:
            self._closing.enter_context(logging_redirect_tqdm())

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def step_done(self, step: int, losses: Mapping[str, Tensor]) -> None:
        """step counts from 1."""
        self._bar.update()
        if step % STEPS_BETWEEN_LINES and step != self._step_count:
            return
        values = {name: round(float(value.detach()), 5) for name, value in losses.items()}
        self._lines.write(json.dumps({"step": step, **values}) + "\n")
        self._lines.flush()  # plots are drawn while it trains
        self._bar.set_postfix(values)
        if self._bar.disable:
            log.info("step %d/%d  %s  %s", step, self._step_count, self._pace(step), values)

    def _pace(self, step: int) -> str:
        rate = (step - self._first_step) / (time.monotonic() - self._started_s)
        return f"{rate:.2f} steps/s  {(self._step_count - step) / rate / 60:.0f} min left"
