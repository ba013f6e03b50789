"""Both paths over a few small frames: what is counted, not how fast it is."""

from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnst_live.assembly import open_painter
from fnst_live.bench import end_to_end
from fnst_live.bench.end_to_end import PathFigures, fps_of, live_figures, render_figures
from fnst_live.bench.material import Material, endless, make_material, to_and_fro
from fnst_live.bench.timing import Budget, Spread
from fnst_live.frames.frame import FrameSize
from fnst_live.live.painter import LivePainter
from fnst_live.live.palette import Palette
from fnst_live.live_settings import LiveLook
from fnst_live.pipeline.live import Finished, LiveSketch
from fnst_live.settings import LookSettings

SIZE = FrameSize(64, 48)
BUDGET = Budget(0, 4)


@pytest.fixture
def look(write_model: Callable[..., Path]) -> LookSettings:
    return LookSettings(style=f"{write_model()}#garden", engine="torch")


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return make_material(SIZE, tmp_path_factory.mktemp("material"))


def test_shares() -> None:
    figures = PathFigures("torch f32", 1, Spread.of([20.0]), cpu_ms=90, network_fps=50)
    assert figures.network_share == 0.4
    assert figures.busy_cores == pytest.approx(1.8)
    assert figures.as_json()["network_share"] == 0.4


def test_frames_a_second_of_stretches() -> None:
    """Five stretches of two steps; within each, short and long ones make up for one another."""
    even = fps_of([0.01, 0.03] * 5)
    assert [even.lower, even.median, even.upper, even.least] == pytest.approx([50] * 4)
    assert even.count == 5
    assert fps_of([0.1, 0.1, 0.4]) == Spread.of([10, 10, 2.5])
    assert fps_of([0.5]).median == 2


def test_live_pictures_are_let_go_of(
    material: Material, look: LookSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures: list[weakref.ref[Finished]] = []
    finish = LivePainter.finish

    def noted(painter: LivePainter, sketch: LiveSketch) -> Finished:
        finished = finish(painter, sketch)
        pictures.append(weakref.ref(finished))
        return finished

    monkeypatch.setattr(LivePainter, "finish", noted)
    figures_of = end_to_end._figures_of

    def figures_when_done(moments: Any, *rest: Any) -> PathFigures:
        gc.collect()
        assert len(moments) > BUDGET.fewest_runs
        assert sum(picture() is not None for picture in pictures) <= 2  # what a window would be showing
        return figures_of(moments, *rest)

    monkeypatch.setattr(end_to_end, "_figures_of", figures_when_done)
    live_figures(material, Palette(), look, BUDGET)


def test_the_scene_goes_to_and_fro_without_a_jump(material: Material) -> None:
    first, second, third = material.frames[:3]
    assert to_and_fro([first, second, third]) == [first, second, third, second]
    frames = list(itertools.islice(endless([first, second, third]), 6))
    assert [frame.index for frame in frames] == [frame.pts for frame in frames] == list(range(6))
    assert frames[4].pixels is first.pixels


def test_the_render_path(look: LookSettings, material: Material, tmp_path: Path) -> None:
    figures = render_figures(material, open_painter(look), tmp_path, BUDGET)
    assert (figures.engine, figures.lanes, figures.fps.count) == ("torch f32", 1, 3)
    assert figures.network_fps > 0
    assert figures.latency_ms is None
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".mp4"] == ["rendered.mp4"]


def test_the_live_path(look: LookSettings, material: Material) -> None:
    figures = live_figures(material, Palette(), look, BUDGET)
    assert (figures.engine, figures.lanes) == ("torch f32", 1)
    assert figures.latency_ms is not None
    assert figures.latency_ms.count >= BUDGET.fewest_runs
    assert set(figures.stage_ms) == {"stylize", "stabilize", "compose"}
    assert set(figures.as_json()["stage_milliseconds"]) == set(figures.stage_ms)
    assert figures.work_size == SIZE
    assert figures.as_json()["work_size"] == [64, 48]


def test_an_error_ends_the_live_path(
    look: LookSettings, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no figure; and no thread waits for results that never come."""

    def fail(*_: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(LivePainter, "finish", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        live_figures(material, Palette(), look, BUDGET)


def test_the_live_picture_is_mirrored_and_steadied(
    look: LookSettings, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[LiveLook] = []

    class Spy(LivePainter):
        def __init__(self, look: LiveLook, *more: Any):
            super().__init__(look, *more)
            seen.append(look)

    monkeypatch.setattr(end_to_end, "LivePainter", Spy)
    live_figures(material, Palette(), look, BUDGET)
    live_look, = seen
    assert (live_look.mirror, live_look.work_height) == (True, 48)
    assert live_look.stability > 0
