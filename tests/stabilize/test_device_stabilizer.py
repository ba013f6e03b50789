"""A card's stabilizer does what the CPU's does: its kernels on the CPU here, and on a card where there is one."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from fnst_live.stabilize.choice import adjusted, make_stabilizer
from fnst_live.stabilize.device_stabilizer import DeviceStabilizer, DeviceWatch, GuardedStabilizer
from fnst_live.stabilize.motion import MotionWatch
from fnst_live.stabilize.stabilizer import FlowStabilizer, NoStabilizer, Stabilizer
from tests.stabilize.test_stabilizer import (
    FLICKER,
    HEIGHT,
    SQUARES,
    WIDTH,
    Pair,
    Walker,
    change_along_pan,
    flickering,
    frame_of,
    mean_sharpness,
    panning_scene,
    primed,
    same_scene,
    stabilized,
    stack,
    static_scene,
    texture,
)

pytestmark = pytest.mark.usefixtures("one_thread", "host_kernels")


def on_device(stability: float = 0.8, torch_device: str = "cpu") -> Stabilizer:
    return DeviceStabilizer(stability, torch_device)


def flicker_left(pairs: Iterable[Pair], stabilizer: Stabilizer) -> float:
    """Of a scene at rest: the variance over time that is left, 0..1."""
    pairs = list(pairs)
    steady, per_frame = stack(stabilized(pairs, stabilizer)[20:]), stack([stylized for _, stylized in pairs][20:])
    return float(steady.var(axis=0).mean() / per_frame.var(axis=0).mean())


def test_a_first_frame_comes_back_bit_for_bit() -> None:
    content, stylized = same_scene(0)
    assert np.array_equal(on_device().stabilize(content, stylized).pixels, stylized.pixels)


@pytest.mark.parametrize("grain_px", [1.0, 2.0, 6.0])
def test_a_cut_shows_the_new_picture_at_once_bit_for_bit_and_goes_on_from_there(grain_px: float) -> None:
    stabilizer = primed(on_device())
    content, painting = texture(7, grain_px), texture(8, grain_px)
    first, second = (
        (frame_of(content, index), frame_of(painting + index, index)) for index in (10, 11)
    )
    assert np.array_equal(stabilizer.stabilize(*first).pixels, first[1].pixels)
    assert not np.array_equal(stabilizer.stabilize(*second).pixels, second[1].pixels)


def test_after_a_reset_or_a_seek_the_past_is_forgotten_and_after_neither_it_counts() -> None:
    content, stylized = same_scene(10)
    stabilizer = primed(on_device())
    assert not np.array_equal(stabilizer.stabilize(content, stylized).pixels, stylized.pixels)
    stabilizer.reset()
    assert np.array_equal(stabilizer.stabilize(*same_scene(11)).pixels, same_scene(11)[1].pixels)
    assert np.array_equal(stabilizer.stabilize(*same_scene(500)).pixels, same_scene(500)[1].pixels)


@pytest.mark.parametrize("stability", [0.5, 1.0])
def test_flicker_of_a_static_scene_falls_as_far_as_on_the_cpu_and_nothing_else_changes(stability: float) -> None:
    pairs = list(static_scene(40))
    left, expected = flicker_left(pairs, on_device(stability)), flicker_left(pairs, FlowStabilizer(stability))
    assert 1 - left >= 0.9 * (1 - expected)
    assert left < 0.2
    steady, per_frame = stabilized(pairs, on_device(stability))[20:], [stylized for _, stylized in pairs][20:]
    assert np.abs(stack(steady).mean(axis=(0, 1, 2)) - stack(per_frame).mean(axis=(0, 1, 2))).max() < 1
    assert mean_sharpness(steady) == pytest.approx(mean_sharpness(per_frame), rel=0.05)


@pytest.mark.parametrize("step_px", [1, 4])
def test_flicker_of_a_pan_falls_as_far_as_on_the_cpu(step_px: int) -> None:
    pairs = panning_scene(step_px)
    before = change_along_pan([stylized for _, stylized in pairs], step_px)
    left, expected = (
        change_along_pan(stabilized(pairs, stabilizer), step_px) / before
        for stabilizer in (on_device(), FlowStabilizer(0.8))
    )
    assert 1 - left >= 0.9 * (1 - expected)


@pytest.mark.parametrize("square", ["white", "textured"])
def test_what_moves_leaves_no_ghost(square: str) -> None:
    walker = Walker(texture(1, 2, Walker.HEIGHT, Walker.WIDTH), SQUARES[square], 3)
    pairs = list(walker.pairs())
    last = stabilized(pairs, on_device())[-1]
    error = np.abs(last.pixels.astype(int) - pairs[-1][1].pixels).max(axis=2)[walker.uncovered()]
    assert error.mean() < 3


@pytest.mark.parametrize("noise", [0.5, 3.0])
def test_strokes_stay_where_they_are_before_a_noisy_camera_at_rest(noise: float) -> None:
    random = np.random.default_rng(3)
    wall, painting = 100 + texture(1, 12, 96, 128) * 0.2, texture(2, 1.5, 96, 128)
    pairs = [
        (frame_of(wall + random.normal(0, noise, wall.shape), stylized.index), stylized)
        for _, stylized in flickering(wall, painting, 60)
    ]
    results = stabilized(pairs, on_device())
    assert np.abs(stack(results[-10:]).mean(axis=0) - painting).mean() < FLICKER / 2


def test_contrast_and_saturation_are_held() -> None:
    content, painting = texture(1, 2, 96, 128), texture(2, 3, 96, 128)
    pairs = [
        (frame_of(content, index), frame_of(painting * 0.7 + texture(50 + index, 3, 96, 128) * 0.3, index))
        for index in range(60)
    ]
    steady, per_frame = stack(stabilized(pairs, on_device(1.0))[40:]), stack([p for _, p in pairs][40:])
    assert np.ptp(steady, axis=3).mean() == pytest.approx(np.ptp(per_frame, axis=3).mean(), rel=0.08)
    contrasts = [frames.mean(axis=3).std(axis=(1, 2)).mean() for frames in (steady, per_frame)]
    assert contrasts[0] == pytest.approx(contrasts[1], rel=0.08)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 200), (17, 31), (97, 63), (5, 3), (1, 40), (1, 1)])
def test_small_and_odd_pictures_work_one_size_after_another(height: int, width: int) -> None:
    stabilizer = primed(on_device(), 3)
    content, painting = texture(1, height=height, width=width), texture(2, height=height, width=width)
    results = stabilized(flickering(content, painting, 3), stabilizer)
    assert results[-1].pixels.shape == (height, width, 3)
    assert results[-1].pixels.flags.c_contiguous


def test_content_may_be_watched_ahead_and_what_was_given_is_left_alone() -> None:
    pairs = list(static_scene(5))
    given = stack([frame for pair in pairs for frame in pair])
    expected = stabilized(pairs, on_device())
    stabilizer = on_device()
    motions = [stabilizer.watch(content) for content, _ in pairs]
    results = [stabilizer.steady(stylized, motion) for (_, stylized), motion in zip(pairs, motions, strict=True)]
    assert np.array_equal(stack(results), stack(expected))
    assert np.array_equal(stack([frame for pair in pairs for frame in pair]), given)


@pytest.mark.parametrize(("height", "width"), [(120, 160), (119, 157)])
def test_what_it_sees_is_what_the_cpu_sees(height: int, width: int) -> None:
    """Something walks over a background at rest: same rest, and nearly the same flow and trust."""
    walker = Walker(texture(1, 2, Walker.HEIGHT, Walker.WIDTH), SQUARES["textured"], 2)
    whole = [content for content, _ in walker.pairs(2)]
    contents = [frame_of(content.pixels[:height, :width].astype(float), content.index) for content in whole]
    here, there = MotionWatch(exact=False), DeviceWatch(torch.device("cpu"))
    expected, found = [(here.motion(content), there.motion(content)) for content in contents][-1]
    assert expected is not None
    assert found is not None
    flow, trust = found.planes.flow.numpy(), found.planes.trust.numpy()
    assert flow.shape == expected.flow.shape
    assert trust.shape == expected.trust.shape
    assert not found.planes.is_cut
    assert np.mean((flow == 0) != (expected.flow == 0)) < 0.02
    assert np.abs(flow - expected.flow).mean() < 0.05
    assert np.abs(trust - expected.trust).mean() < 0.05


# Where the device fails


def fail_after(calls: int, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The device works for so many calls of the method, and then no longer."""
    real, left = getattr(DeviceStabilizer, method), iter(range(calls))

    def called(*arguments: object) -> object:
        if next(left, None) is None:
            raise torch.OutOfMemoryError("CUDA out of memory\nmore")
        return real(*arguments)

    monkeypatch.setattr(DeviceStabilizer, method, called)


@pytest.mark.parametrize("method", ["watch", "steady"])
def test_where_the_device_fails_the_cpu_goes_on_and_says_so_once(
    method: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_after(5, method, monkeypatch)
    pairs = list(static_scene(12))
    results = stabilized(pairs, GuardedStabilizer(0.8, "cpu", exact=False))
    assert caplog.messages == ["steadying on the CPU, since the device cpu fails: CUDA out of memory"]
    is_fresh = [np.array_equal(result.pixels, pair[1].pixels) for result, pair in zip(results, pairs, strict=True)]
    assert not is_fresh[4]
    assert is_fresh[5]  # a new past begins
    assert not any(is_fresh[7:])


def test_what_was_watched_before_the_failure_is_not_mistaken_for_the_cpus(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_after(2, "steady", monkeypatch)
    pairs = list(static_scene(8))
    stabilizer = GuardedStabilizer(0.8, "cpu", exact=False)
    motions = [stabilizer.watch(content) for content, _ in pairs]
    for (_, stylized), motion in zip(pairs, motions, strict=True):
        assert stabilizer.steady(stylized, motion).size == stylized.size
    assert len(caplog.messages) == 1


def test_without_a_card_the_cpu_steadies(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    pairs = list(static_scene(4))
    results = stabilized(pairs, make_stabilizer(0.8, exact=False, torch_device="cuda"))
    assert caplog.messages == ["steadying on the CPU, since the device cuda fails: no CUDA device was found"]
    assert np.array_equal(stack(results), stack(stabilized(pairs, FlowStabilizer(0.8, exact=False))))


def test_another_stability_keeps_the_past_and_another_device_does_not() -> None:
    stabilizer = make_stabilizer(0.8, torch_device="cpu")
    assert isinstance(stabilizer, GuardedStabilizer)
    assert adjusted(stabilizer, 0.5, torch_device="cpu") is stabilizer
    assert stabilizer.stability == 0.5
    assert isinstance(adjusted(stabilizer, 0.5), FlowStabilizer)
    assert isinstance(adjusted(stabilizer, 0, torch_device="cpu"), NoStabilizer)
    assert isinstance(adjusted(FlowStabilizer(0.5), 0.5, torch_device="cpu"), GuardedStabilizer)


def test_more_stability_is_steadier() -> None:
    left = []
    for stability in (0.2, 0.8):
        stabilizer = GuardedStabilizer(1.0, "cpu", exact=False)
        stabilizer.stability = stability
        left.append(flicker_left(static_scene(30), stabilizer))
    assert left[1] < left[0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
class TestOnACard:
    """What the CPU does with the same operations, within rounding: captured, in streams, and from two threads."""

    @pytest.mark.parametrize(("height", "width"), [(HEIGHT, WIDTH), (97, 131), (16, 16)])
    def test_the_same_pictures(self, height: int, width: int) -> None:
        content, painting = texture(1, height=height, width=width), texture(2, height=height, width=width)
        pairs = list(flickering(content, painting, 20))
        here, there = (stack(stabilized(pairs, on_device(0.8, torch_device))) for torch_device in ("cpu", "cuda"))
        assert np.abs(here - there).mean() < 0.5

    def test_a_pan(self) -> None:
        pairs = panning_scene(4)
        here, there = (stack(stabilized(pairs, on_device(0.8, torch_device))) for torch_device in ("cpu", "cuda"))
        assert np.abs(here - there).mean() < 0.5

    def test_a_first_frame_and_a_cut_bit_for_bit(self) -> None:
        stabilizer = on_device(0.8, "cuda")
        first, other = same_scene(0), (frame_of(texture(7), 1), frame_of(texture(8), 1))
        for content, stylized in (first, other):
            assert np.array_equal(stabilizer.stabilize(content, stylized).pixels, stylized.pixels)

    def test_content_may_be_watched_ahead_on_another_thread(self) -> None:
        pairs = panning_scene(1)
        expected = stabilized(pairs, on_device(0.8, "cuda"))
        stabilizer = on_device(0.8, "cuda")
        with ThreadPoolExecutor(1) as watcher:
            motions = [watcher.submit(stabilizer.watch, content) for content, _ in pairs]
            results = [
                stabilizer.steady(stylized, motion.result())
                for (_, stylized), motion in zip(pairs, motions, strict=True)
            ]
        assert np.abs(stack(results) - stack(expected)).mean() < 0.1

    def test_a_graph_is_captured(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        primed(on_device(0.8, "cuda"), 3)
        assert not caplog.messages
