"""What limits the speed: numbers over the last two seconds, for the heads-up display and the work size."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from fnst_live.frames.frame import FrameSize

WINDOW_S = 2.0


@dataclass(frozen=True)
class LiveStats:
    """fps, latency_ms and stage_ms are of the last two seconds, the counts since the source was opened.

    fps: results a second. latency_ms: from the capture of a frame to its result, median. dropped_count: frames of the
    source that were never painted. stage_ms: medians per stage, in the order of the flow. work_size: what the network
    saw. engine: name and precision, empty while none is loaded.
    """

    fps: float = 0.0
    latency_ms: float = 0.0
    dropped_count: int = 0
    frame_count: int = 0
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    work_size: FrameSize = FrameSize(0, 0)
    source_size: FrameSize = FrameSize(0, 0)
    engine: str = ""


@dataclass(frozen=True)
class Measured:
    """One result: when it was ready, and what it took."""

    ready_s: float
    latency_ms: float
    stage_ms: Mapping[str, float]


class StatsMeter:
    """Results of the last two seconds. Not for two threads at once."""

    def __init__(self, window_s: float = WINDOW_S):
        self._window_s = window_s
        self._moments: deque[Measured] = deque()

    def note(self, moment: Measured) -> None:
        self._moments.append(moment)
        while moment.ready_s - self._moments[0].ready_s > self._window_s:
            self._moments.popleft()

    def clear(self) -> None:
        self._moments.clear()

    @property
    def fps(self) -> float:
        if len(self._moments) < 2:
            return 0.0
        span_s = self._moments[-1].ready_s - self._moments[0].ready_s
        return (len(self._moments) - 1) / span_s if span_s > 0 else 0.0

    @property
    def latency_ms(self) -> float:
        return statistics.median(moment.latency_ms for moment in self._moments) if self._moments else 0.0

    @property
    def stage_ms(self) -> dict[str, float]:
        """Medians, in the order of the newest moment's stages."""
        if not self._moments:
            return {}
        return {stage: self._median_of(stage) for stage in self._moments[-1].stage_ms}

    def _median_of(self, stage: str) -> float:
        return statistics.median(m.stage_ms[stage] for m in self._moments if stage in m.stage_ms)
