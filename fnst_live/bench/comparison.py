"""Two results side by side, and what keeps them from being comparable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fnst_live.bench.table import aligned, number
from fnst_live.errors import SettingError

TITLES = ("", "before", "after", "unit", "after is")
LIBRARIES = ("torch", "openvino", "av")
MACHINE_KEYS = ("processor", "instructions", "cuda")
CORE_COUNTS = {"usable_cores": "cores", "cores": "cores of the machine", "threads": "threads of torch"}

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A number above 0 and its unit: "ms", of which less is better, or "fps" and "GFLOP/s", of which more is."""

    value: float
    unit: str

    def gain_over(self, before: Figure) -> float:
        """How many times as fast as that; above 1 is faster."""
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
        """What keeps the two from being comparable, and what each of them warned of: one sentence each."""
        named = zip(self.names, (self.before, self.after), strict=True)
        return [*differences(self.before, self.after),
                *(f"{name}: {warning}" for name, result in named for warning in result.get("warnings", []))]

    def as_json(self) -> dict[str, Any]:
        return {"before": self.before, "after": self.after, "warnings": self.warnings,
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


def require_common_size(before: Sequence[str], after: Sequence[str], names: tuple[str, str]) -> None:
    """before, after: the sizes of both, as "640x480". Raises SettingError."""
    if not set(before) & set(after):
        raise SettingError(
            f"{names[0]} and {names[1]} have no size in common ({' '.join(before) or 'none'}; "
            f"{' '.join(after) or 'none'}): measure one at the other's, with --sizes"
        )


def sizes_in(result: Json) -> list[str]:
    """Those with figures, as "640x480"."""
    return [_size_text(size) for size in result["sizes"] if any(_figures_of_size(size))]


def differences(before: Json, after: Json) -> Iterator[str]:
    """What was not the same, besides this program: one sentence each. What older results do not tell is passed over."""
    a, b = before["machine"], after["machine"]
    differing = [key for key in MACHINE_KEYS if a.get(key) != b.get(key)]
    if differing:
        yield f"the two results are of different machines ({', '.join(differing)})"
    for key, what in CORE_COUNTS.items():
        yield from _difference(f"number of {what}", a.get(key), b.get(key))
    yield from _difference("style", before["style"], after["style"])
    yield from _difference("--seconds", before.get("seconds"), after.get("seconds"))
    for library in LIBRARIES:
        yield from _difference(f"version of {library}", *(r.get("versions", {}).get(library) for r in (before, after)))
    yield from _other_engines(before, after)


def _difference(what: str, before: object, after: object) -> Iterator[str]:
    if None not in (before, after) and before != after:
        yield f"not the same {what}: {_text(before)} before, {_text(after)} after"


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _other_engines(before: Json, after: Json) -> Iterator[str]:
    """A path that ran on another engine is another path, by the same name."""
    first, second = _path_engines(before), _path_engines(after)
    pairs = {path: (first[path], second[path]) for path in first if path in second}
    for path, (engine, other) in pairs.items():
        yield from _difference(f"engine for {path}", engine, other)


def _path_engines(result: Json) -> dict[str, str | None]:
    return {
        f"{_size_text(size)} {name}": path.get("engine") for size in result["sizes"]
        for name, path in size["paths"].items()
    }


def _size_text(size: Json) -> str:
    return "x".join(map(str, size["size"]))


def figures_in(result: Json) -> dict[str, Figure]:
    """Every figure of a result, by a name that says where it belongs, in the order of the page."""
    matmul = {f"matmul {name}": Figure(rate, "GFLOP/s") for name, rate in result["matmul_gflops"].items()}
    return matmul | {
        f"{_size_text(size)} {name}": figure for size in result["sizes"] for name, figure in _figures_of_size(size)
    }


def _figures_of_size(size: Json) -> Iterator[tuple[str, Figure]]:
    for engine in size["engines"]:
        if engine["ok"]:
            yield f"{engine['name']} {engine['precision']}", Figure(engine["milliseconds"]["median"], "ms")
    for name, stage in size["stages"].items():
        yield name, Figure(stage["milliseconds"]["median"], "ms")
    for name, path in size["paths"].items():
        yield name, Figure(path["fps"]["median"], "fps")
        if path["cpu_milliseconds"] > 0:  # less than the system's clock can tell
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
