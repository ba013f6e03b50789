"""The scene and the picture that never end."""

from __future__ import annotations

import itertools
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.sources import endless
from fnst_live.sources.endless import LivePicture, LiveScene

SIZE = FrameSize(32, 24)
PATIENCE_S = 20


def test_the_scene_comes_at_its_own_pace() -> None:
    scene = LiveScene(SIZE, Fraction(100))
    frames = [frame for frame, _ in zip(scene, range(4), strict=False)]
    assert all(frame.size == SIZE for frame in frames)
    for before, after in itertools.pairwise(frames):
        assert after.index > before.index
    took_s = frames[-1].captured_s - frames[0].captured_s
    assert took_s >= (frames[-1].index - frames[0].index - 1) / 100


def test_what_would_come_too_late_is_left_out() -> None:
    scene = LiveScene(SIZE, Fraction(1000))
    frames = iter(scene)
    first = next(frames)
    threading.Event().wait(0.05)
    assert next(frames).index - first.index > 10


def test_the_scene_moves_and_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endless, "LOOP_S", Fraction(2, 100))
    scene = LiveScene(SIZE, Fraction(100))
    by_phase: dict[int, Frame] = {}
    for frame in scene:
        known = by_phase.setdefault(frame.index % 2, frame)
        assert np.array_equal(known.pixels, frame.pixels)
        if len(by_phase) == 2 and frame.index > 6:
            break
    assert not np.array_equal(by_phase[0].pixels, by_phase[1].pixels)


def test_the_scene_ends_when_it_is_closed() -> None:
    scene = LiveScene(SIZE, Fraction(1, 1000))  # the next frame is far away
    playing = threading.Thread(target=lambda: list(scene))
    playing.start()
    scene.close()
    playing.join(PATIENCE_S)
    assert not playing.is_alive()


@pytest.mark.parametrize(("most_lines", "size"), [(1080, (80, 60)), (30, (40, 30))])
def test_a_picture_stands_there_until_it_is_closed(tmp_path: Path, most_lines: int, size: tuple[int, int]) -> None:
    file = tmp_path / "red.png"
    Image.new("RGB", (80, 60), "red").save(file)
    picture = LivePicture(file, most_lines)
    frames: list[Frame] = []
    is_shown = threading.Event()

    def show() -> None:
        for frame in picture:
            frames.append(frame)
            is_shown.set()

    showing = threading.Thread(target=show)
    showing.start()
    assert is_shown.wait(PATIENCE_S)
    picture.close()
    showing.join(PATIENCE_S)
    assert [frame.size for frame in frames] == [picture.size] == [size]
    assert tuple(frames[0].pixels[0, 0]) == (255, 0, 0)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.png").write_bytes(b"no picture")
    with pytest.raises(InputError):
        LivePicture(tmp_path / "torn.png", 1080)
