"""How the training goes: JSON lines for plots, TensorBoard where it is installed, and for people a line or a bar."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from torch import Tensor
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from trainer.run_folder import RunFolder, write_whole
from trainer.schedule import Clock, Schedule

STEPS_BETWEEN_LINES = 10
PACE_STEPS = 50  # the pace is that of the last steps, not of an hour ago

log = logging.getLogger(__name__)


class ProgressLine:
    """For people: a line that stays in place on a terminal, else one now and then."""

    def __init__(self, schedule: Schedule, clock: Clock = time.monotonic):
        self._schedule, self._clock = schedule, clock
        self._times_s: deque[float] = deque([clock()], PACE_STEPS + 1)
        self._closing = contextlib.ExitStack()
        bar = tqdm(disable=None, bar_format="{desc}")  # a line of our own
        self._bar = self._closing.enter_context(bar)
        if not bar.disable:
            self._closing.enter_context(logging_redirect_tqdm())

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def step_done(self) -> None:
        """Told of every step, for the pace."""
        self._times_s.append(self._clock())

    def show(self, step: int, values: Mapping[str, float]) -> None:
        line = self._line(step, values)
        if self._bar.disable:
            log.info("%s", line)
        else:
            self._bar.set_description_str(line)

    def _line(self, step: int, values: Mapping[str, float]) -> str:
        """step 120  43%  2.31 it/s  5:32 left  total 0.513  content ..."""
        span_s = self._times_s[-1] - self._times_s[0]
        pace = (len(self._times_s) - 1) / span_s if span_s > 0 else 0.0
        left = _clock_time(self._schedule.seconds_left(step, pace)) if pace else "?"
        shown = "  ".join(f"{name} {value:.3g}" for name, value in values.items())
        return f"step {step}  {self._schedule.done(step):.0%}  {pace:.2f} it/s  {left} left  {shown}"


class TrainingLog:
    """Told of every step; says something of every tenth. A run that goes on adds to its file."""

    def __init__(self, folder: RunFolder, first_step: int, schedule: Schedule, clock: Clock = time.monotonic):
        self._closing = contextlib.ExitStack()
        _forget_after(folder.log_file, first_step)
        self._lines = self._closing.enter_context(folder.log_file.open("a", encoding="utf-8"))
        self._events = _tensorboard_writer(folder.tensorboard, first_step)
        if self._events is not None:
            self._closing.callback(self._events.close)
        self._progress = self._closing.enter_context(ProgressLine(schedule, clock))

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def step_done(self, step: int, losses: Mapping[str, Tensor], rate: float, *, is_last: bool = False) -> None:
        """step counts from 1; rate: the learning rate of the step."""
        self._progress.step_done()
        if step % STEPS_BETWEEN_LINES and not is_last:
            return
        values = rounded(losses)
        self._write({"step": step, **values, "lr": float(f"{rate:.4g}")})
        if self._events is not None:
            for name, value in values.items():
                self._events.add_scalar(f"loss/{name}", value, step)
        self._progress.show(step, values)

    def happened(self, step: int, event: str, sentence: str) -> None:
        """Something that is no step, such as a rollback: said, and kept with the losses."""
        self._write({"step": step, "event": event, "message": sentence})
        log.warning("%s", sentence)

    def _write(self, entry: Mapping[str, Any]) -> None:
        self._lines.write(json.dumps(entry) + "\n")
        self._lines.flush()  # plots are drawn while it trains


def rounded(losses: Mapping[str, Tensor]) -> dict[str, float]:
    """Numbers for people and files."""
    return {name: round(float(value), 5) for name, value in losses.items()}


def read_log(file: Path) -> Iterator[dict[str, Any]]:
    """The entries of a log; a last line that a kill has cut off is left out."""
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def _forget_after(file: Path, step: int) -> None:
    """What a killed run did after its last checkpoint is done again, and told again."""
    kept = [json.dumps(entry) + "\n" for entry in read_log(file) if entry["step"] <= step] if step else []
    write_whole(file, lambda partial: partial.write_text("".join(kept), encoding="utf-8"))


def _tensorboard_writer(folder: Path, first_step: int) -> Any:
    """None where TensorBoard is not installed: it is an extra."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=first_step + 1)


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
