"""What happens to one frame, as three steps that a runner may overlap. No threads, no clocks, no Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fnst_live.frames.frame import Frame
from fnst_live.pipeline.stages import Compositor, Stabilizer, Stylizer


class Sketch(NamedTuple):
    """A frame between the steps: as it came, at work size, and stylized, at work size too; then with its motion."""

    content: Frame
    small: Frame
    stylized: Frame
    motion: Any = None


class Pipeline:
    """Content frame in, finished frame of the same size and time out."""

    def __init__(
        self,
        to_work_size: Callable[[Frame], Frame],
        stylizer: Stylizer,
        stabilizer: Stabilizer,
        compositor: Compositor,
    ):
        self.to_work_size = to_work_size
        self.stylizer = stylizer
        self.stabilizer = stabilizer
        self.compositor = compositor

    @property
    def lanes(self) -> int:
        """How many frames are worth painting at once."""
        return self.stylizer.lanes

    def process(self, content: Frame) -> Frame:
        """All steps at once."""
        return self.finish(self.watch(self.paint(content)))

    def paint(self, content: Frame) -> Sketch:
        """The first step, which keeps the engine busy: stylize at work size, each frame for itself.

        The only one that several threads may call at once.
        """
        small = self.to_work_size(content)
        return Sketch(content, small, self.stylizer.stylize(small))

    def watch(self, sketch: Sketch) -> Sketch:
        """The second, in the order of the frames: see what moves."""
        return sketch._replace(motion=self.stabilizer.watch(sketch.small))

    def finish(self, sketch: Sketch) -> Frame:
        """The third, in the order of the frames: steady, and bring back to full size."""
        steady = self.stabilizer.steady(sketch.stylized, sketch.motion)
        return self.compositor.compose(sketch.content, steady)


class Unpainted:
    """In place of a pipeline where nothing of the painting is wanted: no engine need be opened."""

    lanes = 1

    def process(self, content: Frame) -> Frame:
        return content

    paint = watch = finish = process
