"""Every stage but the network, alone: what it takes when nobody else wants the cores."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from fnst_live.assembly import Painter
from fnst_live.bench.material import Material, endless, to_and_fro, write_clip
from fnst_live.bench.timing import Budget, Timing, time_runs
from fnst_live.compose.compositor import StrengthCompositor
from fnst_live.frames.frame import Frame
from fnst_live.sources.video_file import VideoFileSource
from fnst_live.stabilize.choice import make_stabilizer
from fnst_live.stabilize.flow import BackwardFlow, Gray, halved

FEWEST_CLIPS = 3  # decoded or encoded as a whole, since codecs work ahead


class StageBench:
    """All stages at one size. `named` gives them in the order of the flow, each as something that can be timed."""

    def __init__(self, material: Material, painter: Painter, folder: Path, budget: Budget):
        self._material, self._folder, self._budget = material, folder, budget
        self._look, self._torch_device = painter.look, painter.torch_device
        to_work_size = painter.pipeline_for(material.format).to_work_size
        self._small = [to_work_size(frame) for frame in material.frames]
        self._stylized = [painter.stylizer.stylize(frame) for frame in self._small]

    @property
    def named(self) -> dict[str, Callable[[], Timing]]:
        """The stabilizer as clips and as live pictures are steadied; on a card both are the same."""
        return {"decode": self._decode, **self._steadying, "compose": self._compose, "encode": self._encode}

    @property
    def _steadying(self) -> dict[str, Callable[[], Timing]]:
        """What the processor's stabilizer takes includes the flow."""
        if self._torch_device is not None:
            return {"stabilize": lambda: self._stabilize(exact=True)}
        return {
            "flow": lambda: self._flow(exact=True),
            "flow, live": lambda: self._flow(exact=False),
            "stabilize": lambda: self._stabilize(exact=True),
            "stabilize, live": lambda: self._stabilize(exact=False),
        }

    def _decode(self) -> Timing:
        def decode() -> None:
            with VideoFileSource(self._material.clip) as source:
                for _ in source:
                    pass

        return self._time_clips(decode, self._material.clip_frame_count)

    def _flow(self, *, exact: bool) -> Timing:
        search = BackwardFlow(exact=exact)
        grays = [_half_gray(frame) for frame in to_and_fro(self._small)]
        pairs = itertools.pairwise(itertools.cycle(grays))

        def estimate() -> None:
            before, now = next(pairs)
            search.estimate(now, before)

        return time_runs(estimate, self._budget)

    def _stabilize(self, *, exact: bool) -> Timing:
        stabilizer = make_stabilizer(self._look.stability, exact=exact, torch_device=self._torch_device)
        pairs = self._painted_frames(self._small)
        stabilizer.stabilize(*next(pairs))
        return time_runs(lambda: stabilizer.stabilize(*next(pairs)), self._budget)

    def _compose(self) -> Timing:
        compositor = StrengthCompositor(self._look.strength, self._look.keep_color)
        pairs = self._painted_frames(self._material.frames)
        return time_runs(lambda: compositor.compose(*next(pairs)), self._budget)

    def _encode(self) -> Timing:
        compositor = StrengthCompositor(self._look.strength, self._look.keep_color)
        painted = [compositor.compose(*pair) for pair in zip(self._material.frames, self._stylized, strict=True)]
        count = 2 * len(to_and_fro(painted))

        def encode() -> None:
            frames = itertools.islice(endless(painted), count)
            write_clip(self._folder / "encoded.mp4", self._material.format, frames)

        return self._time_clips(encode, count)

    def _time_clips(self, run: Callable[[], None], frame_count: int) -> Timing:
        budget = Budget(self._budget.seconds, min(FEWEST_CLIPS, self._budget.fewest_runs))
        return time_runs(run, budget, frame_count)

    def _painted_frames(self, contents: Sequence[Frame]) -> Iterator[tuple[Frame, Frame]]:
        """Content and stylized, for ever."""
        return zip(endless(contents), endless(self._stylized), strict=False)


def _half_gray(frame: Frame) -> Gray:
    return halved(np.asarray(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY), np.uint8))
