"""The figures, held against cases that can be reckoned by hand."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.frames.frame import Pixels
from fnst_live.metrics import (
    LOST_SHARE,
    ClipMeter,
    Figures,
    Flow,
    Motion,
    MotionSearch,
    contrast,
    followed_pixels,
    is_boundary,
    is_consistent,
    is_inside,
    luma_of,
    moved,
    saturation,
    sharpness,
    warping_error,
)

HEIGHT, WIDTH = 96, 128
GRAY = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)


def texture(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Pixels:
    """Soft colored spots: uint8 (height, width, 3)."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width, 3))
    spots = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2))
    return np.asarray((spots - spots.min()) / np.ptp(spots) * 255, np.uint8)


def flow_of(*rows: list[tuple[float, float]]) -> Flow:
    return np.array(rows, np.float32)


def uniform(x: float, y: float, height: int = 4, width: int = 6) -> Flow:
    return np.full((height, width, 2), (x, y), np.float32)


def at_rest(shape: tuple[int, ...]) -> Motion:
    return Motion(np.zeros((*shape[:2], 2), np.float32), np.ones(shape[:2], np.bool_))


def measured(*clips: list[Pixels]) -> ClipMeter:
    meter = ClipMeter()
    for pictures in zip(*clips, strict=True):
        meter.add(*pictures)
    return meter


# Motion


def test_pixels_from_beyond_the_border_are_outside() -> None:
    inside = is_inside(uniform(2, -1))  # from two to the right and one above
    assert inside.tolist() == [[False] * 6, *[[True] * 4 + [False] * 2] * 3]


def test_there_and_back_may_miss_by_a_little() -> None:
    backward = flow_of([(3, 0), (3, 0), (3, 0), (0, 0), (0, 0)])
    forward = flow_of([(-3, 0), (-2.3, 0), (-2, 0), (0.7, 0), (0.5, 0.52)])
    # squared misses 0, 0.49, 1, 0.49, 0.52; allowed 0.68, 0.643, 0.63, 0.505, 0.505
    assert is_consistent(backward, forward).tolist() == [[True, True, False, True, False]]


def test_a_step_of_the_flow_is_a_boundary_and_uniform_motion_is_none() -> None:
    flow = uniform(0, 0, 8, 8)
    flow[:, 4:] = (1, 0)
    assert is_boundary(flow).tolist() == [[False] * 3 + [True] * 2 + [False] * 3] * 8
    assert not is_boundary(uniform(5, -3)).any()


def test_the_faster_the_motion_the_steeper_a_flow_may_be() -> None:
    slope = np.zeros((3, 100, 2), np.float32)
    slope[..., 1] = 0.05 * np.arange(100)  # squared slope 0.0025, allowed 0.002 + 0.01 * flow^2
    boundary = is_boundary(slope)
    assert boundary[:, 1:5].all()
    assert not boundary[:, 5:].any()


def test_the_past_is_taken_from_where_the_flow_points() -> None:
    past = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert moved(past, uniform(1, 0, 3, 4))[:, :3].tolist() == past[:, 1:].tolist()
    assert moved(past, uniform(0, 0.5, 3, 4))[0].tolist() == [2, 3, 4, 5]


def test_the_forward_flow_is_read_where_the_backward_flow_points() -> None:
    """A thing moved by two pixels: here it says -2, there it said 2; the ground between says 0."""
    backward, forward = uniform(0, 0, 1, 8), uniform(0, 0, 1, 8)
    backward[0, 4:6] = (-2, 0)
    forward[0, 2:4] = (2, 0)
    assert is_consistent(backward, moved(forward, backward)).tolist() == [[True, True, False, False] + [True] * 4]
    assert followed_pixels(backward, forward).tolist() == [[True] * 2 + [False] * 5 + [True]]


def test_motion_is_found_and_what_comes_into_view_is_not_followed() -> None:
    wide = texture(width=WIDTH + 6)
    motion = MotionSearch().follow(now=wide[:, 6:], before=wide[:, :-6])
    assert np.abs(motion.backward[16:-16, 16:-16] - (6, 0)).max() < 0.2
    assert motion.is_followed[8:-8, 8:-16].all()
    assert not motion.is_followed[:, -5:].any()


def test_what_a_moving_thing_uncovers_is_not_followed() -> None:
    ground, thing = texture(1), texture(2, 48, 64)
    before, now = ground.copy(), ground.copy()
    before[24:72, 24:88] = thing
    now[24:72, 30:94] = thing
    is_followed = MotionSearch().follow(now, before).is_followed
    assert is_followed[28:68, 24:30].mean() < 0.2
    assert is_followed[34:62, 40:84].mean() > 0.9
    assert is_followed[:12].mean() > 0.9


# Warping error


def test_flicker_counts_as_its_square() -> None:
    meter = measured([GRAY] * 4, [GRAY, GRAY + 51, GRAY, GRAY + 51], [GRAY, GRAY, GRAY + 51, GRAY + 51])
    steady, sometimes = (figures.warping_error for figures in meter.stylized)
    assert meter.content.warping_error == 0
    assert steady == pytest.approx(0.2**2)
    assert sometimes == pytest.approx(0.2**2 / 3)
    assert meter.followed_share == 1


def test_one_channel_counts_as_a_third() -> None:
    red = GRAY.copy()
    red[..., 0] += 51
    assert warping_error(red, GRAY, at_rest(GRAY.shape)) == pytest.approx(0.2**2 / 3)


def test_only_followed_pixels_count() -> None:
    now = GRAY.copy()
    now[: HEIGHT // 2] = 255
    motion = at_rest(GRAY.shape)
    motion.is_followed[: HEIGHT // 2] = False
    assert warping_error(now, GRAY, motion) == 0
    motion.is_followed[:] = False
    assert warping_error(now, GRAY, motion) is None


@pytest.mark.parametrize(("right", "down"), [(1, 0), (0, -3), (-4, 2)])
def test_a_painting_that_moves_with_its_content_is_steady(right: int, down: int) -> None:
    """One that stays where it is, while the content moves on, is not."""
    content = [np.roll(texture(1), (i * down, i * right), (0, 1)) for i in range(3)]
    painting = [np.roll(texture(2), (i * down, i * right), (0, 1)) for i in range(3)]
    meter = measured(content, painting, [painting[0]] * 3)
    following, staying = (figures.warping_error for figures in meter.stylized)
    assert following is not None
    assert staying is not None
    assert following < 2e-4
    assert staying > 1e-3


@pytest.mark.parametrize(("followed_rows", "lost_count"), [(HEIGHT // 8, 1), (HEIGHT // 2, 0)])
def test_pairs_with_little_in_common_are_counted(
    monkeypatch: pytest.MonkeyPatch, followed_rows: int, lost_count: int
) -> None:
    motion = at_rest(GRAY.shape)
    motion.is_followed[followed_rows:] = False
    monkeypatch.setattr(MotionSearch, "follow", lambda *_: motion)
    meter = measured([GRAY] * 2)
    assert meter.lost_count == lost_count
    assert meter.followed_share == followed_rows / HEIGHT


@pytest.mark.parametrize("seed", range(4))
def test_two_scenes_have_little_in_common(seed: int) -> None:
    motion = MotionSearch().follow(texture(seed, 120, 160), texture(seed + 50, 120, 160))
    assert motion.is_followed.mean() < LOST_SHARE


def test_pairs_without_any_pixel_to_follow_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    motions = [at_rest(GRAY.shape) for _ in range(3)]
    motions[1].is_followed[:] = False
    monkeypatch.setattr(MotionSearch, "follow", lambda *_: motions.pop(0))
    meter = measured([GRAY] * 4, [GRAY, GRAY + 51, GRAY, GRAY])
    assert meter.stylized[0].warping_error == pytest.approx(0.2**2 / 2)
    assert meter.lost_count == 1
    assert meter.followed_share == pytest.approx(2 / 3)


def test_a_meter_that_saw_nothing_has_followed_nothing() -> None:
    assert ClipMeter().followed_share == 0


# The other figures


def test_gray_has_no_saturation_and_red_has_all() -> None:
    assert saturation(GRAY) == 0
    assert saturation(np.full((4, 4, 3), (255, 0, 0), np.uint8)) == 1
    assert saturation(np.full((4, 4, 3), (10, 61, 20), np.uint8)) == pytest.approx(0.2)


def test_luma_goes_from_black_to_white() -> None:
    colors = np.array([[(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]], np.uint8)
    assert luma_of(colors)[0] == pytest.approx([0, 1, 0.299, 0.587, 0.114], abs=1e-6)


def test_contrast_of_black_and_white_is_a_half() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[:2] = 255
    assert contrast(luma_of(picture)) == pytest.approx(0.5, abs=1e-6)
    assert contrast(luma_of(GRAY)) == pytest.approx(0, abs=1e-6)


def test_sharpness_is_the_slope_of_luma() -> None:
    ramp = np.tile(np.arange(8, dtype=np.float32) * 0.1, (5, 1))
    assert sharpness(ramp) == pytest.approx(0.1 * 7 / 8)  # the two border columns count by half
    x, y = np.meshgrid(np.arange(400, dtype=np.float32), np.arange(400, dtype=np.float32))
    assert sharpness(0.003 * x + 0.004 * y) == pytest.approx(0.005, rel=0.01)


def test_blur_takes_sharpness_and_contrast() -> None:
    sharp = texture()
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 2), np.uint8)
    assert sharpness(luma_of(soft)) < 0.7 * sharpness(luma_of(sharp))
    assert contrast(luma_of(soft)) < contrast(luma_of(sharp))


# The meter


def test_figures_are_means_over_the_frames() -> None:
    red, white = (np.full((16, 16, 3), color, np.uint8) for color in ((255, 0, 0), (255, 255, 255)))
    half = white.copy()
    half[:8] = 0
    meter = measured([white] * 4, [red, white, half, half])
    assert meter.frame_count == 4
    assert meter.stylized[0].saturation == pytest.approx(1 / 4)
    assert meter.stylized[0].contrast == pytest.approx(1 / 4, abs=1e-6)


def test_one_frame_has_no_warping_error() -> None:
    meter = measured([GRAY], [texture()])
    assert meter.stylized[0].warping_error is None
    assert meter.stylized[0].contrast > 0


def test_clips_are_measured_alone_or_together_alike() -> None:
    content, first, second = ([texture(seed + i) for i in range(3)] for seed in (0, 10, 20))
    together = measured(content, first, second)
    assert together.stylized == (measured(content, first).stylized[0], measured(content, second).stylized[0])
    assert measured(content, content).stylized == (measured(content).content,)


@pytest.mark.parametrize("second", [(GRAY,), (GRAY, GRAY[:-1]), (GRAY, GRAY, GRAY)], ids=["fewer", "smaller", "more"])
def test_pictures_that_do_not_belong_together_are_refused(second: tuple[npt.NDArray[np.uint8], ...]) -> None:
    meter = measured([GRAY], [GRAY])
    with pytest.raises(ValueError, match="one size"):
        meter.add(*second)


def test_ratios_are_given_where_there_is_something_to_divide_by() -> None:
    mine, theirs = Figures(0.01, 0.2, 0.3, 0.02), Figures(0.04, 0.2, 0, 0.025)
    expected = {"warping_error": 0.25, "contrast": 1.0, "saturation": None, "sharpness": pytest.approx(0.8)}
    assert mine.relative_to(theirs) == expected
    assert Figures(None, 1, 1, 1).relative_to(theirs)["warping_error"] is None
    assert mine.relative_to(Figures(None, 1, 1, 1))["warping_error"] is None
