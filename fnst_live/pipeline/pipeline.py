"""`Pipeline.process`: what happens to one frame. No threads, no clocks, no Qt."""

from __future__ import annotations

from collections.abc import Callable

from fnst_live.frames.frame import Frame
from fnst_live.pipeline.stages import Compositor, Stabilizer, Stylizer


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

    def process(self, content: Frame) -> Frame:
        """Stylize at work size, steady, bring back to full size."""
        small = self.to_work_size(content)
        stylized = self.stylizer.stylize(small)
        steady = self.stabilizer.stabilize(small, stylized)
        return self.compositor.compose(content, steady)
