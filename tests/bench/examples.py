"""A report made by hand, so that every figure on the page is known."""

from __future__ import annotations

import math

from fnst_live.bench.end_to_end import PathFigures
from fnst_live.bench.engines import EngineFigures
from fnst_live.bench.machine import MachineState
from fnst_live.bench.report import BenchReport, SizeFigures
from fnst_live.bench.timing import Spread, Timing
from fnst_live.doctor import Machine
from fnst_live.frames.frame import FrameSize

MACHINE = Machine("Linux", "A Processor", ("avx2", "amx_bf16"), 4, 2, 16 * 2**30, None, "no card")


def timing(wall_ms: float, cpu_ms: float) -> Timing:
    return Timing(spread(wall_ms), spread(cpu_ms))


def spread(median: float) -> Spread:
    return Spread(median, median * 0.9, median * 1.2, median * 0.8, 9)


def report(*, network_ms: float = 20, live_fps: float = 25, live_size: FrameSize | None = None) -> BenchReport:
    engines = (
        EngineFigures("cuda", "f16", "no CUDA device"),
        EngineFigures("openvino", "bf16", "", timing(network_ms, 39), 51.2, 800, 0.4),
        EngineFigures("torch", "f32", "", timing(160, 310), math.inf, 100, None),
    )
    paths = {
        "render": PathFigures("openvino bf16", 2, spread(30), 65, 60),
        "live": PathFigures(
            "openvino bf16", 1, spread(live_fps), 76, 50, spread(48), {"stylize": 21, "compose": 1}, live_size
        ),
    }
    size = SizeFigures(
        FrameSize(3840, 2160), FrameSize(1920, 1080), 8_080_000_000, engines,
        {"decode": timing(2.5, 4), "network": timing(network_ms, 39)}, paths,
    )
    state = MachineState(MACHINE, 2, (0.1, 0.2, 0.3), 0.01)
    return BenchReport("2026-01-02T03:04:05+00:00", {"fnst-live": "1.0", "torch": "2.11"}, state, "starry-night", 2,
                       {"f32": 340, "bf16": 2000}, (size,))
