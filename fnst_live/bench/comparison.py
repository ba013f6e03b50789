"""Saved results: written whole, read back, and two of them side by side."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnst_live.bench.report import FORMAT
from fnst_live.bench.table import aligned, number
from fnst_live.errors import InputError, OutputError

TITLES = ("", "before", "after", "unit", "after is")

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A number and its unit: "ms", of which less is better, or "fps" and "GFLOP/s", of which more is."""

    value: float
    unit: str

    def gain_over(self, before: Figure) -> float:
        """How many times as fast as that; above 1 is faster."""
        if not self.value or not before.value:
            return 1.0 if self.value == before.value else float("inf")
        return before.value / self.value if self.unit == "ms" else self.value / before.value


@dataclass(frozen=True)
class Comparison:
    """Two results, as JSON. names: what they are called at the head of the page."""

    before: Json
    after: Json
    names: tuple[str, str]

    @property
    def ratios(self) -> dict[str, float]:
        """How many times as fast, for every figure that both have."""
        before, after = figures_in(self.before), figures_in(self.after)
        return {name: after[name].gain_over(before[name]) for name in after if name in before}

    @property
    def warnings(self) -> list[str]:
        """What keeps the two from being comparable: one sentence each."""
        differing = [
            key for key in ("processor", "instructions", "usable_cores", "cuda")
            if self.before["machine"].get(key) != self.after["machine"].get(key)
        ]
        machines = [f"the two results are of different machines ({', '.join(differing)})"] if differing else []
        named = zip(self.names, (self.before, self.after), strict=True)
        return machines + [f"{name}: {warning}" for name, result in named for warning in result.get("warnings", [])]

    def as_json(self) -> dict[str, Any]:
        return {"before": self.before, "after": self.after,
                "times_as_fast": {name: round(ratio, 4) for name, ratio in self.ratios.items()}}

    def as_text(self) -> str:
        """A row per figure that either has; a dash where one has not."""
        before, after = figures_in(self.before), figures_in(self.after)
        rows = [_row(name, before.get(name), after.get(name)) for name in {**before, **after}]
        labels = [
            f"{what}: {name}, {result['begun']}, style {result['style']}, {result['machine']['processor']}"
            for what, name, result in zip(("before", "after"), self.names, (self.before, self.after), strict=True)
        ]
        return "\n".join([*labels, *aligned([TITLES, *rows])])


def figures_in(result: Json) -> dict[str, Figure]:
    """Every figure of a result, by a name that says where it belongs, in the order of the page."""
    matmul = {f"matmul {name}": Figure(rate, "GFLOP/s") for name, rate in result["matmul_gflops"].items()}
    return matmul | {
        f"{'x'.join(map(str, size['size']))} {name}": figure
        for size in result["sizes"] for name, figure in _figures_of_size(size)
    }


def _figures_of_size(size: Json) -> Iterator[tuple[str, Figure]]:
    for engine in size["engines"]:
        if engine["ok"]:
            yield f"{engine['name']} {engine['precision']}", Figure(engine["milliseconds"]["median"], "ms")
    for name, stage in size["stages"].items():
        yield name, Figure(stage["milliseconds"]["median"], "ms")
    for name, path in size["paths"].items():
        yield name, Figure(path["fps"]["median"], "fps")
        yield f"{name}, CPU", Figure(path["cpu_milliseconds"], "ms")
        if "latency_milliseconds" in path:
            yield f"{name}, latency", Figure(path["latency_milliseconds"]["median"], "ms")


def _row(name: str, before: Figure | None, after: Figure | None) -> Sequence[str]:
    known = after or before
    assert known is not None
    gain = f"{after.gain_over(before):.2f} x as fast" if before and after else "-"
    return name, _value(before), _value(after), known.unit, gain


def _value(figure: Figure | None) -> str:
    return "-" if figure is None else number(figure.value)


def read_result(file: Path) -> dict[str, Any]:
    """A saved result. Raises InputError."""
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{file} is no saved result: give a file of fnst-live bench --save") from error
    if not isinstance(result, dict) or "bench" not in result:
        raise InputError(f"{file} is no saved result: give a file of fnst-live bench --save")
    if result["bench"] != FORMAT:
        raise InputError(f"{file} was saved by another version of fnst-live: measure it anew with this one")
    try:
        Comparison(result, result, ("", "")).as_text()  # whatever is shown of it is there
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file} is damaged: measure it anew") from error
    return result


def check_saving(file: Path) -> None:
    """Before minutes are spent on what could not be kept. Raises OutputError."""
    if file.is_dir():
        raise OutputError(f"{file} is a folder: give a file name with --save")
    if not file.parent.is_dir():
        raise OutputError(f"the folder {file.parent} does not exist: make it first, or choose another with --save")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise OutputError(f"the folder {file.parent} cannot be written to: choose another with --save")


def save_result(file: Path, result: Json) -> None:
    """Beside the name, then under it. Replaces an older one. Raises OutputError."""
    partial = file.with_name(f"{file.name}.part")
    try:
        partial.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
