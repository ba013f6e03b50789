"""The flicker goes; color, crispness and whatever is new stay."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.frames.frame import Frame, Pixels
from fnst_live.stabilize.blend import blend
from fnst_live.stabilize.choice import make_stabilizer
from fnst_live.stabilize.stabilizer import FlowStabilizer, NoStabilizer, Stabilizer, fetching

HEIGHT, WIDTH = 48, 64
FLICKER = 8.0  # levels, standard deviation
Floats = npt.NDArray[np.float64]
Pair = tuple[Frame, Frame]


def texture(seed: int, grain_px: float = 2.0, height: int = HEIGHT, width: int = WIDTH) -> Floats:
    """Colored spots in 40..215: float (height, width, 3)."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width, 3))
    spots = np.asarray(cv2.GaussianBlur(noise, (0, 0), grain_px))
    return np.asarray(40 + (spots - spots.min()) / np.ptp(spots) * 175)


def frame_of(picture: Floats, index: int) -> Frame:
    levels = np.ascontiguousarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))
    return Frame(levels, pts=index * 1001, time_base=Fraction(1, 30000), duration=1001, index=index)


def flickering(content: Floats, painting: Floats, count: int, seed: int = 0) -> Iterable[Pair]:
    """A scene at rest, whose painting is another one in every frame."""
    random = np.random.default_rng(seed)
    for index in range(count):
        yield frame_of(content, index), frame_of(painting + random.normal(0, FLICKER, painting.shape), index)


def static_scene(count: int) -> Iterable[Pair]:
    return flickering(texture(1), texture(2, grain_px=1.2), count)


def stabilized(pairs: Iterable[Pair], stabilizer: Stabilizer | None = None) -> list[Frame]:
    stabilizer = stabilizer or make_stabilizer(0.8)
    return [stabilizer.stabilize(content, stylized) for content, stylized in pairs]


def stack(frames: Sequence[Frame]) -> Floats:
    return np.stack([frame.pixels for frame in frames]).astype(np.float64)


def sharpness(pixels: Pixels) -> float:
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)).mean())


def mean_sharpness(frames: Sequence[Frame]) -> float:
    return float(np.mean([sharpness(frame.pixels) for frame in frames]))


def renumbered(pair: Pair, index: int) -> Pair:
    content, stylized = pair
    return dataclasses.replace(content, index=index), dataclasses.replace(stylized, index=index)


def primed(stabilizer: Stabilizer, count: int = 10) -> Stabilizer:
    """With the past of a static scene of so many frames, the last of them being number count - 1."""
    stabilized(static_scene(count), stabilizer)
    return stabilizer


def test_off_means_every_frame_for_itself_bit_for_bit() -> None:
    stabilizer = make_stabilizer(0)
    assert isinstance(stabilizer, NoStabilizer)
    for content, stylized in static_scene(4):
        assert stabilizer.stabilize(content, stylized) is stylized


@pytest.mark.parametrize("stability", [0.01, 0.8, 1.0])
def test_a_first_frame_comes_back_bit_for_bit(stability: float) -> None:
    for content, stylized in static_scene(1):
        result = make_stabilizer(stability).stabilize(content, stylized)
        assert np.array_equal(result.pixels, stylized.pixels)


@pytest.mark.parametrize("stability", [0.5, 0.8, 1.0])
def test_flicker_of_a_static_scene_goes_and_nothing_else(stability: float) -> None:
    pairs = list(static_scene(40))
    per_frame = [stylized for _, stylized in pairs][20:]
    steady = stabilized(pairs, make_stabilizer(stability))[20:]
    assert stack(steady).var(axis=0).mean() < 0.2 * stack(per_frame).var(axis=0).mean()
    assert np.abs(stack(steady).mean(axis=(0, 1, 2)) - stack(per_frame).mean(axis=(0, 1, 2))).max() < 1
    assert mean_sharpness(steady) == pytest.approx(mean_sharpness(per_frame), rel=0.05)


def test_more_stability_is_steadier() -> None:
    changes = []
    for stability in (0.0, 0.2, 0.5, 0.8, 1.0):
        steady = stack(stabilized(static_scene(30), make_stabilizer(stability))[10:])
        changes.append(float(np.square(np.diff(steady, axis=0)).mean()))
    assert changes == sorted(changes, reverse=True)


def test_a_noisy_camera_is_steadied_too() -> None:
    random = np.random.default_rng(5)
    pairs = [
        (frame_of(texture(1) + random.normal(0, 2, (HEIGHT, WIDTH, 3)), stylized.index), stylized)
        for _, stylized in static_scene(40)
    ]
    steady, per_frame = stack(stabilized(pairs)[20:]), stack([stylized for _, stylized in pairs][20:])
    assert steady.var(axis=0).mean() < 0.2 * per_frame.var(axis=0).mean()


def test_a_static_scene_does_not_drift() -> None:
    pairs = list(static_scene(1000))
    per_frame = [stylized for _, stylized in pairs][-50:]
    steady = stabilized(pairs)[-50:]
    assert np.abs(stack(steady).mean(axis=(0, 1, 2)) - stack(per_frame).mean(axis=(0, 1, 2))).max() < 1
    assert mean_sharpness(steady) == pytest.approx(mean_sharpness(per_frame), rel=0.05)
    assert np.abs(stack(steady).mean(axis=0) - texture(2, grain_px=1.2)).mean() < FLICKER


def panned(count: int, step_px: float, is_tilted: bool) -> Iterable[Pair]:
    """A camera that turns evenly, or tilts; what is painted moves along, and flickers."""
    random = np.random.default_rng(0)
    wide_content, wide_painting = (texture(seed, grain, WIDTH, 4 * WIDTH) for seed, grain in ((1, 2.0), (2, 1.2)))
    for index in range(count):
        move = np.array([[1, 0, -index * step_px], [0, 1, 0]])
        content, painting = (
            np.asarray(cv2.warpAffine(wide, move, (WIDTH, WIDTH), flags=cv2.INTER_CUBIC), np.float64)
            for wide in (wide_content, wide_painting)
        )
        painting += random.normal(0, FLICKER, painting.shape)
        if is_tilted:
            content, painting = content.swapaxes(0, 1), painting.swapaxes(0, 1)
        yield frame_of(content, index), frame_of(painting, index)


def fine_detail(frame: Frame) -> Floats:
    """(2,): how much changes from pixel to pixel downwards, and to the right."""
    levels = frame.pixels.astype(np.float64)
    return np.array([np.abs(np.diff(levels, n=2, axis=axis)).mean() for axis in (0, 1)])


@pytest.mark.parametrize("step_px", [0.5, 1.5])
@pytest.mark.parametrize("is_tilted", [False, True])
def test_an_even_pan_draws_no_stripes(step_px: float, is_tilted: bool) -> None:
    """Half a pixel a frame in one direction: what is sharpened across it would grow and grow."""
    pairs = list(panned(90, step_px, is_tilted))
    steady = stabilized(pairs)
    for index in (30, 60, 89):
        assert np.all(fine_detail(steady[index]) < fine_detail(pairs[index][1]))


@pytest.mark.parametrize("softness", [-1.0, -0.8, -0.6, -0.4, -0.2, -0.1, 0.0, 0.5, 1.0])
def test_no_wave_grows_from_frame_to_frame_however_crisp_the_result_shall_be(softness: float) -> None:
    """A past that counts for all, fetched by any part of a pixel: what `blend` does to each wave of it."""
    sharpness, renewal = fetching(softness)
    noise = np.random.default_rng(7).uniform(0, 255, (32, 32, 3)).astype(np.float32)
    whole, black, inner = np.ones((32, 32), np.float32), np.zeros((32, 32, 3), np.uint8), slice(8, 24)
    wrapped = np.pad(noise[inner, inner], ((8, 8), (8, 8), (0, 0)), "wrap")
    before = np.abs(np.fft.fft2(wrapped[inner, inner, 0]))
    for shift_x, shift_y in itertools.product(np.linspace(0, 0.5, 6), repeat=2):
        fetched = (1 - shift_x) * wrapped + shift_x * np.roll(wrapped, 1, 1)
        fetched = ((1 - shift_y) * fetched + shift_y * np.roll(fetched, 1, 0)).astype(np.float32)
        flow = np.zeros((2, 32, 32), np.float32)
        flow[0], flow[1] = -shift_x, -shift_y
        result = np.empty_like(wrapped)
        blend(fetched, black, flow, whole, result, sharpness=sharpness, renewal=renewal)
        after = np.abs(np.fft.fft2(result[inner, inner, 0]))
        assert np.all(after <= 1.002 * before + 0.1), (shift_x, shift_y)


@pytest.mark.parametrize("grain_px", [1.0, 2.0, 6.0])
def test_a_cut_shows_the_new_picture_at_once(grain_px: float) -> None:
    stabilizer = primed(make_stabilizer(0.8))
    stylized = frame_of(texture(8, grain_px), 10)
    result = stabilizer.stabilize(frame_of(texture(7, grain_px), 10), stylized)
    assert np.array_equal(result.pixels, stylized.pixels)


@pytest.mark.parametrize("exact", [True, False])
def test_a_cut_in_the_dark_shows_the_new_picture_at_once(exact: bool) -> None:
    """Dark scenes hardly differ; what is painted of them, in full light, does."""
    scenes = [(texture(seed) / 16, 0.3 * texture(seed + 20, 12.0) + light) for seed, light in ((7, 20), (8, 130))]
    film = enumerate([scenes[0]] * 3 + [scenes[1]] * 3)
    pairs = [(frame_of(dark, index), frame_of(light, index)) for index, (dark, light) in film]
    result = stabilized(pairs, make_stabilizer(0.8, exact=exact))
    assert np.array_equal(result[3].pixels, pairs[3][1].pixels)


def test_what_fades_in_is_not_veiled_by_the_black_before_it() -> None:
    content, painting = texture(9), texture(10, 8.0)
    pairs = [
        (frame_of(content * min(1, i / 15), i), frame_of(painting if i else np.full_like(painting, 110.0) / 2, i))
        for i in range(20)
    ]
    result = stabilized(pairs)
    for frame, (_, painted) in zip(result[1:], pairs[1:], strict=True):
        assert np.abs(frame.pixels.astype(int) - painted.pixels).mean() < 2


def same_scene(index: int) -> Pair:
    """One more frame of the static scene."""
    return renumbered(next(iter(static_scene(1))), index)


def test_what_follows_is_blended_with_the_past() -> None:
    content, stylized = same_scene(10)
    result = primed(make_stabilizer(0.8)).stabilize(content, stylized)
    assert not np.array_equal(result.pixels, stylized.pixels)


def test_after_a_reset_the_past_is_forgotten() -> None:
    stabilizer = primed(make_stabilizer(0.8))
    stabilizer.reset()
    content, stylized = same_scene(10)
    assert np.array_equal(stabilizer.stabilize(content, stylized).pixels, stylized.pixels)


@pytest.mark.parametrize("index", [500, 9, 3])
def test_after_a_seek_the_past_is_forgotten(index: int) -> None:
    content, stylized = same_scene(index)
    result = primed(make_stabilizer(0.8)).stabilize(content, stylized)
    assert np.array_equal(result.pixels, stylized.pixels)


def test_after_a_dropped_frame_the_past_still_counts() -> None:
    content, stylized = (dataclasses.replace(frame, pts=12 * 1001) for frame in same_scene(12))
    result = primed(make_stabilizer(0.8)).stabilize(content, stylized)
    assert not np.array_equal(result.pixels, stylized.pixels)


def test_a_change_of_size_starts_anew_and_goes_on() -> None:
    stabilizer = primed(make_stabilizer(0.8))
    content, painting = texture(1, width=2 * WIDTH), texture(2, width=2 * WIDTH)
    larger = [renumbered(pair, 10 + i) for i, pair in enumerate(flickering(content, painting, 3))]
    results = stabilized(larger, stabilizer)
    assert np.array_equal(results[0].pixels, larger[0][1].pixels)
    assert not np.array_equal(results[2].pixels, larger[2][1].pixels)
    assert results[2].size == (2 * WIDTH, HEIGHT)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 200), (17, 31)])
def test_small_and_odd_pictures_work(height: int, width: int) -> None:
    content, painting = texture(1, height=height, width=width), texture(2, height=height, width=width)
    results = stabilized(flickering(content, painting, 3))
    assert results[-1].pixels.shape == (height, width, 3)


def test_the_result_is_a_frame_of_the_same_moment() -> None:
    pairs = list(static_scene(3))
    for (_, stylized), result in zip(pairs, stabilized(pairs), strict=True):
        assert (result.pts, result.time_base, result.duration, result.index) == (
            stylized.pts, stylized.time_base, stylized.duration, stylized.index,
        )
        assert result.pixels.dtype == np.uint8
        assert result.pixels.shape == (HEIGHT, WIDTH, 3)
        assert result.pixels.flags.c_contiguous
        assert not result.pixels.flags.writeable


def test_black_and_white_do_not_wrap_around() -> None:
    halves = np.zeros((HEIGHT, WIDTH, 3))
    halves[:, WIDTH // 2:] = 255
    for result in stabilized(flickering(texture(1), halves, 20)):
        assert result.pixels[:, : WIDTH // 2 - 8].max() < 64
        assert result.pixels[:, WIDTH // 2 + 8 :].min() > 191


def test_two_stabilizers_share_nothing() -> None:
    here, there = FlowStabilizer(0.8), FlowStabilizer(0.8)
    pairs = list(static_scene(6))
    others = list(flickering(texture(11), texture(12), 6))
    alone = stabilized(pairs, FlowStabilizer(0.8))
    for (content, stylized), other, expected in zip(pairs, others, alone, strict=True):
        there.stabilize(*other)
        assert np.array_equal(here.stabilize(content, stylized).pixels, expected.pixels)


@pytest.mark.parametrize("exact", [True, False])
def test_what_moves_may_be_seen_frames_ahead_of_what_was_painted(exact: bool) -> None:
    random = np.random.default_rng(5)
    pairs = [
        (frame_of(np.roll(texture(1), 2 * index, 1) + random.normal(0, 4, (HEIGHT, WIDTH, 3)), index), stylized)
        for index, (_, stylized) in enumerate(static_scene(6))
    ]
    at_once = stabilized(pairs, FlowStabilizer(0.8, exact=exact))
    ahead = FlowStabilizer(0.8, exact=exact)
    motions = [ahead.watch(content) for content, _ in pairs]
    for (_, stylized), motion, expected in zip(pairs, motions, at_once, strict=True):
        assert np.array_equal(ahead.steady(stylized, motion).pixels, expected.pixels)


def test_what_it_was_given_is_left_alone() -> None:
    stabilizer = make_stabilizer(0.8)
    for content, stylized in static_scene(3):
        before = content.pixels.copy(), stylized.pixels.copy()
        stabilizer.stabilize(content, stylized)
        assert np.array_equal(content.pixels, before[0])
        assert np.array_equal(stylized.pixels, before[1])


class Walker:
    """A square that walks to the right over a background at rest, painted without any flicker: 20 frames."""

    HEIGHT, WIDTH, SIDE, TOP, LEFT = 120, 160, 30, 40, 10

    def __init__(self, background: Floats, square: Floats, step_px: int):
        self.background, self.painting = background, texture(7, 1.2, self.HEIGHT, self.WIDTH)
        self.square, self.step_px = square, step_px
        self.painted_square = texture(9, 1.2, self.SIDE, self.SIDE)

    def at(self, index: int) -> tuple[slice, slice]:
        left = self.LEFT + index * self.step_px
        return slice(self.TOP, self.TOP + self.SIDE), slice(left, left + self.SIDE)

    def pairs(self, count: int = 20) -> Iterable[Pair]:
        for index in range(count):
            content, painting = self.background.copy(), self.painting.copy()
            content[self.at(index)], painting[self.at(index)] = self.square, self.painted_square
            yield frame_of(content, index), frame_of(painting, index)

    def uncovered(self, count: int = 20) -> npt.NDArray[np.bool_]:
        """(H, W), True where the square has been but is no longer."""
        mask = np.zeros((self.HEIGHT, self.WIDTH), bool)
        for index in range(count - 1):
            mask[self.at(index)] = True
        mask[self.at(count - 1)] = False
        return mask


def plain(color: Sequence[int], height: int, width: int) -> Floats:
    return np.full((height, width, 3), color, np.float64)


BACKGROUNDS: dict[str, Callable[[int, int], Floats]] = {
    "textured": lambda height, width: texture(1, 2, height, width),
    "soft": lambda height, width: texture(1, 8, height, width),
    "plain": lambda height, width: plain((90, 90, 90), height, width),
}
SQUARES: dict[str, Floats] = {
    "white": plain((230, 230, 230), Walker.SIDE, Walker.SIDE),
    "textured": texture(33, 1.5, Walker.SIDE, Walker.SIDE),
    "red of the background's brightness": plain((182, 55, 30), Walker.SIDE, Walker.SIDE),
}


@pytest.mark.parametrize("step_px", [2, 5])
@pytest.mark.parametrize("square", SQUARES)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_what_moves_leaves_no_ghost(background: str, square: str, step_px: int) -> None:
    walker = Walker(BACKGROUNDS[background](Walker.HEIGHT, Walker.WIDTH), SQUARES[square], step_px)
    pairs = list(walker.pairs())
    last = stabilized(pairs)[-1]
    error = np.abs(last.pixels.astype(int) - pairs[-1][1].pixels).max(axis=2)[walker.uncovered()]
    is_seen_by_flow = background != "plain" or square != "red of the background's brightness"
    assert error.mean() < (3 if is_seen_by_flow else 6)
    assert np.percentile(error, 90) < (5 if is_seen_by_flow else 16)


def test_what_stands_still_beside_it_is_still_steadied() -> None:
    random = np.random.default_rng(0)
    walker = Walker(texture(1, 2, Walker.HEIGHT, Walker.WIDTH), SQUARES["textured"], 2)
    pairs = [
        (content, frame_of(stylized.pixels + random.normal(0, FLICKER, stylized.pixels.shape), stylized.index))
        for content, stylized in walker.pairs()
    ]
    far = slice(100, None)  # rows below the square's way
    steady, per_frame = stack(stabilized(pairs)[10:]), stack([stylized for _, stylized in pairs][10:])
    assert steady[:, far].var(axis=0).mean() < 0.2 * per_frame[:, far].var(axis=0).mean()


def panning_scene(step_px: int, count: int = 20) -> list[Pair]:
    """Each frame is a window on a wide picture, one step further than the last."""
    random = np.random.default_rng(0)
    wide, painting = texture(1, 3, 120, 300), texture(2, 1.2, 120, 300)
    pairs = []
    for index in range(count):
        window = (slice(None), slice(index * step_px, index * step_px + 160))
        flicker = random.normal(0, FLICKER, (120, 160, 3))
        pairs.append((frame_of(wide[window], index), frame_of(painting[window] + flicker, index)))
    return pairs


def change_along_pan(frames: Sequence[Frame], step_px: int) -> float:
    """Between the last two frames, followed, squared; the border aside."""
    last, one_before = stack(frames[-2:])[::-1]
    followed, inner = (one_before[:, step_px:], last[:, :-step_px]), (slice(16, -16), slice(16, -16))
    return float(np.square(followed[0][inner] - followed[1][inner]).mean())


@pytest.mark.parametrize("step_px", [1, 4])
def test_a_pan_is_steadied_along_its_motion(step_px: int) -> None:
    pairs = panning_scene(step_px)
    results, per_frame = stabilized(pairs), [stylized for _, stylized in pairs]
    assert change_along_pan(results, step_px) < 0.3 * change_along_pan(per_frame, step_px)
    assert sharpness(results[-1].pixels) == pytest.approx(sharpness(per_frame[-1].pixels), rel=0.15)


def test_a_past_of_other_broad_colors_fades_whatever_the_content_says() -> None:
    """The content never changes; the painting turns from red to blue, and the result follows within some frames."""
    content = texture(1)
    red, blue = plain((200, 60, 60), HEIGHT, WIDTH), plain((60, 60, 200), HEIGHT, WIDTH)
    pairs = [(frame_of(content, index), frame_of(red if index < 5 else blue, index)) for index in range(20)]
    results = stabilized(pairs, make_stabilizer(1.0))
    assert np.abs(results[4].pixels.astype(int) - (200, 60, 60)).max() <= 2
    assert np.abs(results[-1].pixels.astype(int) - (60, 60, 200)).mean() < 12


@pytest.mark.parametrize("stability", [0.3, 1.0])
def test_contrast_and_saturation_are_held(stability: float) -> None:
    """Averaging flickering colors greys them: here each frame's painting has its colors elsewhere."""
    content = texture(1, 2, 96, 128)
    painting = texture(2, 3, 96, 128)
    pairs = [
        (frame_of(content, index), frame_of(painting * 0.7 + texture(50 + index, 3, 96, 128) * 0.3, index))
        for index in range(60)
    ]
    steady, per_frame = stack(stabilized(pairs, make_stabilizer(stability))[40:]), stack([p for _, p in pairs][40:])
    assert np.ptp(steady, axis=3).mean() == pytest.approx(np.ptp(per_frame, axis=3).mean(), rel=0.08)
    contrasts = [frames.mean(axis=3).std(axis=(1, 2)).mean() for frames in (steady, per_frame)]
    assert contrasts[0] == pytest.approx(contrasts[1], rel=0.08)


@pytest.mark.parametrize("noise", [0.6, 1.0, 3.0, 6.0])
@pytest.mark.parametrize("exact", [True, False])
def test_strokes_stay_where_they_are_before_a_noisy_camera_at_rest(noise: float, exact: bool) -> None:
    """Flow follows noise; strokes that followed the flow would wander, and end as a smear."""
    random = np.random.default_rng(3)
    wall, painting = 100 + texture(1, 12, 96, 128) * 0.2, texture(2, 1.5, 96, 128)
    pairs = [
        (frame_of(wall + random.normal(0, noise, wall.shape), stylized.index), stylized)
        for _, stylized in flickering(wall, painting, 250)
    ]
    results = stabilized(pairs, make_stabilizer(0.8, exact=exact))
    error = np.abs(stack(results[-10:]).mean(axis=0) - painting).mean()
    assert error < FLICKER / 2
