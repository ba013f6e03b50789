"""One run of the bench, from settings to a report. Steps are counted on a bar where a terminal shows it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Never, TypeVar

from tqdm import tqdm

from fnst_live import __version__
from fnst_live.assembly import Painter, open_painter
from fnst_live.bench.end_to_end import live_figures, render_figures
from fnst_live.bench.engines import EngineFigures, OpenedEngine, engine_figures, open_engines, reference_on
from fnst_live.bench.machine import OthersMeter, machine_state, matmul_rates
from fnst_live.bench.material import Material, is_large, make_material
from fnst_live.bench.multiply_adds import count_multiply_adds
from fnst_live.bench.report import BenchReport, SizeFigures
from fnst_live.bench.settings import BenchSettings
from fnst_live.bench.stages import StageBench
from fnst_live.bench.timing import Budget, Timing
from fnst_live.frames.frame import FrameSize
from fnst_live.headless import render_lanes
from fnst_live.live.palette import Palette
from fnst_live.settings import LookSettings
from fnst_live.style_library import LoadedStyle, load_style
from fnst_live.stylize import fingerprint
from fnst_live.stylize.stylizer import NetworkStylizer

FEWEST_RUNS, FEWEST_QUICK_RUNS = 5, 3
CPU_PRECISIONS = frozenset({"f32", "bf16"})

T = TypeVar("T")


def run_bench(settings: BenchSettings) -> BenchReport:
    """Takes minutes. Raises UserError."""
    begun, state, others = dt.datetime.now().astimezone().isoformat(timespec="seconds"), machine_state(), OthersMeter()
    budget = Budget(settings.figure_s, FEWEST_QUICK_RUNS if settings.quick else FEWEST_RUNS)
    with _Progress() as progress:
        subjects = progress.step("opening the engines", lambda: _open_subjects(settings))
        rates = progress.step("matmul", lambda: matmul_rates(subjects.precisions, budget))
        sizes = [_measure_size(size, subjects, rates, budget, progress) for size in frame_sizes(settings)]
    state = dataclasses.replace(state, others_share=others.share())
    return BenchReport(
        begun, _versions(), state, subjects.style.entry.name, settings.figure_s, rates, tuple(sizes)
    )


def frame_sizes(settings: BenchSettings) -> list[FrameSize]:
    return [FrameSize(*map(int, text.split("x"))) for text in settings.size_texts]


@dataclass(frozen=True, eq=False)
class _Subjects:
    """What is measured, opened once for all sizes. painter: as clips are painted; palette: as live pictures are."""

    style: LoadedStyle
    engines: list[OpenedEngine]
    reference: NetworkStylizer
    painter: Painter
    palette: Palette

    @property
    def precisions(self) -> frozenset[str]:
        """Whose matmul rate is worth knowing: always those of a processor, so that machines can be compared."""
        return CPU_PRECISIONS | {engine.precision for engine in self.engines if engine.stylizer is not None}


def _open_subjects(settings: BenchSettings) -> _Subjects:
    style = load_style(settings.style)
    look = LookSettings(style=settings.style, engine=settings.engine)
    painter = open_painter(look, render_lanes())
    return _Subjects(style, open_engines(style, settings.engine), reference_on(style), painter, Palette())


def _measure_size(size: FrameSize, subjects: _Subjects, rates: dict[str, float], budget: Budget,
                  progress: _Progress) -> SizeFigures:
    painter, budget = subjects.painter, _budget_at(size, budget)
    with tempfile.TemporaryDirectory(prefix="fnst-live-bench-") as name:
        folder = Path(name)
        progress.begin(f"{size}")
        material = progress.step("drawing the scene", lambda: make_material(size, folder))
        multiply_adds = count_multiply_adds(subjects.style.model, painter.work_size_for(material.format))
        engines = _measure_engines(subjects, material, multiply_adds, rates, budget, progress)
        stages = progress.step("painting", lambda: StageBench(material, painter, folder, budget))
        timings = _with_network(
            {stage: progress.step(stage, measure) for stage, measure in stages.named.items()},
            engines, painter.engine_name,
        )
        paths = {
            "render": progress.step("render", lambda: render_figures(material, painter, folder, budget)),
            "live": progress.step("live", lambda: live_figures(material, subjects.palette, painter.look, budget)),
        }
    return SizeFigures(size, painter.work_size_for(material.format), multiply_adds, engines, timings, paths)


def _budget_at(size: FrameSize, budget: Budget) -> Budget:
    """A run of large pictures takes its time, whatever a figure is given."""
    return Budget(budget.seconds, min(budget.fewest_runs, FEWEST_QUICK_RUNS)) if is_large(size) else budget


def _measure_engines(subjects: _Subjects, material: Material, multiply_adds: int, rates: dict[str, float],
                     budget: Budget, progress: _Progress) -> tuple[EngineFigures, ...]:
    small = subjects.painter.pipeline_for(material.format).to_work_size(material.frames[0])
    reference = progress.step("float32", lambda: subjects.reference.stylize(small))
    return tuple(
        progress.step(
            f"{opened.name} {opened.precision}",
            lambda opened=opened: engine_figures(opened, small, reference, multiply_adds, rates, budget),  # type: ignore[misc]
        )
        for opened in subjects.engines
    )


def _with_network(stages: dict[str, Timing], engines: tuple[EngineFigures, ...],
                  chosen: str) -> dict[str, Timing]:
    """At its place in the flow, after decoding: what the chosen engine takes for a picture at a time."""
    timings = {engine.label: engine.timing for engine in engines if engine.timing is not None}
    network = {"network": timings[chosen]} if chosen in timings else {}
    return {"decode": stages["decode"], **network, **stages}


def _versions() -> dict[str, str]:
    libraries = {name: fingerprint.library_version(name) or "not installed" for name in ("torch", "openvino", "av")}
    return {"fnst-live": __version__, **libraries}


class _Progress:
    """What is being measured at the moment: a bar on a terminal, elsewhere a line at each size."""

    def __init__(self) -> None:
        self._is_seen = sys.stderr.isatty()
        self._bar: tqdm[Never] = tqdm(unit=" figures", disable=not self._is_seen, leave=False)
        self._size = ""

    def begin(self, size: str) -> None:
        self._size = f"{size} "
        if not self._is_seen:
            sys.stderr.write(f"measuring {size} ...\n")

    def step(self, what: str, measure: Callable[[], T]) -> T:
        self._bar.set_description(f"{self._size}{what}")
        result = measure()
        self._bar.update()
        return result

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()
