"""Who is measured: the machine by name, how busy it was before we began, and what its matrix products reach.

The matmul rate is what torch's own large matrix product does here and now, in each precision that an engine may use:
no data sheet, but a peak that this machine has just shown.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

import torch

from fnst_live.bench.timing import Budget, time_runs
from fnst_live.doctor import Machine, this_machine

BUSY_SHARE = 0.25  # of the cores, taken by others
MATMUL_SIDE = 2048
DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


@dataclass(frozen=True)
class MachineState:
    """The machine, and its load in the minutes before: over 1, 5 and 15 minutes; None where the system does not tell.

    usable_cores: those that this process may run on.
    """

    machine: Machine
    usable_cores: int
    load_average: tuple[float, float, float] | None

    @property
    def warnings(self) -> list[str]:
        """One sentence each."""
        if self.load_average is None or self.load_average[0] <= BUSY_SHARE * self.usable_cores:
            return []
        return [
            f"the machine was busy before this began (load average {self.load_average[0]:.2f}, cores: "
            f"{self.usable_cores}): it is faster than these figures say"
        ]

    def as_json(self) -> dict[str, Any]:
        load_average = None if self.load_average is None else [round(load, 2) for load in self.load_average]
        return {**asdict(self.machine), "usable_cores": self.usable_cores, "load_average": load_average}


def machine_state() -> MachineState:
    """To be asked before anything is measured: what we do ourselves counts as load, too."""
    load_average = os.getloadavg() if hasattr(os, "getloadavg") else None  # Windows has none
    return MachineState(this_machine(), _usable_cores(), load_average)


def matmul_rates(precisions: frozenset[str], budget: Budget, side: int = MATMUL_SIDE) -> dict[str, float]:
    """GFLOP/s by precision, a multiply-add counted as two operations."""
    return {precision: _rate(precision, side, budget) for precision in DTYPES if precision in precisions}


def _rate(precision: str, side: int, budget: Budget) -> float:
    on_card = precision == "f16"  # the one precision that only cards are asked for
    device = torch.device("cuda" if on_card else "cpu")
    a, b = (torch.randn(side, side, device=device).to(DTYPES[precision]) for _ in range(2))

    def multiply() -> None:
        torch.mm(a, b)
        if on_card:
            torch.cuda.synchronize()

    with torch.inference_mode():
        milliseconds = time_runs(multiply, budget).wall_ms.median
    return 2 * side**3 / milliseconds / 1e6


def _usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
