"""Which engine: tried, timed, held against float32 torch, and remembered per machine and model."""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fnst_live.errors import EngineError
from fnst_live.frames.frame import Pixels
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.engine import Engine, StyleVector
from fnst_live.stylize.fingerprint import library_version, machine_fingerprint, model_fingerprint
from fnst_live.stylize.guarded_engine import GuardedEngine
from fnst_live.stylize.memory import recalled, remember

TRIAL_SIZE = (240, 320)
TRIAL_RUNS = 7
FAIR_RUNS = 3   # for each; after them,
HOPELESS = 2.0  # times as slow as another is not tried again
LOWEST_PSNR_DB = 35.0
HANDICAPS = {"int8": 1.1}  # its picture is a little rougher: it must be worth it
AUTO, ON_PROCESSOR = "auto", "processor"  # any engine; any but the card's
ON_CARD = "cuda"
CHOICES_FILE = "engines.json"
SOURCE_PLACE = re.compile(r"\b(at|from) src/")


class NotLoadedError(EngineError):
    """An engine's library could not be loaded."""


@dataclass(frozen=True)
class Candidate:
    """An engine and precision that may or may not be had here."""

    name: str
    precision: str
    open: Callable[[StyleModel, int], Engine]  # with how many lanes, if it has such

    @property
    def label(self) -> str:
        return f"{self.name} {self.precision}"


@dataclass(frozen=True)
class EngineReport:
    """What became of a candidate.

    milliseconds: the shortest of some runs, since what disturbs one only makes it longer. deviation_db: PSNR to float32
    torch, NaN where there is no picture. is_loaded: its library could be had, whatever came of it.
    """

    name: str
    precision: str
    reason: str = ""
    milliseconds: float = math.inf
    deviation_db: float = math.nan
    is_loaded: bool = True

    @property
    def label(self) -> str:
        return f"{self.name} {self.precision}"

    @property
    def is_usable(self) -> bool:
        return not self.reason


def open_engine(model: StyleModel, engine: str, lanes: int = 1) -> Engine:
    """The named engine, or for "auto" any: of those that are right, the fastest (see HANDICAPS). Raises EngineError.

    lanes: 1 where each picture shall be ready soon, more where many shall be ready in all; see `Engine.lanes`.
    """
    opened = _open(model, engine, lanes)
    if engine == AUTO and opened.name == ON_CARD:
        return GuardedEngine(opened, lambda: _open(model, ON_PROCESSOR, lanes))
    return opened


def _open(model: StyleModel, engine: str, lanes: int) -> Engine:
    matching = _matching(engine)
    if len(matching) == 1:
        return open_candidate(matching[0], model, lanes)
    return _open_remembered(model, engine, lanes) or _open_fastest(model, engine, lanes)


def candidates() -> list[Candidate]:
    """All engines, the likeliest winner first."""
    return [
        Candidate(ON_CARD, "f16", _cuda),
        Candidate("openvino", "bf16", lambda model, lanes: _openvino(model, "bf16", lanes)),
        Candidate("openvino", "int8", lambda model, lanes: _openvino(model, "int8", lanes)),
        Candidate("openvino", "f32", lambda model, lanes: _openvino(model, "f32", lanes)),
        Candidate("torch", "f32", lambda model, _: _torch(model)),
    ]


def survey_engines(model: StyleModel, size: tuple[int, int] = TRIAL_SIZE, engine: str = "auto") -> list[EngineReport]:
    """Every candidate, or those of one name, opened, timed on a picture of size (height, width) and checked."""
    picture = trial_picture(*size)
    style = model.style_table[0]
    reference = _torch(model).run(picture, style)
    trials = [_Trial(candidate, model, picture, style, reference) for candidate in _matching(engine)]
    for run in range(TRIAL_RUNS):  # in turn: whatever else the machine does meets all alike
        least_ms = min(trial.report.milliseconds for trial in trials)
        for trial in trials:
            if run < FAIR_RUNS or trial.report.milliseconds < HOPELESS * least_ms:
                trial.run_once()
    return [trial.report for trial in trials]


def trial_picture(height: int, width: int) -> Pixels:
    """Gradients, edges and a little noise, the same every time: uint8 (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = np.stack([np.sin(x / 17) + y / height, np.cos(y / 23) + x / width, np.sin((x + y) / 41)], axis=2)
    noise = np.random.default_rng(0).normal(0, 0.05, waves.shape)
    edges = ((x // 40 + y // 40) % 2)[..., None] * 0.3
    pixels: Pixels = np.clip((waves * 0.35 + noise + edges + 0.3) * 255, 0, 255).astype(np.uint8)
    return pixels


def psnr_db(a: Pixels, b: Pixels) -> float:
    """Peak signal to noise ratio of two pictures of one size; infinite where they are equal."""
    error = np.square(a.astype(np.float32) - b.astype(np.float32)).mean()
    return math.inf if error == 0 else float(10 * np.log10(255**2 / error))


def _cuda(model: StyleModel, lanes: int) -> Engine:
    from fnst_live.stylize.cuda_engine import CudaEngine  # torch takes a second to load, and OpenVINO does without

    return CudaEngine(model, lanes)


def _torch(model: StyleModel) -> Engine:
    from fnst_live.stylize.torch_engine import TorchEngine

    return TorchEngine(model)


def _openvino(model: StyleModel, precision: str, lanes: int) -> Engine:
    try:
        from fnst_live.stylize.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(model, precision, lanes)
    except ImportError as error:  # also late: its converters import what they need when they need it
        raise NotLoadedError(f"OpenVINO cannot be loaded ({error}): reinstall it, or use --engine torch") from error


def _matching(engine: str) -> list[Candidate]:
    matching = [candidate for candidate in candidates() if engine in (candidate.name, AUTO)]
    if engine == ON_PROCESSOR:
        matching = [candidate for candidate in candidates() if candidate.name != ON_CARD]
    if not matching:
        raise EngineError(f"there is no engine '{engine}'; use --engine auto")
    return matching


def open_candidate(candidate: Candidate, model: StyleModel, lanes: int = 1) -> Engine:
    """Untried. Raises EngineError."""
    try:
        return candidate.open(model, lanes)
    except RuntimeError as error:  # drivers and compilers report their own troubles so
        raise EngineError(f"the engine {candidate.name} fails: {_gist(error)}; use --engine auto") from error


def _gist(error: Exception) -> str:
    """The first line that is not a place in the source of OpenVINO."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not SOURCE_PLACE.search(line)]
    return lines[0] if lines else type(error).__name__


class _Trial:
    """One candidate, opened and looked at, and timed as long as it is right."""

    def __init__(self, candidate: Candidate, model: StyleModel, picture: Pixels, style: StyleVector, reference: Pixels):
        self._picture, self._style = picture, style
        self._engine: Engine | None = None
        self.report = EngineReport(candidate.name, candidate.precision)
        try:
            engine = candidate.open(model, 1)
            deviation = psnr_db(engine.run(picture, style), reference)
        except (EngineError, RuntimeError) as error:
            is_loaded = not isinstance(error, NotLoadedError)
            self.report = replace(self.report, reason=_gist(error), is_loaded=is_loaded)
            return
        self.report = replace(self.report, deviation_db=deviation)
        if deviation < LOWEST_PSNR_DB:
            self.report = replace(self.report, reason=f"its picture is wrong ({deviation:.0f} dB to float32)")
            return
        self._engine = engine

    def run_once(self) -> None:
        """Where it is usable."""
        if self._engine is None:
            return
        started = time.perf_counter()
        self._engine.run(self._picture, self._style)
        milliseconds = (time.perf_counter() - started) * 1000
        self.report = replace(self.report, milliseconds=min(milliseconds, self.report.milliseconds))


def _open_fastest(model: StyleModel, engine: str, lanes: int) -> Engine:
    reports = survey_engines(model, engine=engine)
    usable = [report for report in reports if report.is_usable]
    if not usable:
        raise EngineError(f"the engine {reports[-1].name} cannot be used: {reports[-1].reason}")
    best = min(usable, key=lambda report: report.milliseconds * HANDICAPS.get(report.precision, 1))
    if not any(_may_be_back(report) for report in reports):
        remember(CHOICES_FILE, _choice_key(model, engine), best.label)
    return open_candidate(next(c for c in _matching(engine) if c.label == best.label), model, lanes)


def _may_be_back(report: EngineReport) -> bool:
    """It is installed, and could not be loaded: once that is mended, it shall not be passed over."""
    return not report.is_loaded and library_version(report.name) is not None


def _open_remembered(model: StyleModel, engine: str, lanes: int) -> Engine | None:
    choice = recalled(CHOICES_FILE, _choice_key(model, engine))
    for candidate in _matching(engine):
        if candidate.label == choice:
            with contextlib.suppress(EngineError):  # gone since: measured anew
                return open_candidate(candidate, model, lanes)
    return None


def _choice_key(model: StyleModel, engine: str) -> str:
    return f"{engine} {machine_fingerprint()} {model_fingerprint(model)}"
