"""A session without cameras, networks or files: it remembers what it was told, and shows what a test puts in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fnst_live.frames.frame import FrameSize, Pixels
from fnst_live.live_events import Event, SourceOpened
from fnst_live.live_settings import LiveLook, SourceSpec
from fnst_live.pipeline.live import LiveResult
from fnst_live.pipeline.stats import LiveStats

if TYPE_CHECKING:
    from fnst_live.gui.chunk_reader import SoundChunk

SIZE = FrameSize(64, 36)
STATS = LiveStats(29.7, 61.0, 3, 240, {"capture": 1.2, "stylize": 21.0, "stabilize": 6.4, "compose": 2.1},
                  FrameSize(640, 360), FrameSize(1280, 720), "openvino bf16")


def plain(color: tuple[int, int, int], size: FrameSize = SIZE) -> Pixels:
    return np.full((size.height, size.width, 3), color, dtype=np.uint8)


def result(content: Pixels | None = None, painted: Pixels | None = None, *, stats: LiveStats = STATS,
           generation: int = 1, time_s: float | None = None) -> LiveResult:
    """Red original, blue painting."""
    return LiveResult(plain((200, 0, 0)) if content is None else content,
                      plain((0, 0, 200)) if painted is None else painted, stats, "starry-night", generation, time_s)


class FakeSession:
    """told: every command as (name, *arguments), in order. Results and events come from another thread, as in life."""

    def __init__(self, on_frame: Callable[[], None], on_event: Callable[[Event], None]):
        self.told: list[tuple[object, ...]] = []
        self.look: LiveLook | None = None
        self.pulled_count = 0
        self.position: float | None = None
        self._on_frame = on_frame
        self._on_event = on_event
        self._newest: LiveResult | None = None

    def show(self, shown: LiveResult) -> None:
        self._newest = shown
        on_another_thread(self._on_frame)

    def tell(self, event: Event) -> None:
        on_another_thread(lambda: self._on_event(event))

    def open_clip(self, duration_s: float = 10.0) -> None:
        spec = SourceSpec("video", Path("clip.mp4"))
        self.tell(SourceOpened(spec, "clip.mp4", SIZE, 25.0, duration_s))

    def commands(self, name: str) -> list[tuple[object, ...]]:
        return [command[1:] for command in self.told if command[0] == name]

    def newest(self) -> LiveResult | None:
        self.pulled_count += 1
        return self._newest

    def start(self, source: SourceSpec, look: LiveLook) -> None:
        self.look = look
        self.told.append(("start", source, look))

    def set_look(self, look: LiveLook) -> None:
        self.look = look
        self.told.append(("set_look", look))

    def open_source(self, source: SourceSpec) -> None:
        self.told.append(("open_source", source))

    def freeze(self, frozen: bool) -> None:
        self.told.append(("freeze", frozen))

    def play(self) -> None:
        self.told.append(("play",))

    def pause(self) -> None:
        self.told.append(("pause",))

    def seek(self, seconds: float) -> None:
        self.told.append(("seek", seconds))

    def step(self, frames: int) -> None:
        self.told.append(("step", frames))

    def set_loop(self, is_looping: bool) -> None:
        self.told.append(("set_loop", is_looping))

    def position_s(self) -> float | None:
        return self.position

    def sound(self, start_s: float) -> Iterator[SoundChunk]:
        self.told.append(("sound", start_s))
        return iter(())

    def snapshot(self, folder: Path) -> None:
        self.told.append(("snapshot", folder))

    def start_recording(self, folder: Path, with_original: bool, with_sound: bool = False) -> None:
        self.told.append(("start_recording", folder, with_original, with_sound))

    def stop_recording(self) -> None:
        self.told.append(("stop_recording",))

    def start_broadcast(self) -> None:
        self.told.append(("start_broadcast",))

    def stop_broadcast(self) -> None:
        self.told.append(("stop_broadcast",))

    def write_sound(self, samples: bytes, sample_rate: int, channels: int) -> None:
        self.told.append(("write_sound", samples, sample_rate, channels))

    def request_thumbnails(self, height: int) -> None:
        self.told.append(("request_thumbnails", height))

    def add_model(self, file: Path) -> None:
        self.told.append(("add_model", file))

    def close(self) -> None:
        self.told.append(("close",))


def on_another_thread(call: Callable[[], None]) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
