"""The built-in scene, drawn by code: an evening at a mountain lake. It is there so that there is always something
worth painting: depth and air, water, foliage, things that move by themselves, and a camera that moves.

Flat layers lie behind one another like stage scenery (the multiplane camera of the 1930s). Each is drawn once, wider
than the picture, and then only shifted and scaled. Lengths are in parts of the picture's height, so that every size
shows the same; everything is periodic in the phase, so that it loops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import FrameSize, Pixels

Floats = npt.NDArray[np.float32]
Color = tuple[int, int, int]
Point = tuple[float, float]

SEED = 1889
MARGIN = 0.2           # of the height: how far a layer reaches beyond the picture at either side
ZOOM = 0.05            # how far the camera goes in at the middle of the loop
HORIZON = 0.56
SUN = (0.62, 0.33)     # from the left of the picture, and from its top, in heights
HILLS = (320, 640)     # rows and columns of random numbers, repeated where a picture needs more
SUBPIXEL_BITS = 4      # of the coordinates that OpenCV's drawing functions take

SKY_TOP, SKY_MIDDLE, SKY_LOW = (38, 82, 158), (138, 178, 206), (250, 205, 140)
FAR_RIDGE, NEAR_RIDGE, SNOW = (118, 132, 172), (66, 92, 112), (238, 228, 224)
WATER_TINT = np.array([0.72, 0.86, 0.98], np.float32)
GRASS: Sequence[Color] = ((44, 92, 40), (72, 124, 44), (112, 150, 52), (150, 168, 70), (34, 70, 44))
FLOWERS: Sequence[Color] = ((226, 62, 48), (250, 208, 60), (244, 240, 232), (186, 88, 190))
LEAVES: Sequence[Color] = ((30, 74, 40), (52, 104, 44), (86, 136, 50), (132, 160, 58), (190, 184, 74))
BARK, HULL, SAIL, JIB, BIRD = (62, 42, 34), (104, 48, 34), (246, 236, 214), (226, 120, 74), (44, 44, 62)
BALLOON: Sequence[Color] = ((204, 48, 42), (246, 196, 62), (204, 48, 42), (40, 92, 158), (204, 48, 42))


@dataclass(frozen=True)
class Layer:
    """One piece of scenery.

    picture: uint8 (h, w, 4), colors premultiplied by the opacity behind them; only the part that is not empty.
    corner: where that part begins on the full canvas, (x, y) in pixels.
    depth: 0 stands still at infinity, 1 moves with the camera in full.
    """

    picture: Pixels
    corner: tuple[int, int]
    depth: float


class Landscape:
    """The scene at one frame size; `picture(phase)` draws it at any moment of its loop."""

    def __init__(self, size: FrameSize):
        self.size = size
        self._unit = float(size.height)
        self._margin = round(MARGIN * self._unit)
        self._width = size.width + 2 * self._margin
        rng = np.random.default_rng(SEED)
        self._sky = self._draw_sky(rng)
        self._clouds = self._draw_clouds(rng)
        self._ridges = [self._draw_ridge(rng, 0.30, FAR_RIDGE, 0.25), self._draw_ridge(rng, 0.42, NEAR_RIDGE, 0.4)]
        self._meadow = self._draw_meadow(rng)
        self._tree = self._draw_tree(rng)
        self._water_rows = slice(round(HORIZON * self._unit), size.height)
        self._glitter = self._draw_glitter(rng)

    def picture(self, phase: float) -> Pixels:
        """uint8 (H, W, 3) RGB; phase 0..1 is one round of the loop."""
        scene = np.zeros((self.size.height, self.size.width, 3), np.uint8)
        self._lay(scene, self._sky, phase)
        self._lay(scene, self._clouds, phase, drift=0.05 * math.sin(math.tau * phase))
        self._draw_birds(scene, phase)
        for ridge in self._ridges:
            self._lay(scene, ridge, phase)
        self._draw_balloon(scene, phase)
        self._reflect(scene, phase)
        self._draw_boat(scene, phase)
        self._lay(scene, self._meadow, phase)
        self._lay(scene, self._tree, phase, sway=0.012 * math.sin(2 * math.tau * phase))
        return scene

    # The camera

    def _lay(self, scene: Pixels, layer: Layer, phase: float, drift: float = 0.0, sway: float = 0.0) -> None:
        """Put a layer over what is there already, where it is seen."""
        matrix = self._camera(layer.depth, phase, drift, sway)
        matrix[:, 2] -= layer.corner
        rows, columns = self._seen(layer, matrix)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        matrix[:, 2] += matrix[:, :2] @ np.array([columns.start, rows.start], np.float32)
        size = columns.stop - columns.start, rows.stop - rows.start
        seen = cv2.warpAffine(
            layer.picture, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        behind = cv2.cvtColor(255 - seen[..., 3], cv2.COLOR_GRAY2RGB)
        colors = cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB)
        scene[rows, columns] = cv2.add(cv2.multiply(scene[rows, columns], behind, scale=1 / 255), colors)

    def _seen(self, layer: Layer, matrix: Floats) -> tuple[slice, slice]:
        """Rows and columns of the picture that the layer covers."""
        height, width = layer.picture.shape[:2]
        corners = np.array([[[0, 0], [width, 0], [0, height], [width, height]]], np.float32)
        seen = cv2.transform(corners, cv2.invertAffineTransform(matrix))[0]
        (left, top), (right, bottom) = np.floor(seen.min(0)).astype(int), np.ceil(seen.max(0)).astype(int) + 1
        rows = slice(max(0, int(top)), min(self.size.height, int(bottom)))
        return rows, slice(max(0, int(left)), min(self.size.width, int(right)))

    def _camera(self, depth: float, phase: float, drift: float, sway: float) -> Floats:
        """From the picture to the layer: to and fro sideways, and a little in and out; sway leans what stands up."""
        zoom = 1 - ZOOM * depth * (1 - math.cos(math.tau * phase)) / 2
        middle_x, middle_y = self.size.width / 2, HORIZON * self._unit
        pan = self._margin * 0.7 * depth * math.sin(math.tau * phase) + drift * self._unit
        x0 = self._margin + middle_x * (1 - zoom) + pan - sway * self._unit
        return np.array([[zoom, sway, x0], [0, zoom, middle_y * (1 - zoom)]], np.float32)

    def _on_screen(self, points: Sequence[Point], depth: float, phase: float) -> Floats:
        """Where points of a layer, in pixels, are seen: the camera turned round. (N, 2)"""
        matrix = cv2.invertAffineTransform(self._camera(depth, phase, 0.0, 0.0))
        return np.asarray(cv2.transform(np.array([points], np.float32), matrix)[0], np.float32)

    # Scenery that is drawn once

    def _draw_sky(self, rng: np.random.Generator) -> Layer:
        height, width = self.size.height, self._width
        rows = np.linspace(0, 1 / HORIZON, height)
        gradient = np.stack(
            [np.interp(rows, (0.0, 0.55, 1.0), levels) for levels in zip(SKY_TOP, SKY_MIDDLE, SKY_LOW, strict=True)], 1
        )
        sky = np.repeat(gradient[:, None].astype(np.float32) / 255, width, 1)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32(self._unit)
        sun_x = MARGIN + SUN[0] * self.size.width / self._unit
        distance = np.hypot(x - sun_x, y - SUN[1])[..., None]
        sky += np.exp(-distance / 0.14) * np.array([0.55, 0.38, 0.1], np.float32)
        disc = np.clip((0.045 - distance) * self._unit + 0.5, 0, 1)
        sky = sky * (1 - disc) + disc * np.array([1.0, 0.95, 0.72], np.float32)
        sky += 0.02 * fractal_noise(rng, height, width, self._unit / 6, 4)[..., None]
        return _layer(sky, np.ones((height, width), np.float32), 0.1)

    def _draw_clouds(self, rng: np.random.Generator) -> Layer:
        height, width = self.size.height, self._width
        stretched = fractal_noise(rng, height, width // 3 + 1, self._unit / 9, 5)
        noise = np.asarray(cv2.resize(stretched, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
        rows = np.linspace(0, 1 / HORIZON, height, dtype=np.float32)[:, None]
        opacity = np.clip((noise - 0.05) * 2.2, 0, 0.9) * np.clip(1.05 - rows, 0, 1)
        lit = np.clip(0.5 + np.gradient(noise, axis=0) * self._unit / 24, 0, 1)[..., None]
        colors = lit * np.array([1.0, 0.93, 0.84], np.float32) + (1 - lit) * np.array([0.74, 0.58, 0.62], np.float32)
        return _layer(colors, opacity, 0.12)

    def _draw_ridge(self, rng: np.random.Generator, top: float, color: Color, depth: float) -> Layer:
        """A mountain range with its peaks around `top`, lit from the sun's side, snow on what is high."""
        height, width, unit = self.size.height, self._width, self._unit
        profile = fractal_noise(rng, 1, width, unit / 2.2, 6)[0]
        crest = (top + (HORIZON - top) * (0.35 - 0.55 * profile)) * unit               # (W,)
        y = np.arange(height, dtype=np.float32)[:, None]
        opacity = np.clip(y - crest[None] + 0.5, 0, 1)
        rock = fractal_noise(rng, height, width, unit / 9, 6)
        light = np.clip(1 + 0.9 * np.gradient(rock, axis=1) * unit / 40 + 0.25 * rock, 0.55, 1.5)[..., None]
        haze = np.clip((y - crest[None]) / (0.4 * unit), 0, 0.6)[..., None]
        is_snow = np.clip((0.36 + 0.06 * rock - y / unit) * 30, 0, 1)[..., None]
        tint = np.array(color, np.float32) / 255
        ground = (tint * (1 - is_snow) + np.array(SNOW, np.float32) / 255 * is_snow) * light
        return _layer(ground * (1 - haze) + np.array(SKY_LOW, np.float32) / 255 * haze * 0.9, opacity, depth)

    def _draw_meadow(self, rng: np.random.Generator) -> Layer:
        """The near shore: soil, some thousand blades of grass, and flowers."""
        height, width, unit = self.size.height, self._width, self._unit
        canvas, mask = self._blank(LEAVES[0])
        profile = fractal_noise(rng, 1, width, unit / 1.5, 3)[0]
        shore = (0.86 - 0.05 * profile - 0.07 * np.linspace(-1, 1, width) ** 2) * unit
        outline = [*enumerate(shore.tolist()), (width, height), (0, height)]
        for picture, color in ((canvas, GRASS[0]), (mask, (255, 255, 255))):
            cv2.fillPoly(picture, [_fixed(outline)], color, cv2.LINE_AA, SUBPIXEL_BITS)
        for nearness in np.sort(rng.random(5000)):
            x = rng.random() * width
            y = shore[int(x)] + nearness**1.5 * (height - shore[int(x)]) + 0.01 * unit
            length = (0.012 + 0.05 * nearness) * unit * rng.uniform(0.5, 1)
            blade = [(x, y), (x + rng.normal(0, 0.25) * length, y - length)]
            color = GRASS[int(rng.integers(len(GRASS)))]
            if rng.random() < 0.05:
                self._dot((canvas, mask), blade[1], (0.004 + 0.008 * nearness) * unit, FLOWERS[int(rng.integers(4))])
            self._stroke((canvas, mask), blade, color, (0.001 + 0.004 * nearness) * unit)
        return _layer(canvas / 255, mask[..., 0] / 255, 1.0)

    def _draw_tree(self, rng: np.random.Generator) -> Layer:
        """An old tree at the left: a leaning trunk, and leaves in clumps that are lighter towards the sun."""
        unit = self._unit
        canvas, mask = self._blank(LEAVES[0])
        foot, crown = (self._margin + 0.10 * unit, 1.0 * unit), (self._margin + 0.16 * unit, 0.30 * unit)
        trunk = [(foot[0] - 0.04 * unit, foot[1]), (crown[0] - 0.008 * unit, crown[1]),
                 (crown[0] + 0.008 * unit, crown[1]), (foot[0] + 0.05 * unit, foot[1])]
        for picture, color in ((canvas, BARK), (mask, (255, 255, 255))):
            cv2.fillPoly(picture, [_fixed(trunk)], color, cv2.LINE_AA, SUBPIXEL_BITS)
        for _ in range(26):
            reach = rng.uniform(0.05, 0.26) * unit
            angle = rng.uniform(-0.15 * math.pi, 1.15 * math.pi)
            middle = crown[0] + reach * math.cos(angle), crown[1] + 0.10 * unit - 0.85 * reach * math.sin(angle)
            self._stroke((canvas, mask), [(crown[0] - 0.01 * unit, crown[1] + 0.22 * unit), middle], BARK, 0.008 * unit)
        for light in np.sort(rng.random(3200)):
            angle, reach = rng.uniform(0, math.tau), math.sqrt(rng.random()) * 0.27 * unit
            wobble = 1 + 0.22 * math.sin(5 * angle) + 0.12 * math.sin(9 * angle + 1)
            x = crown[0] + reach * wobble * math.cos(angle) + 0.05 * unit * (light - 0.5)
            y = crown[1] + 0.9 * reach * wobble * math.sin(angle) - 0.09 * unit * (light - 0.4)
            shade = LEAVES[min(4, int(4.6 * light * rng.uniform(0.55, 1.1)))]
            self._dot((canvas, mask), (x, y), rng.uniform(0.004, 0.011) * unit, shade)
        return _layer(canvas / 255, mask[..., 0] / 255, 0.9)

    def _draw_glitter(self, rng: np.random.Generator) -> Floats:
        """How readily each place of the lake flashes: flat flecks, (h, W)."""
        height, width = self._height_of(self._water_rows), self.size.width
        narrow = fractal_noise(rng, height, width // 4 + 1, self._unit / 110, 2)
        return np.asarray(cv2.resize(narrow, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

    def _blank(self, color: Color) -> tuple[Pixels, Pixels]:
        """Canvas and mask to draw on; the color stands below soft edges."""
        shape = (self.size.height, self._width, 3)
        return np.full(shape, color, np.uint8), np.zeros(shape, np.uint8)

    def _stroke(self, pictures: Sequence[Pixels], points: Sequence[Point], color: Color, width: float) -> None:
        """A line of at least one pixel on the canvas, and the same on its mask."""
        for picture, paint in zip(pictures, (color, (255, 255, 255)), strict=False):
            cv2.polylines(picture, [_fixed(points)], False, paint, max(1, round(width)), cv2.LINE_AA, SUBPIXEL_BITS)  # noqa: FBT003

    def _dot(self, pictures: Sequence[Pixels], middle: Point, radius: float, color: Color) -> None:
        center = _fixed([middle])[0]
        for picture, paint in zip(pictures, (color, (255, 255, 255)), strict=False):
            cv2.circle(picture, center, round(radius * 2**SUBPIXEL_BITS), paint, -1, cv2.LINE_AA, SUBPIXEL_BITS)

    # What moves by itself

    def _reflect(self, scene: Pixels, phase: float) -> None:
        """The lake: what stands above the horizon, upside down, broken by waves that grow towards us."""
        rows, unit = self._water_rows, self._unit
        height, width = self._height_of(rows), self.size.width
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        nearness = y / max(height, 1)
        waves = np.sin(60 * np.sqrt(nearness + 0.01) - math.tau * 3 * phase + 0.8 * np.sin(x * (9 / unit)))
        ripples = np.sin(y * (220 / unit) + x * (14 / unit) + math.tau * 5 * phase)
        from_y = rows.start - 1 - y * 0.9 + (3 * waves + ripples) * nearness * unit / 120
        from_x = x + (waves + 0.5 * ripples) * nearness * unit / 60
        mirrored = cv2.remap(scene, from_x, np.maximum(from_y, 0), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        shine = np.clip(1.6 * (self._glitter + 0.45 * waves + 0.2 * ripples - 0.5), 0, 0.85) * np.exp(
            -np.abs(x / unit - SUN[0] * width / unit) / (0.06 + 0.12 * nearness)
        )
        water = mirrored * (WATER_TINT * (0.92 - 0.3 * nearness[..., None])) + 255 * shine[..., None]
        scene[rows] = np.minimum(water, 255)

    def _draw_boat(self, scene: Pixels, phase: float) -> None:
        """Sails from beyond the left edge to beyond the right one."""
        unit, line = self._unit, 0.022  # where it touches the water, below its middle
        x = -0.15 * unit + (self._width + 0.3 * unit) * ((phase + 0.45) % 1)
        y = (0.66 + 0.004 * math.sin(3 * math.tau * phase)) * unit
        lean = 0.02 * math.sin(2 * math.tau * phase)
        mainsail, jib = [(0.0, -0.006), (lean, -0.15), (0.06, -0.012)], [(-0.006, -0.01), (lean, -0.13), (-0.05, -0.01)]
        hull = [(-0.07, 0.0), (0.075, -0.004), (0.05, line), (-0.05, line)]
        for shape, color in ((mainsail, SAIL), (jib, JIB), (hull, HULL)):
            for flip, opacity in ((-1.0, 0.5), (1.0, 1.0)):  # its reflection, and itself
                points = [(x + dx * unit, y + (line + flip * (dy - line)) * unit) for dx, dy in shape]
                self._fill(scene, self._on_screen(points, 0.6, phase), color, opacity)

    def _draw_balloon(self, scene: Pixels, phase: float) -> None:
        """Rises and sinks in front of the mountains. Its stripes are ever narrower ellipses over one another."""
        unit, radius = self._unit, 0.065 * self._unit
        x = self._margin + (0.26 + 0.05 * math.cos(math.tau * phase)) * self.size.width + 0.1 * unit
        y = (0.27 + 0.06 * math.sin(math.tau * phase)) * unit
        ropes = [(-0.02, 0.06), (0.02, 0.06), (0.012, 0.094), (-0.012, 0.094)]
        basket = [(-0.012, 0.094), (0.012, 0.094), (0.01, 0.114), (-0.01, 0.114)]
        for shape, opacity in ((ropes, 0.45), (basket, 1.0)):
            points = [(x + dx * unit, y + dy * unit) for dx, dy in shape]
            self._fill(scene, self._on_screen(points, 0.45, phase), BARK, opacity)
        for i, color in enumerate(BALLOON):
            half = radius * math.cos(math.pi * i / (2 * len(BALLOON) - 1))
            points = [(x + half * math.sin(a), y + 1.12 * radius * math.cos(a)) for a in np.linspace(0, math.tau, 40)]
            self._fill(scene, self._on_screen(points, 0.45, phase), color, 1.0)

    def _draw_birds(self, scene: Pixels, phase: float) -> None:
        """A loose row of birds that crosses the sky against the boat."""
        unit = self._unit
        for i in range(5):
            x = self.size.width * (1.15 - 1.3 * phase) + (i - 2) * 0.07 * unit
            y = (0.13 + 0.03 * abs(i - 2) + 0.015 * math.sin(math.tau * (2 * phase + i / 5))) * unit
            flap = 0.018 * math.sin(math.tau * (14 * phase + i / 3)) - 0.004
            wings = [(-0.03, flap), (-0.012, -0.006), (0, 0.004), (0.012, -0.006), (0.03, flap), (0, 0.012)]
            self._fill(scene, np.array([(x + dx * unit, y + dy * unit) for dx, dy in wings]), BIRD, 0.9)

    def _fill(self, scene: Pixels, points: npt.NDArray[Any], color: Color, opacity: float) -> None:
        """A polygon (N, 2) with smooth edges, blended into the part of the scene where it lies."""
        left, top = np.maximum(np.floor(points.min(0)).astype(int) - 2, 0)
        right, bottom = np.minimum(np.ceil(points.max(0)).astype(int) + 3, self.size)
        if right <= left or bottom <= top:
            return
        mask = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillPoly(mask, [_fixed(points - (left, top))], 255, cv2.LINE_AA, SUBPIXEL_BITS)
        share = mask[..., None] * np.float32(opacity / 255)
        part = scene[top:bottom, left:right]
        part[:] = np.rint(part * (1 - share) + share * np.array(color, np.float32))

    @staticmethod
    def _height_of(rows: slice) -> int:
        return int(rows.stop - rows.start)


def fractal_noise(rng: np.random.Generator, height: int, width: int, cell: float, octaves: int) -> Floats:
    """Smooth random hills, about -1..1, float32 (height, width): each octave half as large and half as strong.

    cell: pixels from hill to hill. The same generator gives the same hills at every size.
    """
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        step = max(cell / 2**octave, 1.0)
        rows, columns = math.ceil(height / step) + 3, math.ceil(width / step) + 3
        hills = rng.uniform(-1, 1, HILLS).astype(np.float32)
        grid = hills[np.ix_(np.arange(rows) % HILLS[0], np.arange(columns) % HILLS[1])]
        size = round(columns * step), round(rows * step)
        total += cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)[:height, :width] / np.float32(2**octave)
    return total


def _layer(colors: npt.NDArray[Any], opacity: npt.NDArray[Any], depth: float) -> Layer:
    """colors (H, W, 3) and opacity (H, W) in 0..1, cut to what is not empty, with a pixel of nothing around it."""
    rows, columns = (np.flatnonzero(opacity.max(axis=axis) > 0) for axis in (1, 0))
    top, left = max(0, int(rows[0]) - 1), max(0, int(columns[0]) - 1)
    part = slice(top, int(rows[-1]) + 2), slice(left, int(columns[-1]) + 2)
    share = opacity[part][..., None]
    picture = np.concatenate([np.clip(colors[part], 0, 1) * share, share], axis=2)
    return Layer(np.rint(picture * 255).astype(np.uint8), (left, top), depth)


def _fixed(points: Any) -> npt.NDArray[np.int32]:
    """OpenCV draws to fractions of a pixel when it is given whole numbers of them."""
    fixed: npt.NDArray[np.int32] = np.round(np.array(points) * 2**SUBPIXEL_BITS).astype(np.int32)
    return fixed
