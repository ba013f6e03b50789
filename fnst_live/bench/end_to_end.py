"""End to end, as the program does it: a clip into a clip by the render runner, a camera's frames into painted pictures
by the live runner. Beside each the network alone at that moment, and so the share of its speed that is reached.

The camera is a stand-in that hands over frames from memory, faster than they can be painted: what is measured is the
program, not a lens. Drawing or unpacking the camera's pictures comes on top.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from fnst_live.assembly import Painter
from fnst_live.bench.material import Material, is_large, to_and_fro
from fnst_live.bench.timing import Budget, Spread, time_on_worker, time_runs
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.resize import resize, work_size
from fnst_live.live.painter import LivePainter
from fnst_live.live.palette import Palette
from fnst_live.live_settings import LiveLook
from fnst_live.pipeline.live import Finished, LiveListener, LiveResult, LiveRunner
from fnst_live.pipeline.render import render
from fnst_live.pipeline.stages import Stylizer
from fnst_live.settings import WORK_HEIGHT_LIMIT, LookSettings
from fnst_live.sinks.video_file import VideoFileSink
from fnst_live.sources.pace import Pace
from fnst_live.sources.video_file import VideoFileSource

RENDER_RUNS = 3
FEWEST_RENDERED = 12   # frames a run,
FEWEST_LARGE = 6       # and of large ones
PICTURES_A_LANE = 3    # in a row, when the network is alone
WARM_UP_RESULTS = 3
STRETCHES = 5          # that live results are cut into
HIGHEST_SHARE = 1.1    # of the network's speed; what is above is no matter of chance
CAMERA_HEADWAY = 2     # times as fast as the network
SLOWEST_CAMERA, FASTEST_CAMERA = 30, 2000


@dataclass(frozen=True)
class PathFigures:
    """A path from one end to the other.

    fps: frames a second; of whole runs for clips, of stretches of one run live. cpu_ms: of all threads, a frame.
    network_fps: the network alone, with as many pictures at once (lanes). latency_ms: from capture to painted picture;
    stage_ms: medians, while all run at once; work_size: what the network saw; all three live only.
    """

    engine: str
    lanes: int
    fps: Spread
    cpu_ms: float
    network_fps: float
    latency_ms: Spread | None = None
    stage_ms: dict[str, float] = field(default_factory=dict)
    work_size: FrameSize | None = None

    @property
    def network_share(self) -> float:
        """Of the speed of the network alone."""
        return self.fps.median / self.network_fps

    @property
    def busy_cores(self) -> float:
        """How many on the average: where it is all of them, less work is the only way to more speed."""
        return self.cpu_ms * self.fps.median / 1000

    @property
    def is_doubtful(self) -> bool:
        """No path is faster than its network: that was slowed down while it was alone."""
        return self.network_share > HIGHEST_SHARE

    def as_json(self) -> dict[str, Any]:
        latency = {} if self.latency_ms is None else {"latency_milliseconds": self.latency_ms.as_json()}
        stages = {stage: round(milliseconds, 4) for stage, milliseconds in self.stage_ms.items()}
        return {
            "engine": self.engine, "lanes": self.lanes, "fps": self.fps.as_json(),
            "cpu_milliseconds": round(self.cpu_ms, 4), "busy_cores": round(self.busy_cores, 3),
            "network_fps": round(self.network_fps, 3),
            "network_share": round(self.network_share, 4), **latency,
            **({"stage_milliseconds": stages} if stages else {}),
            **({"work_size": list(self.work_size)} if self.work_size else {}),
        }


def render_figures(material: Material, painter: Painter, folder: Path, budget: Budget) -> PathFigures:
    """Decode, paint, steady, compose, encode: what `fnst-live video` does, without the sound."""
    network_fps = _network_fps(material, painter, budget)
    runs = [_render_once(material, painter, folder, budget) for _ in range(RENDER_RUNS)]
    cpu_ms = Spread.of([run.cpu_ms for run in runs]).median
    fps = Spread.of([run.fps for run in runs])
    return PathFigures(painter.engine_name, painter.stylizer.lanes, fps, cpu_ms, network_fps)


@dataclass(frozen=True)
class _RenderRun:
    fps: float
    cpu_ms: float


def _render_once(material: Material, painter: Painter, folder: Path, budget: Budget) -> _RenderRun:
    """With everything that belongs to it, the encoder's last frames too."""
    pipeline = painter.pipeline_for(material.format)
    sink = VideoFileSink(folder / "rendered.mp4", material.format)
    source = _LoopedClip(material, budget.seconds)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    count = render(source, pipeline.paint, [pipeline.watch, pipeline.finish], sink, lanes=pipeline.lanes)
    cpu_ms = (time.process_time() - cpu_s) * 1000 / count
    return _RenderRun(count / (time.perf_counter() - wall_s), cpu_ms)


class _LoopedClip:
    """Satisfies `pipeline.stages.Source`: the clip decoded again and again, until the time is over."""

    def __init__(self, material: Material, seconds: float):
        self.size = material.size
        self._material, self._seconds = material, seconds
        self._fewest = FEWEST_LARGE if is_large(material.size) else FEWEST_RENDERED

    def __iter__(self) -> Iterator[Frame]:
        until_s = time.monotonic() + self._seconds
        for index in itertools.count(step=self._material.clip_frame_count):
            with VideoFileSource(self._material.clip) as source:
                for frame in source:
                    number = index + frame.index
                    if number >= self._fewest and time.monotonic() >= until_s:
                        return
                    yield dataclasses.replace(
                        frame, pts=number, index=number, duration=1, time_base=self._material.format.time_base
                    )

    def close(self) -> None:
        """Nothing is open between two frames that anyone else could wait for."""


def _network_fps(material: Material, painter: Painter, budget: Budget) -> float:
    """As many pictures at once as the render runner paints."""
    stylizer, to_work_size = painter.stylizer, painter.pipeline_for(material.format).to_work_size
    count = PICTURES_A_LANE * stylizer.lanes
    pictures = [to_work_size(frame) for frame in itertools.islice(itertools.cycle(material.frames), count)]
    with ThreadPoolExecutor(stylizer.lanes) as painters:
        return time_runs(lambda: list(painters.map(stylizer.stylize, pictures)), budget, count).fps


def live_figures(material: Material, palette: Palette, look: LookSettings, budget: Budget) -> PathFigures:
    """From a frame that a camera hands over to the painted picture: steadied, mirrored, at full work size.

    Raises StyleError, EngineError, and whatever a step raises.
    """
    live_look = _live_look(material, look)
    palette.load(live_look)
    painter = LivePainter(live_look, palette, lambda _: None)
    brush = palette.brush_for(live_look)
    assert brush is not None, "it was loaded just now"
    network_fps = _alone_fps(brush.stylizer, live_look, material, budget)
    results = _Results()
    runner = LiveRunner(painter, LiveListener(results.add, results.fail))
    runner.start()
    try:
        runner.show(_StandInCamera(material, network_fps * CAMERA_HEADWAY))
        moments = results.wait_for(budget)
    finally:
        runner.close()
    return _figures_of(moments, brush.engine_label, network_fps)


def _live_look(material: Material, look: LookSettings) -> LiveLook:
    return LiveLook(
        look.style, strength=look.strength, stability=look.stability, keep_color=look.keep_color,
        work_height=min(material.size.height, WORK_HEIGHT_LIMIT), stroke_size=look.stroke_size, mirror=True,
        engine=look.engine,
    )


def _alone_fps(stylizer: Stylizer, look: LiveLook, material: Material, budget: Budget) -> float:
    frame, size = material.frames[0], work_size(material.size, look.work_height, WORK_HEIGHT_LIMIT)
    small = frame.with_pixels(resize(frame.pixels, size))
    return time_on_worker(lambda: stylizer.stylize(small), budget).fps


class _StandInCamera:
    """Satisfies `pipeline.stages.Source`. Frames from memory at a steady pace; late ones are skipped."""

    def __init__(self, material: Material, frames_per_second: float):
        self.size = material.size
        rate = round(min(max(frames_per_second, SLOWEST_CAMERA), FASTEST_CAMERA))
        self._time_base = Fraction(1, rate)
        self._frames = to_and_fro(material.frames)
        self._pace = Pace()

    def __iter__(self) -> Iterator[Frame]:
        self._pace.run()
        index = 0
        while self._pace.wait_until(float(index * self._time_base)):
            pixels = self._frames[index % len(self._frames)].pixels
            yield Frame(pixels, index, self._time_base, 1, index, time.monotonic())
            index = max(index + 1, int(self._pace.now_s / self._time_base))

    def close(self) -> None:
        self._pace.close()


@dataclass(frozen=True)
class _Moment:
    """A result, when it was ready. cpu_s: what the process had used by then. Its pictures are let go of, as a window
    does: who keeps them all has fresh memory fetched for every one, which on a card takes longer than painting it."""

    ready_s: float
    cpu_s: float
    latency_ms: float
    stage_ms: Mapping[str, float]
    work_size: FrameSize


class _Results:
    """What the live runner tells, on its threads, for somebody who waits for enough of it."""

    def __init__(self) -> None:
        self._moments: list[_Moment] = []
        self._error: Exception | None = None
        self._changed = threading.Condition()

    def add(self, _: LiveResult, finished: Finished) -> None:
        ready_s = time.monotonic()
        latency_ms = (ready_s - finished.sketch.captured.frame.captured_s) * 1000
        with self._changed:
            self._moments.append(
                _Moment(ready_s, time.process_time(), latency_ms, finished.stage_ms, finished.work_size)
            )
            self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def wait_for(self, budget: Budget) -> list[_Moment]:
        """Of as many results, and as long, as the budget says. Raises what was told to have failed."""
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or self._is_enough(budget))
            if self._error is not None:
                raise self._error
            return self._moments[WARM_UP_RESULTS:]

    def _is_enough(self, budget: Budget) -> bool:
        counted = self._moments[WARM_UP_RESULTS:]
        return len(counted) > max(budget.fewest_runs, 1) and counted[-1].ready_s - counted[0].ready_s >= budget.seconds


def _figures_of(moments: list[_Moment], engine: str, network_fps: float) -> PathFigures:
    steps_s = [after.ready_s - before.ready_s for before, after in itertools.pairwise(moments)]
    cpu_ms = (moments[-1].cpu_s - moments[0].cpu_s) * 1000 / len(steps_s)
    stages = {
        stage: statistics.median(moment.stage_ms[stage] for moment in moments) for stage in moments[-1].stage_ms
    }
    latency_ms = Spread.of([moment.latency_ms for moment in moments])
    seen = moments[-1].work_size
    return PathFigures(engine, 1, fps_of(steps_s), cpu_ms, network_fps, latency_ms, stages, seen)


def fps_of(steps_s: Sequence[float]) -> Spread:
    """Frames a second, of some stretches of equally many frames: a single step says little where threads overlap."""
    count = min(STRETCHES, len(steps_s))
    ends = [len(steps_s) * number // count for number in range(count + 1)]
    return Spread.of([(end - begin) / sum(steps_s[begin:end]) for begin, end in itertools.pairwise(ends)])
