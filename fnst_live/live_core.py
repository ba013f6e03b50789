"""What a live session does, with everything that is heavy: runner, painter, palette, sources, recording.

Made on a core thread by `LiveSession`, which says what runs on which thread. Every outcome is an event.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

from fnst_live.errors import InputError, UserError
from fnst_live.frames.frame import Frame, Pixels
from fnst_live.live_events import (
    EngineReady,
    Event,
    Failed,
    ModelAdded,
    Notice,
    RecordingSaved,
    RecordingStarted,
    SnapshotSaved,
    SourceBack,
    SourceEnded,
    SourceLost,
    SourceOpened,
    StyleChanged,
    StylesChanged,
    Thumbnails,
)
from fnst_live.live_painter import LivePainter, thumbnail_of
from fnst_live.live_recording import LiveRecording
from fnst_live.live_settings import LiveLook, SourceSpec
from fnst_live.live_sources import OpenSource, SourceListener, SourceOpener
from fnst_live.model_folders import take_over
from fnst_live.palette import Brush, Palette
from fnst_live.pipeline.live import Finished, LiveListener, LiveResult, LiveRunner
from fnst_live.sinks.dated import dated_path
from fnst_live.sinks.picture import write_picture
from fnst_live.sources.camera import CameraAccess
from fnst_live.sources.clip_player import ClipPlayer
from fnst_live.sources.clip_sound import ClipSound, SoundChunk
from fnst_live.style_library import StyleEntry, list_styles


class LiveCore:
    """on_frame, on_event: called on whichever core thread has something to tell."""

    def __init__(
        self, look: LiveLook, on_frame: Callable[[], None], on_event: Callable[[Event], None],
        cameras: CameraAccess | None = None,
    ):
        self._on_frame, self._on_event = on_frame, on_event
        self._palette = Palette()
        self._painter = LivePainter(look, self._palette, self._on_brush)
        self._runner = LiveRunner(self._painter, LiveListener(self._on_result, self.on_error))
        self._opener = SourceOpener(
            SourceListener(self._on_lost, self._on_back, self._runner.forget_past, self._on_end), cameras
        )
        self._brush: Brush | None = None
        self._finished: Finished | None = None
        self._recording: LiveRecording | None = None
        self._opened: OpenSource | None = None
        self._unloadable: LiveLook | None = None
        self._unmixable: tuple[str, str | None] | None = None
        self._thumbnail_request = 0
        self.player: ClipPlayer | None = None
        self._runner.start()

    def newest(self) -> LiveResult | None:
        return self._runner.results.newest()

    # Sources: on the thread that opens them.

    def open_first(self, spec: SourceSpec) -> None:
        """There is always a picture: where this cannot be had, the built-in scene's."""
        try:
            self._show(self._opener.open(spec))
        except InputError as error:
            self._show(self._opener.open(SourceSpec("scene")))
            if spec.kind == "camera":
                self._on_event(Notice(f"{error}; meanwhile the built-in scene plays"))
            else:
                self.on_error(error)

    def open_source(self, spec: SourceSpec) -> None:
        """The present source goes on until the new one is open. Raises InputError."""
        if self._opened is not None and is_same_camera(spec, self._opened.spec):
            self._reopen_camera(spec, self._opened.spec)
        else:
            self._show(self._opener.open(spec))

    def _reopen_camera(self, spec: SourceSpec, before: SourceSpec) -> None:
        """In another mode: a camera gives its pictures to one reader at a time. Raises InputError."""
        self._runner.end_source()
        try:
            self._show(self._opener.open(spec))
        except InputError:
            self.open_first(before)
            raise

    def _show(self, opened: OpenSource) -> None:
        self._opened = opened
        self._painter.source_fps, self._painter.is_still = opened.fps, opened.spec.kind == "picture"
        self._runner.show(opened.source, is_clip=opened.player is not None)
        self.player = opened.player
        duration_s = opened.player.duration_s if opened.player else None
        self._on_event(SourceOpened(opened.spec, opened.name, opened.source.size, opened.fps, duration_s))
        for warning in opened.warnings:
            self._on_event(Notice(warning))

    def _on_lost(self, sentence: str) -> None:
        self._on_event(SourceLost(sentence))

    def _on_back(self) -> None:
        self._on_event(SourceBack())

    def _on_end(self) -> None:
        self._on_event(SourceEnded())

    # The look.

    def set_look(self, look: LiveLook) -> bool:
        """Quick, from any thread. Whether something of it must be loaded, or told of."""
        self._painter.look = look
        self._runner.repaint()
        return self._palette.brush_for(look) is None or not self._palette.can_mix(look)

    def load_look(self) -> None:
        """On the loader thread: whatever the look of this moment needs. Raises StyleError, EngineError."""
        look = self._painter.look
        if self._unloadable is not None and wants_same_models(look, self._unloadable):
            return  # it was told, and nothing has changed since
        self._unloadable = look
        self._palette.load(look)
        self._unloadable = None
        self._painter.ask_palette_anew()
        self._runner.repaint()
        self._tell_if_unmixable(look)

    def _tell_if_unmixable(self, look: LiveLook) -> None:
        """Once for each pair, not for each touch of the slider."""
        pair = None if self._palette.can_mix(look) else (look.style, look.second_style)
        if pair is not None and pair != self._unmixable:
            self._on_event(Notice(f"{look.style} and {look.second_style} are of two models, which cannot be mixed"))
        self._unmixable = pair

    def look_at_folders(self) -> None:
        """On the loader thread: model files came, went or changed. Raises StyleError, EngineError."""
        self._palette.forget_changed()
        self._unloadable = None
        self._on_event(StylesChanged())
        if self._palette.brush_for(self._painter.look) is None and self._is_listed(self._painter.look.style):
            self.load_look()

    def add_model(self, file: Path) -> None:
        """Raises StyleError, OutputError."""
        self._on_event(ModelAdded(take_over(file)))

    @staticmethod
    def _is_listed(style: str) -> bool:
        return any(entry.name.lower() == style.lower() for entry in list_styles())

    def _on_brush(self, brush: Brush) -> None:
        before, self._brush = self._brush, brush
        if before is None or before.model.engine is not brush.model.engine:
            self._on_event(EngineReady(brush.model.engine.name, brush.model.engine.precision))
        if before is None or before.style != brush.style:
            self._on_event(StyleChanged(brush.style))

    # The picture.

    def freeze(self, *, is_frozen: bool) -> None:
        self._runner.freeze(is_frozen=is_frozen)

    def set_loop(self, *, is_looping: bool) -> None:
        self._opener.is_looping = is_looping
        if self.player is not None:
            self.player.set_loop(is_looping)

    def sound(self, start_s: float) -> Iterator[SoundChunk]:
        """Of the clip that plays; nothing where there is none. Raises InputError."""
        if self.player is None:
            return
        clip_sound = ClipSound(self.player.path, start_s)
        try:
            yield from clip_sound
        finally:
            clip_sound.close()

    def _on_result(self, _: LiveResult, finished: Finished) -> None:
        self._finished = finished
        recording = self._recording
        if recording is not None:
            recording.write(finished.painted, finished.sketch.captured.frame)
        self._on_frame()

    # Keeping: on a thread of its own.

    def snapshot(self, result: LiveResult | None, folder: Path) -> None:
        """Raises OutputError, InputError."""
        if result is None:
            raise InputError("there is no picture yet: try again in a moment")
        path = dated_path(folder, ".png")
        write_picture(path, result.painted, None)
        self._on_event(SnapshotSaved(path))

    def start_recording(self, folder: Path, *, with_original: bool, with_sound: bool) -> None:
        """Raises OutputError."""
        if self._recording is not None and not self._recording.is_over:
            return
        self.stop_recording()
        recording = LiveRecording(folder, self, with_original=with_original, with_sound=with_sound)
        recording.start()
        finished = self._finished
        if finished is not None:  # a picture that stands still sends no other
            recording.write(_as_of_now(finished.painted), _as_of_now(finished.sketch.captured.frame))
        self._recording = recording

    def stop_recording(self) -> None:
        """Waits until its thread is gone, also where it has failed."""
        recording = self._recording
        if recording is not None:
            recording.stop()
            recording.join()
            self._recording = None

    def write_sound(self, samples: bytes, sample_rate: int, channels: int) -> None:
        recording = self._recording
        if recording is not None:
            recording.write_sound(samples, sample_rate, channels)

    def on_recording_started(self, paths: tuple[Path, ...]) -> None:
        self._on_event(RecordingStarted(paths))

    def on_recording_saved(self, paths: tuple[Path, ...], warnings: tuple[str, ...]) -> None:
        self._on_event(RecordingSaved(paths, warnings))

    def on_recording_failed(self, error: Exception) -> None:
        self.on_error(error)

    # Thumbnails: on a thread of their own, the painting between two frames.

    def ask_for_thumbnails(self) -> int:
        """Quick. The number of the request; an older one is given up."""
        self._thumbnail_request += 1
        return self._thumbnail_request

    def make_thumbnails(self, request: int, lines: int) -> None:
        """The current frame in every style, file by file, those of loaded models first."""
        finished = self._finished
        if finished is None:
            return
        look, generation = self._painter.look, finished.sketch.captured.generation
        for entries in self._styles_by_file(look):
            pictures: dict[str, Pixels] = {}
            for entry in entries:
                if request != self._thumbnail_request or generation != self._runner.generation:
                    return
                picture = self._thumbnail(finished, LiveLook(style=entry.name, engine=look.engine), lines)
                if picture is not None:
                    pictures[entry.name] = picture
            self._on_event(Thumbnails(pictures, generation))

    def _styles_by_file(self, look: LiveLook) -> list[list[StyleEntry]]:
        files: dict[Path, list[StyleEntry]] = {}
        for entry in list_styles():
            files.setdefault(entry.file, []).append(entry)

        def is_unloaded(entries: list[StyleEntry]) -> bool:
            return self._palette.brush_for(LiveLook(style=entries[0].name, engine=look.engine)) is None

        return sorted(files.values(), key=is_unloaded)

    def _thumbnail(self, finished: Finished, look: LiveLook, lines: int) -> Pixels | None:
        """None where the style cannot be loaded, which is told when it is chosen."""
        try:
            self._palette.load(look, sparing=self._brush.model if self._brush else None)
        except UserError:
            return None
        brush = self._palette.brush_for(look)
        if brush is None:
            return None
        content = finished.sketch.content
        try:
            return self._runner.between_frames(lambda: thumbnail_of(content, brush, lines)).result().pixels
        except CancelledError:
            return None

    def on_error(self, error: Exception) -> None:
        self._on_event(Failed.of(error))

    def close_picture(self) -> None:
        """Waits until capturing, painting and finishing have ended."""
        self._thumbnail_request += 1
        self._runner.close()


def _as_of_now(frame: Frame) -> Frame:
    return dataclasses.replace(frame, captured_s=time.monotonic())


def is_same_camera(spec: SourceSpec, present: SourceSpec) -> bool:
    return spec.kind == present.kind == "camera" and spec.path in (None, present.path)


def wants_same_models(a: LiveLook, b: LiveLook) -> bool:
    return (a.style, a.second_style, a.engine) == (b.style, b.second_style, b.engine)
