"""The network alone, on every engine that can be had here: its speed, and how far its picture is from float32's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from fnst_live.bench.timing import Budget, Timing, time_on_worker
from fnst_live.errors import EngineError
from fnst_live.frames.frame import Frame
from fnst_live.style_library import LoadedStyle
from fnst_live.stylize.engine import Engine
from fnst_live.stylize.selection import candidates, open_candidate, psnr_db
from fnst_live.stylize.stylizer import NetworkStylizer
from fnst_live.stylize.torch_engine import TorchEngine


@dataclass(frozen=True, eq=False)
class OpenedEngine:
    """A candidate with its stylizer, or with the reason why there is none."""

    name: str
    precision: str
    stylizer: NetworkStylizer | None
    reason: str = ""


@dataclass(frozen=True)
class EngineFigures:
    """One engine at one size. deviation_db: PSNR to float32 torch; infinite for the same, NaN for no picture.

    timing: None where the engine cannot be had, for the given reason. gflops: multiply-adds of the network's
    convolutions, counted twice, a second. matmul_share: of the measured matmul rate; None where there is none.
    """

    name: str
    precision: str
    reason: str = ""
    timing: Timing | None = None
    deviation_db: float = math.nan
    gflops: float = 0.0
    matmul_share: float | None = None

    @property
    def label(self) -> str:
        return f"{self.name} {self.precision}"

    def as_json(self) -> dict[str, Any]:
        """deviation_db is null where the picture equals float32's exactly."""
        record: dict[str, Any] = {"name": self.name, "precision": self.precision, "ok": not self.reason,
                                  "reason": self.reason}
        if self.timing is None:
            return record
        return record | self.timing.as_json() | {
            "fps": round(self.timing.fps, 3),
            "deviation_db": round(self.deviation_db, 2) if math.isfinite(self.deviation_db) else None,
            "gflops": round(self.gflops, 3),
            "matmul_share": None if self.matmul_share is None else round(self.matmul_share, 4),
        }


def open_engines(style: LoadedStyle, name: str) -> list[OpenedEngine]:
    """All candidates of that name; "auto" is all there are."""
    opened = []
    for candidate in candidates():
        if name not in (candidate.name, "auto"):
            continue
        try:
            stylizer = stylizer_on(open_candidate(candidate, style.model), style)
            opened.append(OpenedEngine(candidate.name, candidate.precision, stylizer))
        except EngineError as error:
            opened.append(OpenedEngine(candidate.name, candidate.precision, None, str(error)))
    return opened


def reference_on(style: LoadedStyle) -> NetworkStylizer:
    """Float32 torch, which all others are held against."""
    return stylizer_on(TorchEngine(style.model), style)


def stylizer_on(engine: Engine, style: LoadedStyle) -> NetworkStylizer:
    return NetworkStylizer(engine, style.vector, style.model.multiple_of, style.model.min_side)


def engine_figures(opened: OpenedEngine, small: Frame, reference: Frame, multiply_adds: int,
                   matmul_gflops: dict[str, float], budget: Budget) -> EngineFigures:
    """small: a frame at the size that the network sees. reference: what float32 makes of it."""
    if opened.stylizer is None:
        return EngineFigures(opened.name, opened.precision, opened.reason)
    stylizer = opened.stylizer
    try:
        deviation_db = psnr_db(stylizer.stylize(small).pixels, reference.pixels)
        timing = time_on_worker(lambda: stylizer.stylize(small), budget)
    except RuntimeError as error:  # a card's memory, most often
        return EngineFigures(opened.name, opened.precision, _first_line(error))
    gflops = 2 * multiply_adds / timing.wall_ms.median / 1e6
    rate = matmul_gflops.get(opened.precision)
    return EngineFigures(
        opened.name, opened.precision, "", timing, deviation_db, gflops, gflops / rate if rate else None
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
