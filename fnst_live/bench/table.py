"""A report as a page to read. Times are medians, with the quartiles beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from fnst_live.bench.end_to_end import PathFigures
from fnst_live.bench.engines import EngineFigures
from fnst_live.bench.machine import MachineState
from fnst_live.bench.report import BenchReport, SizeFigures
from fnst_live.bench.timing import Spread, Timing

Row = Sequence[str]

ENGINE_TITLES = ("engine", "ms", "quartiles", "fps", "CPU ms", "to float32", "GFLOP/s", "of matmul")
STAGE_TITLES = ("stage", "ms", "quartiles", "fps", "CPU ms")
PATH_TITLES = ("end to end", "fps", "quartiles", "CPU ms", "cores", "latency ms", "network alone", "share")


def as_text(report: BenchReport) -> str:
    """The whole page, without the warnings."""
    head = [
        f"{', '.join(f'{name} {version}' for name, version in report.versions.items())}; {report.begun}",
        *_machine_lines(report.state),
        f"style {report.style}; {report.seconds:g} seconds a figure, medians with quartiles",
        f"matmul: {_rates_text(report)}",
    ]
    return "\n".join([*head, *(line for size in report.sizes for line in _size_lines(size))])


def aligned(rows: Sequence[Row]) -> list[str]:
    """The first column to the left, all others to the right; a row of two cells is a name and a sentence."""
    whole = [row for row in rows if len(row) > 2]
    widths = [max(map(len, column)) for column in zip(*whole, strict=True)] if whole else []
    first = max((len(row[0]) for row in rows), default=0)
    return [
        f"  {row[0]:<{first}}  {row[1]}" if len(row) <= 2 else
        "  ".join([f"  {row[0]:<{first}}", *map(str.rjust, row[1:], widths[1:])])
        for row in rows
    ]


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _machine_lines(state: MachineState) -> Iterator[str]:
    machine = state.machine
    yield f"{machine.processor} ({' '.join(machine.instructions) or 'instruction sets unknown'})"
    load = "unknown" if state.load_average is None else " ".join(f"{load:.2f}" for load in state.load_average)
    cores = f"cores {state.usable_cores}, of which torch uses {machine.threads}"
    yield f"{cores}; load average before: {load}; used by others meanwhile: {_others(state)}"
    if machine.cuda is not None:
        yield f"{machine.cuda.name}, driver {machine.cuda.driver or 'unknown'}"


def _others(state: MachineState) -> str:
    return "unknown" if state.others_share is None else f"{state.others_share:.0%}"


def _rates_text(report: BenchReport) -> str:
    rates = [f"{precision} {number(rate)} GFLOP/s" for precision, rate in report.matmul_gflops.items()]
    return ", ".join(rates) or "not measured"


def _size_lines(size: SizeFigures) -> Iterator[str]:
    seen = "" if size.work_size == size.size else f", painted at {size.work_size}"
    yield ""
    yield f"{size.size}{seen}: {size.multiply_adds / 1e9:.2f} G multiply-adds"
    yield from aligned([ENGINE_TITLES, *map(_engine_row, size.engines)])
    yield ""
    yield from aligned([STAGE_TITLES, *((name, *_timing_cells(timing)) for name, timing in size.stages.items())])
    yield ""
    yield from aligned([PATH_TITLES, *(_path_row(name, path) for name, path in size.paths.items())])
    for name, path in size.paths.items():
        if path.work_size not in (None, size.work_size):
            yield f"  {name}: painted at {path.work_size}, as in the window"


def _engine_row(engine: EngineFigures) -> Row:
    if engine.timing is None:
        return engine.label, engine.reason
    deviation = f"{engine.deviation_db:.0f} dB" if math.isfinite(engine.deviation_db) else "the same"
    share = "-" if engine.matmul_share is None else f"{engine.matmul_share:.0%}"
    return engine.label, *_timing_cells(engine.timing), deviation, number(engine.gflops), share


def _timing_cells(timing: Timing) -> Row:
    return (number(timing.wall_ms.median), _quartiles(timing.wall_ms), number(timing.fps),
            number(timing.cpu_ms.median))


def _path_row(name: str, path: PathFigures) -> Row:
    lanes = "" if path.lanes == 1 else f", {path.lanes} at once"
    latency = "-" if path.latency_ms is None else number(path.latency_ms.median)
    return (
        f"{name} ({path.engine}{lanes})", number(path.fps.median), _quartiles(path.fps), number(path.cpu_ms),
        number(path.busy_cores), latency,
        f"{number(path.network_fps)} fps", f"{path.network_share:.0%}",
    )


def _quartiles(spread: Spread) -> str:
    return f"{number(spread.lower)}..{number(spread.upper)}"
