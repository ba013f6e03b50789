"""Engines at one size: what can be had is timed and held against float32, the rest says why not."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fnst_live.bench import engines
from fnst_live.bench.engines import EngineFigures, OpenedEngine, engine_figures, open_engines, reference_on
from fnst_live.bench.material import Material, make_material
from fnst_live.bench.timing import Budget, Spread, Timing
from fnst_live.errors import EngineError
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.style_library import LoadedStyle, load_style
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.engine import Engine
from fnst_live.stylize.selection import Candidate
from fnst_live.stylize.stylizer import NetworkStylizer
from fnst_live.stylize.torch_engine import TorchEngine

BUDGET = Budget(0, 2)


@pytest.fixture
def style(write_model: Callable[..., Path]) -> LoadedStyle:
    return load_style(f"{write_model()}#garden")


@pytest.fixture
def frame(tmp_path: Path) -> Frame:
    material: Material = make_material(FrameSize(64, 48), tmp_path)
    return material.frames[0]


def refuse(_: StyleModel, __: int) -> Engine:
    raise EngineError("there is no card")


def test_only_the_wanted_engine_is_opened(style: LoadedStyle) -> None:
    opened, = open_engines(style, "torch")
    assert (opened.name, opened.precision, opened.reason) == ("torch", "f32", "")


def test_one_that_cannot_be_had_says_why(
    style: LoadedStyle, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch_candidate = Candidate("torch", "f32", lambda model, _: TorchEngine(model))
    monkeypatch.setattr(engines, "candidates", lambda: [Candidate("cuda", "f16", refuse), torch_candidate])
    cuda, torch_engine = open_engines(style, "auto")
    assert torch_engine.stylizer is not None
    figures = engine_figures(cuda, frame, frame, 10, {}, BUDGET)
    assert figures == EngineFigures("cuda", "f16", "there is no card")
    assert figures.as_json() == {"name": "cuda", "precision": "f16", "ok": False, "reason": "there is no card"}


def test_float32_is_the_same_as_itself(style: LoadedStyle, frame: Frame) -> None:
    reference = reference_on(style)
    figures = engine_figures(
        OpenedEngine("torch", "f32", reference), frame, reference.stylize(frame), 10**6, {"f32": 100}, BUDGET
    )
    assert figures.deviation_db == math.inf
    assert figures.as_json()["deviation_db"] is None


def test_the_share_of_the_matmul_rate(
    style: LoadedStyle, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 billion multiply-adds in 20 ms are 500 GFLOP/s."""
    monkeypatch.setattr(engines, "time_on_worker", lambda *_: Timing(Spread.of([20.0]), Spread.of([30.0])))
    opened = OpenedEngine("torch", "f32", reference_on(style))
    figures = engine_figures(opened, frame, frame, 5 * 10**9, {"f32": 1000}, BUDGET)
    assert figures.gflops == pytest.approx(500)
    assert figures.matmul_share == pytest.approx(0.5)
    assert math.isfinite(figures.deviation_db)
    assert engine_figures(opened, frame, frame, 5 * 10**9, {"bf16": 1000}, BUDGET).matmul_share is None


def test_it_is_timed_on_a_thread_as_the_runners_use(
    style: LoadedStyle, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = reference_on(style)
    picture, threads = reference.stylize(frame), []

    def note(*_: object) -> Frame:
        threads.append(threading.current_thread())
        return picture

    monkeypatch.setattr(NetworkStylizer, "stylize", note)
    engine_figures(OpenedEngine("torch", "f32", reference), frame, picture, 1, {}, BUDGET)
    compared, *timed = threads
    assert compared is threading.main_thread()
    assert len(set(timed)) == 1
    assert threading.main_thread() not in timed


def test_an_engine_that_fails_at_this_size_is_no_end_of_the_bench(
    style: LoadedStyle, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Frame:
        raise RuntimeError("out of memory\nmore of it")

    monkeypatch.setattr(NetworkStylizer, "stylize", fail)
    figures = engine_figures(OpenedEngine("torch", "f32", reference_on(style)), frame, frame, 1, {}, BUDGET)
    assert (figures.reason, figures.timing) == ("out of memory", None)
