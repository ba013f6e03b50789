"""Who is measured: the machine by name, how busy others kept it, and what its matrix products reach.

The matmul rate is the best that torch's own large matrix product does here and now, in each precision that an engine
may use: no data sheet, but a peak that this machine has just shown.
"""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from fnst_live.bench.timing import Budget, time_runs
from fnst_live.cores import usable_cores
from fnst_live.doctor import Machine, this_machine

BUSY_SHARE = 0.25    # of the cores, by the load average before
OTHERS_SHARE = 0.05  # of the time of all cores, while we measure
CORE_TIMES = Path("/proc/stat")
IDLE_COLUMNS = (3, 4)  # idle, and waiting for a disk
COLUMN_COUNT = 8       # those behind are counted in the first ones, too
MATMUL_SIDE = 2048
DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


@dataclass(frozen=True)
class MachineState:
    """The machine, and who else used it.

    usable_cores: those that this process may run on. load_average: over 1, 5 and 15 minutes before. others_share: of
    the time of all cores, what other programs and the host took while we measured. None where the system does not tell.
    """

    machine: Machine
    usable_cores: int
    load_average: tuple[float, float, float] | None
    others_share: float | None = None

    @property
    def warnings(self) -> list[str]:
        """One sentence each."""
        warnings = []
        if self.load_average is not None and self.load_average[0] > BUSY_SHARE * self.usable_cores:
            load = f"load average {self.load_average[0]:.2f}, cores: {self.usable_cores}"
            warnings.append(f"the machine was busy before this began ({load}): it may be faster than these figures say")
        if self.others_share is not None and self.others_share > OTHERS_SHARE:
            share = f"{self.others_share:.0%} of its cores"
            warnings.append(f"others used {share} meanwhile: the machine is faster than these figures say")
        return warnings

    def as_json(self) -> dict[str, Any]:
        load_average = None if self.load_average is None else [round(load, 2) for load in self.load_average]
        others_share = None if self.others_share is None else round(self.others_share, 4)
        machine = asdict(self.machine) | {"instructions": list(self.machine.instructions)}
        return {**machine, "usable_cores": self.usable_cores, "load_average": load_average,
                "others_share": others_share}


def machine_state() -> MachineState:
    """To be asked before anything is measured: what we do ourselves counts as load, too."""
    load_average = os.getloadavg() if hasattr(os, "getloadavg") else None  # Windows has none
    return MachineState(this_machine(), usable_cores(), load_average)


class OthersMeter:
    """What others use of the machine's cores, from when it is made."""

    def __init__(self) -> None:
        self._begin = _core_times()
        self._own_begin_s = time.process_time()

    def share(self) -> float | None:
        """0..1, of the time of all cores; None where the system does not tell."""
        end = _core_times()
        if self._begin is None or end is None:
            return None
        busy_s, all_s = (now - before for now, before in zip(end, self._begin, strict=True))
        own_s = time.process_time() - self._own_begin_s
        return min(max(0.0, busy_s - own_s) / all_s, 1.0) if all_s > 0 else 0.0


def _core_times() -> tuple[float, float] | None:
    """Seconds since the machine was started, of all cores together: busy ones, and all."""
    if not CORE_TIMES.exists():
        return None
    ticks = [int(column) for column in CORE_TIMES.read_text().split("\n", 1)[0].split()[1 : 1 + COLUMN_COUNT]]
    idle = sum(ticks[column] for column in IDLE_COLUMNS)
    per_second = os.sysconf("SC_CLK_TCK")
    return (sum(ticks) - idle) / per_second, sum(ticks) / per_second


def matmul_rates(precisions: frozenset[str], budget: Budget) -> dict[str, float]:
    """GFLOP/s by precision, a multiply-add counted as two operations."""
    return {precision: _rate(precision, budget) for precision in DTYPES if precision in precisions}


def _rate(precision: str, budget: Budget) -> float:
    side = MATMUL_SIDE
    on_card = precision == "f16"  # the one precision that only cards are asked for
    device = torch.device("cuda" if on_card else "cpu")
    a, b = (torch.randn(side, side, device=device).to(DTYPES[precision]) for _ in range(2))

    def multiply() -> None:
        torch.mm(a, b)
        if on_card:
            torch.cuda.synchronize()

    with torch.inference_mode():
        milliseconds = time_runs(multiply, budget).wall_ms.least
    return 2 * side**3 / milliseconds / 1e6
