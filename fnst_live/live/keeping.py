"""Where the live picture goes beside the window: snapshots, recordings, and the camera that other programs see.

On a thread of its own, but for what says otherwise.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame
from fnst_live.live.broadcast import Broadcast
from fnst_live.live.painter import mirrored
from fnst_live.live.recording import LiveRecording
from fnst_live.live_events import (
    BroadcastEnded,
    BroadcastStarted,
    Event,
    Failed,
    RecordingLost,
    RecordingSaved,
    RecordingStarted,
    SnapshotSaved,
)
from fnst_live.pipeline.live import Finished, LiveResult
from fnst_live.sinks.dated import dated_path
from fnst_live.sinks.picture import write_picture
from fnst_live.sinks.virtual_camera import VirtualCameraSink, find_virtual_camera


class Keeping:
    """Satisfies `live.recording.RecordingListener`. One recording at a time, and one broadcast."""

    def __init__(self, on_event: Callable[[Event], None]):
        self._on_event = on_event
        self._recording: LiveRecording | None = None
        self._broadcast: Broadcast | None = None

    def snapshot(self, result: LiveResult | None, folder: Path) -> None:
        """Raises OutputError, InputError."""
        if result is None:
            raise InputError("there is no picture yet: try again in a moment")
        path = dated_path(folder, ".png")
        write_picture(path, result.painted, None)
        self._on_event(SnapshotSaved(path))

    def start_recording(self, newest: Finished | None, folder: Path, *, with_original: bool, with_sound: bool) -> None:
        """newest: the first picture, since one that stands still is followed by no other. Raises OutputError."""
        if self._recording is not None and not self._recording.is_over:
            return
        self.stop_recording()
        recording = LiveRecording(folder, self, with_original=with_original, with_sound=with_sound)
        recording.start()
        if newest is not None:
            recording.write(_as_of_now(newest.painted), _as_of_now(newest.sketch.captured.frame))
        self._recording = recording

    def stop_recording(self) -> None:
        """Waits until its thread is gone, also where it has failed."""
        recording = self._recording
        if recording is not None:
            recording.stop()
            recording.join()
            self._recording = None

    def take(self, finished: Finished) -> None:
        """On the finishing thread, with every picture."""
        recording, broadcast = self._recording, self._broadcast
        if recording is not None:
            recording.write(finished.painted, finished.sketch.captured.frame)
        if broadcast is not None:
            broadcast.show(_as_others_see(finished))

    def start_broadcast(self, newest: Finished | None) -> None:
        """newest: the first picture, whose size the camera has from there on. Raises OutputError, InputError."""
        self.stop_broadcast()
        if newest is None:
            raise InputError("there is no picture yet: try again in a moment")
        camera = VirtualCameraSink(find_virtual_camera(), newest.painted.size)
        broadcast = Broadcast(camera, self._on_broadcast_failed)
        broadcast.show(_as_others_see(newest))
        self._broadcast = broadcast
        self._on_event(BroadcastStarted(camera.name))
        broadcast.start()

    def stop_broadcast(self) -> None:
        """Waits until its thread is gone."""
        broadcast, self._broadcast = self._broadcast, None
        if broadcast is not None:
            broadcast.stop()
            self._on_event(BroadcastEnded())

    def _on_broadcast_failed(self, error: Exception) -> None:
        self._broadcast = None
        self._on_event(BroadcastEnded())
        self._on_event(Failed.of(error))

    def record_sound(self, samples: bytes, sample_rate: int, channels: int) -> None:
        """On any thread."""
        recording = self._recording
        if recording is not None:
            recording.write_sound(samples, sample_rate, channels)

    def on_recording_started(self, paths: tuple[Path, ...]) -> None:
        self._on_event(RecordingStarted(paths))

    def on_recording_saved(self, paths: tuple[Path, ...], warnings: tuple[str, ...]) -> None:
        self._on_event(RecordingSaved(paths, warnings))

    def on_recording_failed(self, error: Exception) -> None:
        self._on_event(RecordingLost())
        self._on_event(Failed.of(error))


def _as_others_see(finished: Finished) -> Frame:
    """A mirror is for who stands before it: others would read writing backwards."""
    return mirrored(finished.painted) if finished.sketch.is_mirrored else finished.painted


def _as_of_now(frame: Frame) -> Frame:
    return dataclasses.replace(frame, captured_s=time.monotonic())
