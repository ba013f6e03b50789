"""What a restyled clip is worth: how steady it is, and how much color and crispness that cost.

Stands beside the stages, not in the flow: it looks at finished pictures. Nothing of it is shared with `stabilize`, so
that the measure stays the same whatever is changed there. All figures count colors in 0..1:

* warping error (E_warp, after Lai et al. 2018): mean squared difference between a picture and its predecessor moved
  along the content's motion, where that motion can be followed; mean over pairs of frames. Blur lowers it, too: read
  it beside the other three.
* contrast: standard deviation of luma. saturation: largest minus smallest channel. sharpness: slope of luma, per pixel.
  Means over frames.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import Pixels

Flow = npt.NDArray[np.float32]  # (H, W, 2) in pixels: what is here now was at (x, y) + flow
Floats = npt.NDArray[np.float32]
Gray = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

LUMA_OF_RGB = np.array([[0.299, 0.587, 0.114]], np.float32) / 255  # BT.601, to 0..1
SMALLEST_SIDE = 16  # pixels; the flow search needs as many
LOST_SHARE = 0.25   # pairs of which less is followed have little in common: a cut, most often


@dataclass(frozen=True)
class Figures:
    """Of one clip. warping_error: None where no pixel could be followed from a frame to the next."""

    warping_error: float | None
    contrast: float
    saturation: float
    sharpness: float

    def relative_to(self, other: Figures) -> dict[str, float | None]:
        """Figure by figure, self / other; None where there is nothing to divide by."""
        mine, theirs = asdict(self), asdict(other)
        return {name: mine[name] / theirs[name] if mine[name] is not None and theirs[name] else None for name in mine}


@dataclass(frozen=True)
class Motion:
    """Of the content from one frame to the next. is_followed: (H, W), False where `backward` cannot be believed."""

    backward: Flow
    is_followed: Mask


class ClipMeter:
    """Takes a content clip and any number of restyled ones, frame by frame; keeps the last frame of each, no more.

    The motion is estimated once a frame for all clips, and costs far more than everything else: give everything that
    shall be compared to one meter. The pictures must not be changed after they were given.
    """

    def __init__(self) -> None:
        self.frame_count = 0
        self.lost_count = 0  # pairs of frames below LOST_SHARE; they count like all others
        self._search = MotionSearch()
        self._before: tuple[Pixels, ...] = ()
        self._clips: list[_Clip] = []
        self._followed = _Mean()

    def add(self, content: Pixels, *stylized: Pixels) -> None:
        """The next frame of every clip, uint8 (H, W, 3) RGB, in the order of the first call."""
        now = (content, *stylized)
        self._clips = self._clips or [_Clip() for _ in now]
        if len(now) != len(self._clips) or any(picture.shape != content.shape for picture in now):
            raise ValueError("every frame needs as many pictures as the first, all of one size")
        for clip, picture in zip(self._clips, now, strict=True):
            clip.add_picture(picture)
        if self._before:
            self._add_pair(now, self._before)
        self._before = now
        self.frame_count += 1

    def _add_pair(self, now: tuple[Pixels, ...], before: tuple[Pixels, ...]) -> None:
        motion = self._search.follow(now[0], before[0])
        share = float(motion.is_followed.mean())
        self._followed.add(share)
        self.lost_count += share < LOST_SHARE
        for clip, picture, past in zip(self._clips, now, before, strict=True):
            clip.warping_error.add(warping_error(picture, past, motion))

    @property
    def content(self) -> Figures:
        """Of the content itself; its warping error is the floor: noise, light that changes, motion misjudged."""
        return self._clips[0].figures()

    @property
    def stylized(self) -> tuple[Figures, ...]:
        return tuple(clip.figures() for clip in self._clips[1:])

    @property
    def followed_share(self) -> float:
        """Of the pixels, those that the warping error was taken from: 0..1, mean over pairs of frames."""
        return self._followed.value or 0.0


class MotionSearch:
    """Dense inverse search (Kroeger et al. 2016), medium preset at full size, both ways."""

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def follow(self, now: Pixels, before: Pixels) -> Motion:
        """uint8 (H, W, 3) RGB both, at least SMALLEST_SIDE high and wide."""
        gray_now, gray_before = _gray(now), _gray(before)
        backward, forward = self._flow(gray_now, gray_before), self._flow(gray_before, gray_now)
        return Motion(backward, followed_pixels(backward, forward))

    def _flow(self, here: Gray, there: Gray) -> Flow:
        return np.asarray(self._search.calc(here, there, np.zeros((*here.shape, 2), np.float32)), np.float32)


def followed_pixels(backward: Flow, forward: Flow) -> Mask:
    """(H, W), True where a pixel comes from inside the picture, from a place that knows of it, off every boundary."""
    return is_inside(backward) & is_consistent(backward, moved(forward, backward)) & ~is_boundary(backward)


def is_inside(backward: Flow) -> Mask:
    x, y = _origins(backward)
    height, width = backward.shape[:2]
    inside: Mask = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return inside


def is_consistent(backward: Flow, forward: Flow) -> Mask:
    """Whether there and back ends where it began; forward: as found where backward points to (Sundaram et al. 2010)."""
    consistent: Mask = _square(backward + forward) <= 0.01 * (_square(backward) + _square(forward)) + 0.5
    return consistent


def is_boundary(backward: Flow) -> Mask:
    """Where one thing passes before another, and the flow between them is guesswork (Ruder et al. 2016)."""
    along_x, along_y = _slopes(backward)
    boundary: Mask = _square(along_x) + _square(along_y) > 0.01 * _square(backward) + 0.002
    return boundary


def moved(picture: Floats, backward: Flow) -> Floats:
    """A picture of the past, (H, W, any), with its things where they are now; bilinear."""
    return np.asarray(cv2.remap(picture, *_origins(backward), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def warping_error(now: Pixels, before: Pixels, motion: Motion) -> float | None:
    """Mean squared RGB difference over the pixels that can be followed; None if there is none."""
    if not motion.is_followed.any():
        return None
    change = (now - moved(before.astype(np.float32), motion.backward))[motion.is_followed]
    return float(np.square(change).mean(dtype=np.float64)) / 255**2


def luma_of(picture: Pixels) -> Floats:
    """float32 (H, W) in 0..1."""
    return np.asarray(cv2.transform(picture.astype(np.float32), LUMA_OF_RGB), np.float32)


def contrast(luma: Floats) -> float:
    return float(luma.std(dtype=np.float64))


def saturation(picture: Pixels) -> float:
    red, green, blue = cv2.split(picture)
    largest, smallest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return float(cv2.subtract(largest, smallest).mean()) / 255


def sharpness(luma: Floats) -> float:
    """Mean gradient magnitude, by central differences."""
    return float(cv2.magnitude(*_slopes(luma)).mean())


@dataclass
class _Mean:
    """Of what there was: a None is nothing."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float | None) -> None:
        if value is not None:
            self.total += value
            self.count += 1

    @property
    def value(self) -> float | None:
        return self.total / self.count if self.count else None


@dataclass
class _Clip:
    """The means of one clip so far."""

    warping_error: _Mean = field(default_factory=_Mean)
    contrast: _Mean = field(default_factory=_Mean)
    saturation: _Mean = field(default_factory=_Mean)
    sharpness: _Mean = field(default_factory=_Mean)

    def add_picture(self, picture: Pixels) -> None:
        luma = luma_of(picture)
        self.contrast.add(contrast(luma))
        self.saturation.add(saturation(picture))
        self.sharpness.add(sharpness(luma))

    def figures(self) -> Figures:
        return Figures(self.warping_error.value, self.contrast.value or 0.0, self.saturation.value or 0.0,
                       self.sharpness.value or 0.0)


def _gray(picture: Pixels) -> Gray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _origins(backward: Flow) -> tuple[Floats, Floats]:
    """x and y in the past of every pixel of now, float32 (H, W) each."""
    height, width = backward.shape[:2]
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    return x + backward[..., 0], y + backward[..., 1]


def _slopes(values: Floats) -> tuple[Floats, Floats]:
    """Along x and along y, by central differences; the border repeats itself."""
    return _slope(values, 1, 0), _slope(values, 0, 1)


def _slope(values: Floats, x: int, y: int) -> Floats:
    return np.asarray(cv2.Sobel(values, cv2.CV_32F, x, y, ksize=1, scale=0.5, borderType=cv2.BORDER_REPLICATE))


def _square(vectors: Flow) -> Floats:
    """Squared length, (H, W)."""
    return np.asarray(vectors[..., 0] ** 2 + vectors[..., 1] ** 2, np.float32)
