"""A card that fails: who paints then, and what is said of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fnst_live.errors import EngineError
from fnst_live.frames.frame import Pixels
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize import selection
from fnst_live.stylize.engine import StyleVector
from fnst_live.stylize.guarded_engine import GuardedEngine
from fnst_live.stylize.selection import Candidate, open_engine

PICTURE: Pixels = np.zeros((4, 4, 3), np.uint8)
STYLE: StyleVector = np.zeros(3, np.float32)


class FakeEngine:
    """Paints in one level, until it is broken."""

    precision = "f16"

    def __init__(self, name: str, level: int, lanes: int = 1):
        self.name, self.level, self.lanes = name, level, lanes
        self.is_broken = False

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        if self.is_broken:
            raise EngineError("the card fails: gone; use another") from RuntimeError("unknown error\nmore")
        return np.full_like(pixels, self.level)


@pytest.fixture
def card() -> FakeEngine:
    return FakeEngine("cuda", 1, lanes=2)


def test_the_processor_goes_on_where_the_card_has_failed(card: FakeEngine, caplog: pytest.LogCaptureFixture) -> None:
    opened: list[FakeEngine] = []

    def open_other() -> FakeEngine:
        opened.append(FakeEngine("openvino", 2))
        return opened[-1]

    engine = GuardedEngine(card, open_other)
    assert (engine.name, engine.lanes, engine.run(PICTURE, STYLE)[0, 0, 0]) == ("cuda", 2, 1)
    card.is_broken = True
    with ThreadPoolExecutor(4) as threads:
        painted = list(threads.map(lambda _: engine.run(PICTURE, STYLE)[0, 0, 0], range(8)))
    assert painted == [2] * 8
    assert (engine.name, engine.precision, engine.lanes, len(opened)) == ("openvino", "f16", 1, 1)
    assert caplog.messages == ["painting on the processor, since the card fails: unknown error"]


class FakeBroadEngine(FakeEngine):
    def run_broad(self, pixels: Pixels, style: StyleVector, stroke_size: int) -> Pixels:
        return self.run(pixels, style) * np.uint8(stroke_size)


def test_broad_strokes_are_the_cards_affair_as_long_as_it_works() -> None:
    card = FakeBroadEngine("cuda", 1)
    engine = GuardedEngine(card, lambda: FakeEngine("openvino", 2))
    painted = engine.run_broad(PICTURE, STYLE, 4)
    assert painted is not None
    assert painted[0, 0, 0] == 4
    card.is_broken = True
    assert engine.run_broad(PICTURE, STYLE, 4) is None
    assert engine.name == "openvino"


def test_where_the_other_fails_too_it_is_said(card: FakeEngine) -> None:
    other = FakeEngine("openvino", 2)
    card.is_broken = other.is_broken = True
    engine = GuardedEngine(card, lambda: other)
    for _ in range(2):
        with pytest.raises(EngineError, match="the card fails: gone"):
            engine.run(PICTURE, STYLE)


def test_auto_never_ends_with_a_card(card: FakeEngine, model: StyleModel, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [Candidate("cuda", "f16", lambda *_: card), Candidate("torch", "f32", lambda *_: FakeEngine("torch", 2))]
    monkeypatch.setattr(selection, "candidates", lambda: chosen)
    monkeypatch.setattr(selection, "_open_remembered", lambda *_: card)
    engine = open_engine(model, "auto")
    assert engine.run(PICTURE, STYLE)[0, 0, 0] == 1
    card.is_broken = True
    assert engine.run(PICTURE, STYLE)[0, 0, 0] == 2
    with pytest.raises(EngineError, match="use another"):  # asked for by name, it is not replaced without a word
        open_engine(model, "cuda").run(PICTURE, STYLE)
