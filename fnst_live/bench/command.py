"""What `fnst-live bench` does: measure, keep, hold against what was kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fnst_live.bench.comparison import Comparison, require_common_size, sizes_in
from fnst_live.bench.report import BenchReport
from fnst_live.bench.run import frame_sizes, run_bench
from fnst_live.bench.saved import check_saving, read_result, save_result
from fnst_live.bench.settings import BenchSettings
from fnst_live.bench.table import as_text

THIS_RUN = "this run"

Json = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """For whoever asked, program or person."""

    record: Json
    text: str
    warnings: list[str]


def run_command(settings: BenchSettings) -> Outcome:
    """Whatever cannot be read, compared or kept is refused before anything is measured. Raises UserError."""
    files = settings.compare or ()
    saved = [read_result(file) for file in files]
    if len(saved) == 2:
        return _side_by_side(saved[0], saved[1], (str(files[0]), str(files[1])))
    if saved:
        wanted = [str(size) for size in frame_sizes(settings)]
        require_common_size(sizes_in(saved[0]), wanted, (str(files[0]), THIS_RUN))
    if settings.save is not None:
        check_saving(settings.save)
    report = run_bench(settings)
    if settings.save is not None:
        save_result(settings.save, report.as_json())
    if not saved:
        return Outcome(report.as_json(), as_text(report), report.warnings)
    return _with_page(report, _outcome_of(Comparison(saved[0], report.as_json(), (str(files[0]), THIS_RUN))))


def _side_by_side(before: Json, after: Json, names: tuple[str, str]) -> Outcome:
    """Raises SettingError."""
    require_common_size(sizes_in(before), sizes_in(after), names)
    return _outcome_of(Comparison(before, after, names))


def _outcome_of(comparison: Comparison) -> Outcome:
    return Outcome(comparison.as_json(), comparison.as_text(), comparison.warnings)


def _with_page(report: BenchReport, compared: Outcome) -> Outcome:
    """The run's own page first."""
    return Outcome(compared.record, f"{as_text(report)}\n\n{compared.text}", compared.warnings)
