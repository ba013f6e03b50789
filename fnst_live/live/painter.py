"""The live runner's two steps: what happens to one frame, by the look that holds at that moment.

The look is one frozen snapshot; each step reads it once a frame. Which brush goes with it is asked of the palette only
when the look has changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import cv2
import numpy as np

from fnst_live.compose.compositor import StrengthCompositor, UpscalingCompositor, enlarged_size
from fnst_live.frames.frame import Frame
from fnst_live.frames.resize import resize, work_size
from fnst_live.live.palette import Brush, Palette
from fnst_live.live_settings import LiveLook
from fnst_live.pipeline.live import Captured, Finished, LiveSketch
from fnst_live.pipeline.work_size import WorkSizeControl
from fnst_live.settings import WORK_HEIGHT_LIMIT
from fnst_live.stabilize.choice import adjusted, make_stabilizer
from fnst_live.stabilize.stabilizer import Stabilizer
from fnst_live.stylize.engine import torch_device_of

STILL_LINES = 720


class LivePainter:
    """Satisfies `pipeline.live.LiveSteps`.

    look: replaced whole, from any thread. source_fps: what the source brings at most. is_still: it brings one frame.
    on_brush: called on the painting thread when the next frame is the first with this brush. can_steady: asked until it
    says yes; frames are not steadied before, so that none has to wait.
    """

    def __init__(
        self, look: LiveLook, palette: Palette, on_brush: Callable[[Brush], None],
        can_steady: Callable[[], bool] = lambda: True,
    ):
        self.look = look
        self.source_fps = 30.0
        self.is_still = False
        self._palette, self._on_brush, self._can_steady = palette, on_brush, can_steady
        self._brush: Brush | None = None
        self._brush_look: LiveLook | None = None
        self._size_control = WorkSizeControl()
        self._stabilizer: Stabilizer = make_stabilizer(look.stability, exact=False)
        self._torch_device: str | None = None  # where the brush paints
        self._steadied_by: tuple[float, str | None] = (look.stability, None)
        self._past: object = None

    def ask_palette_anew(self) -> None:
        """With the next frame: it holds what it did not before."""
        self._brush_look = None

    def paint(self, captured: Captured) -> LiveSketch:
        look = self.look
        stage_ms: dict[str, float] = {}
        brush = self._brush_for(look)
        content = mirrored(captured.frame) if look.mirror else captured.frame
        past = (captured.epoch, look.mirror, brush)
        if brush is None or look.strength == 0:
            style = brush.style if brush else ""
            return LiveSketch(captured, content, None, None, past, style, "", stage_ms, look.mirror)
        with _timed(stage_ms, "stylize"):
            small = self._at_work_size(content, look)
            stylized = brush.stylizer.stylize(small)
        return LiveSketch(
            captured, content, small, stylized, past, brush.style, brush.engine_label, stage_ms, look.mirror
        )

    def finish(self, sketch: LiveSketch) -> Finished:
        look, stage_ms = self.look, dict(sketch.stage_ms)
        if sketch.small is None or sketch.stylized is None:
            return Finished(sketch, sketch.content, stage_ms)
        with _timed(stage_ms, "stabilize"):
            steady = self._steadied(look, sketch.past, sketch.small, sketch.stylized)
        with _timed(stage_ms, "compose"):
            content, painted = self._composed(look, sketch.content, steady)
        self._note(look, sketch, stage_ms)
        return Finished(replace(sketch, content=content), painted, stage_ms)

    def _brush_for(self, look: LiveLook) -> Brush | None:
        """The brush that goes with the look; the one in hand until that is loaded."""
        if look is self._brush_look:
            return self._brush
        brush = self._palette.brush_for(look)
        if brush is None:
            return self._brush
        self._brush_look = look
        if self._brush is None or not brush.paints_like(self._brush):
            self._brush = brush
            self._torch_device = torch_device_of(brush.model.engine)
            self._on_brush(brush)
        return self._brush

    def _at_work_size(self, content: Frame, look: LiveLook) -> Frame:
        most_lines = min(content.size.height, WORK_HEIGHT_LIMIT)
        lines = look.work_height or self._automatic_lines(most_lines)
        size = work_size(content.size, lines, WORK_HEIGHT_LIMIT)
        return content if size == content.size else content.with_pixels(resize(content.pixels, size))

    def _automatic_lines(self, most_lines: int) -> int:
        """What stands still has time for a fine picture."""
        return min(STILL_LINES, most_lines) if self.is_still else self._size_control.lines_for(most_lines)

    def _steadied(self, look: LiveLook, past: object, small: Frame, stylized: Frame) -> Frame:
        if look.stability > 0 and not self._can_steady():
            return stylized
        return self._stabilizer_for(look, past).stabilize(small, stylized)

    def _stabilizer_for(self, look: LiveLook, past: object) -> Stabilizer:
        wanted = (look.stability, self._torch_device)
        if wanted != self._steadied_by:
            self._steadied_by, (stability, torch_device) = wanted, wanted
            self._stabilizer = adjusted(self._stabilizer, stability, exact=False, torch_device=torch_device)
        if past != self._past:
            self._past = past
            self._stabilizer.reset()
        return self._stabilizer

    def _composed(self, look: LiveLook, content: Frame, steady: Frame) -> tuple[Frame, Frame]:
        """Content and painted picture as they are shown, at one size: the content's, or larger where that is wanted."""
        compositor = StrengthCompositor(look.strength, look.keep_color)
        upscaler = self._palette.upscaler_for(look)
        if upscaler is None:
            return content, compositor.compose(content, steady)
        size = enlarged_size(content.size, steady.size, upscaler.factor)
        content = content.with_pixels(resize(content.pixels, size))
        return content, UpscalingCompositor(compositor, upscaler, size).compose(content, steady)

    def _note(self, look: LiveLook, sketch: LiveSketch, stage_ms: dict[str, float]) -> None:
        if look.work_height is not None or sketch.small is None or self.is_still:
            return
        busy_ms = max(stage_ms["stylize"], stage_ms["stabilize"] + stage_ms["compose"])
        most_lines = min(sketch.content.size.height, WORK_HEIGHT_LIMIT)
        self._size_control.target_fps = min(look.target_fps, self.source_fps)
        self._size_control.note(time.monotonic(), busy_ms, sketch.small.size.height, most_lines)


def mirrored(frame: Frame) -> Frame:
    return frame.with_pixels(np.asarray(cv2.flip(frame.pixels, 1), np.uint8))


def thumbnail_of(content: Frame, brush: Brush, lines: int) -> Frame:
    """A small frame in that style, on its own."""
    size = work_size(content.size, min(lines, content.size.height), WORK_HEIGHT_LIMIT)
    return brush.stylizer.stylize(content.with_pixels(resize(content.pixels, size)))


@contextmanager
def _timed(stage_ms: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    stage_ms[stage] = (time.perf_counter() - started) * 1000
