"""What a run of the bench has found, and its JSON, which `saved` reads again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fnst_live.bench.end_to_end import PathFigures
from fnst_live.bench.engines import EngineFigures
from fnst_live.bench.machine import MachineState
from fnst_live.bench.timing import Timing
from fnst_live.frames.frame import FrameSize

FORMAT = 1  # of the JSON; raise it when a figure comes to mean something else


@dataclass(frozen=True)
class SizeFigures:
    """Everything at one size. work_size: what the network saw. multiply_adds: of its convolutions, for one picture."""

    size: FrameSize
    work_size: FrameSize
    multiply_adds: int
    engines: tuple[EngineFigures, ...]
    stages: Mapping[str, Timing]
    paths: Mapping[str, PathFigures]

    @property
    def warnings(self) -> list[str]:
        """One sentence each."""
        return [
            f"{self.size} {name} reached {path.network_share:.0%} of the network's speed alone, which was slowed down: "
            "measure again, with nothing else running"
            for name, path in self.paths.items() if path.is_doubtful
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "size": list(self.size), "work_size": list(self.work_size), "multiply_adds": self.multiply_adds,
            "engines": [engine.as_json() for engine in self.engines],
            "stages": {name: timing.as_json() for name, timing in self.stages.items()},
            "paths": {name: path.as_json() for name, path in self.paths.items()},
        }


@dataclass(frozen=True)
class BenchReport:
    """begun: local time, ISO 8601. versions: of what decides the speed. matmul_gflops: by precision."""

    begun: str
    versions: Mapping[str, str]
    state: MachineState
    style: str
    seconds: float
    matmul_gflops: Mapping[str, float]
    sizes: tuple[SizeFigures, ...]

    @property
    def warnings(self) -> list[str]:
        """One sentence each."""
        return [*self.state.warnings, *(warning for size in self.sizes for warning in size.warnings)]

    def as_json(self) -> dict[str, Any]:
        return {
            "bench": FORMAT, "begun": self.begun, "versions": dict(self.versions), "machine": self.state.as_json(),
            "warnings": self.warnings, "style": self.style, "seconds": self.seconds,
            "matmul_gflops": {name: round(rate, 3) for name, rate in self.matmul_gflops.items()},
            "sizes": [size.as_json() for size in self.sizes],
        }
