"""The two steps by hand, without threads: which brush, which size, when the past is forgotten."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.live.painter import LivePainter, mirrored, thumbnail_of
from fnst_live.live.palette import Brush, OpenModel, Palette
from fnst_live.live_settings import LiveLook
from fnst_live.pipeline.live import Captured, Finished
from fnst_live.stabilize.device_stabilizer import GuardedStabilizer
from fnst_live.stabilize.stabilizer import FlowStabilizer, NoStabilizer
from fnst_live.stylize.engine import StyleVector

LOOK = LiveLook("red", work_height=24, stability=0)


class SpyEngine:
    """Paints in the color of the style vector, and notes the sizes that it is given."""

    name, precision, lanes = "spy", "u8", 1

    def __init__(self) -> None:
        self.sizes: list[FrameSize] = []

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        self.sizes.append(FrameSize(pixels.shape[1], pixels.shape[0]))
        return np.broadcast_to(style.astype(np.uint8), pixels.shape).copy()


class Doubler:
    """An upscaler that repeats pixels."""

    factor = 2

    def enlarge(self, pixels: Pixels) -> Pixels:
        return pixels.repeat(2, 0).repeat(2, 1)


class Desk:
    """A palette of ready colors, for `LivePainter`."""

    def __init__(self) -> None:
        self.engine = SpyEngine()
        self.model = OpenModel((Path("colors"), 0, 0), "colors", "spy", self.engine, 1, 1, ("red", "blue"), {})
        self.colors = {"red": (200, 0, 0), "blue": (0, 0, 200)}
        self.upscalers: dict[int, Doubler] = {}
        self.asked_count = 0

    def upscaler_for(self, look: LiveLook) -> Doubler | None:
        return self.upscalers.get(look.upscale)

    def brush_for(self, look: LiveLook) -> Brush | None:
        self.asked_count += 1
        if look.style not in self.colors:
            return None
        vector = np.array(self.colors[look.style], np.float32)
        return Brush(look.style, self.model, self.model.stylizer_for(vector, look.stroke_size))


class Table:
    """A painter with its desk; told holds the brushes it took up."""

    def __init__(self, look: LiveLook = LOOK):
        self.desk = Desk()
        self.told: list[str] = []
        self.painter = LivePainter(look, cast(Palette, self.desk), lambda brush: self.told.append(brush.style))

    def process(self, frame: Frame, epoch: int = 0) -> Finished:
        return self.painter.finish(self.painter.paint(Captured(frame, 1, epoch)))

    def set(self, **change: object) -> None:
        self.painter.look = dataclasses.replace(self.painter.look, **change)  # type: ignore[arg-type]


def picture(index: int = 0, width: int = 64, height: int = 48) -> Frame:
    pixels = np.random.default_rng(index).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Frame(pixels, index, Fraction(1, 30), 1, index)


def color_of(finished: Finished) -> tuple[int, ...]:
    return tuple(finished.painted.pixels[0, 0])


def test_the_look_of_this_moment_is_painted_at_the_frames_size() -> None:
    table = Table()
    finished = table.process(picture())
    assert (color_of(finished), finished.painted.size) == ((200, 0, 0), (64, 48))
    assert table.desk.engine.sizes == [(32, 24)]
    assert finished.work_size == (32, 24)
    assert (finished.sketch.style, finished.sketch.engine) == ("red", "spy u8")
    assert list(finished.stage_ms) == ["stylize", "stabilize", "compose"]


def test_the_next_frame_shows_the_new_style() -> None:
    table = Table()
    colors = [color_of(table.process(picture(0)))]
    table.set(style="blue")
    colors.append(color_of(table.process(picture(1))))
    assert colors == [(200, 0, 0), (0, 0, 200)]
    assert table.told == ["red", "blue"]


def test_the_brush_in_hand_goes_on_until_the_wanted_one_is_there() -> None:
    table = Table()
    table.process(picture(0))
    table.set(style="green")
    assert color_of(table.process(picture(1))) == (200, 0, 0)
    table.desk.colors["green"] = (0, 200, 0)
    assert color_of(table.process(picture(2))) == (0, 200, 0)
    assert table.told == ["red", "green"]


def test_the_palette_is_asked_only_when_the_look_has_changed() -> None:
    table = Table()
    for index in range(5):
        table.process(picture(index))
    assert table.desk.asked_count == 1
    table.painter.ask_palette_anew()
    table.process(picture(5))
    assert (table.desk.asked_count, table.told) == (2, ["red"])


@pytest.mark.parametrize("look", [LiveLook("nobody"), dataclasses.replace(LOOK, strength=0)])
def test_where_nothing_is_to_be_painted_the_content_is_shown_and_no_engine_runs(look: LiveLook) -> None:
    table, content = Table(look), picture()
    finished = table.process(content)
    assert finished.painted.pixels is content.pixels
    assert not table.desk.engine.sizes
    assert finished.work_size == (0, 0)


def test_strength_and_color_come_after_the_painting() -> None:
    table, content = Table(), picture()
    table.process(content)
    table.set(strength=0.5)
    half = table.process(content).painted.pixels
    assert np.abs(half - (np.array([200, 0, 0]) / 2 + content.pixels / 2)).max() <= 0.51
    table.set(strength=1.0, keep_color=True)
    assert len(np.unique(table.process(content).painted.pixels.reshape(-1, 3), axis=0)) > 100


@pytest.mark.parametrize(("work_height", "size"), [
    (16, FrameSize(64, 48)), (24, FrameSize(64, 48)), (36, FrameSize(96, 72)), (48, FrameSize(128, 96)),
])
def test_enlarged_it_is_shown_at_the_contents_size_or_larger(work_height: int, size: FrameSize) -> None:
    table, content = Table(dataclasses.replace(LOOK, work_height=work_height, upscale=2)), picture()
    assert table.process(content).painted.size == content.size  # what enlarges is not loaded yet
    table.desk.upscalers[2] = Doubler()
    finished = table.process(content)
    assert (finished.painted.size, finished.sketch.content.size) == (size, size)
    assert finished.work_size.height == work_height
    assert finished.sketch.captured.frame is content
    assert color_of(finished) == (200, 0, 0)


def test_a_mirror_turns_the_content_before_it_is_painted() -> None:
    table, content = Table(dataclasses.replace(LOOK, mirror=True)), picture()
    finished = table.process(content)
    assert np.array_equal(finished.sketch.content.pixels, content.pixels[:, ::-1])
    assert np.array_equal(mirrored(mirrored(content)).pixels, content.pixels)
    assert finished.sketch.captured.frame is content
    assert finished.sketch.is_mirrored


class CountingStabilizer:
    def __init__(self) -> None:
        self.reset_count = 0

    def stabilize(self, content: Frame, stylized: Frame) -> Frame:
        return stylized

    def reset(self) -> None:
        self.reset_count += 1


def test_the_past_is_forgotten_after_a_jump_a_switch_and_a_turn_and_else_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stabilizer = CountingStabilizer()
    monkeypatch.setattr("fnst_live.live.painter.make_stabilizer", lambda stability, exact: stabilizer)
    table = Table()
    table.desk.upscalers[2] = Doubler()
    for index in range(3):
        table.process(picture(index))
    counts = [stabilizer.reset_count]
    for change, epoch in (({"strength": 0.5}, 0), ({"upscale": 2}, 0), ({"style": "blue"}, 0), ({"mirror": True}, 0),
                          ({}, 1), ({}, 1)):
        table.set(**change)
        table.process(picture(9), epoch)
        counts.append(stabilizer.reset_count)
    assert np.diff(counts).tolist() == [0, 0, 1, 1, 1, 0]


def test_another_stability_keeps_the_past() -> None:
    """A slider that is dragged must not flicker; only on and off are other stabilizers."""
    table, stabilizers = Table(), []
    for stability in (0.0, 0.5, 0.9, 0.0):
        table.set(stability=stability)
        table.process(picture())
        stabilizers.append(table.painter._stabilizer)
    off, on, firmer, off_again = stabilizers
    assert on is firmer
    assert isinstance(on, FlowStabilizer)
    assert on.stability == 0.9
    assert isinstance(off, NoStabilizer)
    assert isinstance(off_again, NoStabilizer)


def test_a_brush_on_a_card_is_steadied_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnst_live.live.painter.torch_device_of", lambda _: "cpu")
    table = Table(dataclasses.replace(LOOK, stability=0.5))
    for index in range(3):
        table.process(picture(index))
    stabilizer = table.painter._stabilizer
    assert isinstance(stabilizer, GuardedStabilizer)
    assert (stabilizer.stability, stabilizer.torch_device) == (0.5, "cpu")


def test_automatic_lines_are_the_size_controls_and_a_still_picture_gets_many() -> None:
    table = Table(dataclasses.replace(LOOK, work_height=None))
    table.process(picture(0, 640, 480))
    table.painter.is_still = True
    table.process(picture(1, 640, 480))
    table.process(picture(2, 1600, 1200))
    assert [size.height for size in table.desk.engine.sizes] == [240, 480, 720]


def test_a_thumbnail_is_small_and_of_its_own_style() -> None:
    desk = Desk()
    brush = desk.brush_for(LiveLook("blue"))
    assert brush is not None
    thumbnail = thumbnail_of(picture(), brush, 24)
    assert (thumbnail.size, tuple(thumbnail.pixels[0, 0])) == ((32, 24), (0, 0, 200))
