"""Small pictures of the current frame: whole requests, given-up ones, and models that cannot be loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fnst_live import paths
from fnst_live.frames.frame import Frame
from fnst_live.live.palette import Palette
from fnst_live.live.thumbnails import ThumbnailMaker
from fnst_live.live_events import Event, Thumbnails
from fnst_live.live_settings import LiveLook
from fnst_live.pipeline.live import Captured, Finished, LiveListener, LiveRunner, LiveSketch

WriteModel = Callable[..., Path]


class NoSteps:
    """Nothing is captured here, so nothing is painted but what is asked for."""

    def paint(self, captured: Captured) -> LiveSketch:
        raise NotImplementedError

    def finish(self, sketch: LiveSketch) -> Finished:
        raise NotImplementedError


@pytest.fixture
def runner() -> Iterator[LiveRunner]:
    runner = LiveRunner(NoSteps(), LiveListener(lambda *_: None, lambda _: None))
    runner.start()
    yield runner
    runner.close()


@pytest.fixture(autouse=True)
def shipped_styles_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "assets_dir", lambda: tmp_path / "no assets")


def finished(generation: int = 0) -> Finished:
    pixels = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    frame = Frame(pixels, 0, Fraction(1))
    return Finished(LiveSketch(Captured(frame, generation, 0), frame, frame, frame, 0, "a", "b", {}), frame, {})


def test_each_file_is_answered_by_itself_the_loaded_one_first(runner: LiveRunner, write_model: WriteModel) -> None:
    events: list[Event] = []
    folder = paths.user_models_dir()
    write_model(folder / "a.safetensors", "reef", seed=1)
    write_model(folder / "b.safetensors", "garden", "pond", seed=2)
    palette = Palette()
    palette.load(LiveLook("garden", engine="torch"))
    maker = ThumbnailMaker(runner, palette, events.append)
    maker.make(maker.ask(), finished(), "torch", 24, None)
    first, second = events
    assert isinstance(first, Thumbnails)
    assert isinstance(second, Thumbnails)
    assert [set(first.pictures), set(second.pictures)] == [{"garden", "pond"}, {"reef"}]
    assert {picture.shape for picture in first.pictures.values()} == {(24, 32, 3)}


def test_a_request_that_was_given_up_is_not_answered(runner: LiveRunner, write_model: WriteModel) -> None:
    events: list[Event] = []
    write_model(paths.user_models_dir() / "a.safetensors")
    maker = ThumbnailMaker(runner, Palette(), events.append)
    request = maker.ask()
    maker.ask()
    maker.make(request, finished(), "torch", 24, None)
    maker.make(maker.ask(), finished(generation=7), "torch", 24, None)
    assert events == []


def test_a_model_that_cannot_be_loaded_has_no_picture(runner: LiveRunner, write_model: WriteModel) -> None:
    events: list[Event] = []
    whole = write_model(paths.user_models_dir() / "a.safetensors", "reef")
    (paths.user_models_dir() / "b.safetensors").write_bytes(
        write_model(whole.with_name("c.safetensors"), "torn").read_bytes()[:-500]
    )
    whole.with_name("c.safetensors").unlink()
    maker = ThumbnailMaker(runner, Palette(), events.append)
    maker.make(maker.ask(), finished(), "torch", 24, None)
    assert [set(event.pictures) for event in events if isinstance(event, Thumbnails)] == [{"reef"}]


def test_when_all_is_closed_nobody_waits(runner: LiveRunner, write_model: WriteModel) -> None:
    events: list[Event] = []
    write_model(paths.user_models_dir() / "a.safetensors", "reef")
    runner.close()
    maker = ThumbnailMaker(runner, Palette(), events.append)
    maker.make(maker.ask(), finished(), "torch", 24, None)
    assert events == []
