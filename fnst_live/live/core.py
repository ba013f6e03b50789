"""What a live session does, with everything that is heavy: what is shown, and how it looks; the rest it hands on.

Made on a core thread by `LiveSession`, which says what runs on which thread. Every outcome is an event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from fnst_live.errors import InputError
from fnst_live.live.keeping import Keeping
from fnst_live.live.model_folders import take_over
from fnst_live.live.opening import OpenSource, SourceListener, SourceOpener
from fnst_live.live.painter import LivePainter
from fnst_live.live.palette import Brush, Palette
from fnst_live.live.thumbnails import ThumbnailMaker
from fnst_live.live_events import (
    EngineReady,
    Event,
    Failed,
    ModelAdded,
    Notice,
    SourceBack,
    SourceEnded,
    SourceLost,
    SourceOpened,
    StyleChanged,
    StylesChanged,
)
from fnst_live.live_settings import LiveLook, SourceSpec
from fnst_live.pipeline.live import Finished, LiveListener, LiveResult, LiveRunner
from fnst_live.sources.camera import CameraAccess
from fnst_live.sources.clip_player import ClipPlayer
from fnst_live.sources.clip_sound import ClipSound, SoundChunk
from fnst_live.stabilize.warm_up import WarmUp
from fnst_live.style_library import list_styles
from fnst_live.stylize.engine import torch_device_of


class LiveCore:
    """on_frame, on_event: called on whichever core thread has something to tell."""

    def __init__(
        self, look: LiveLook, on_frame: Callable[[], None], on_event: Callable[[Event], None],
        cameras: CameraAccess | None = None,
    ):
        self._on_frame, self._on_event = on_frame, on_event
        self._palette = Palette()
        self._warm_up = WarmUp()
        self._painter = LivePainter(look, self._palette, self._on_brush, self._warm_up.is_over)
        self._runner = LiveRunner(self._painter, LiveListener(self._on_result, self.on_error))
        self._thumbnails = ThumbnailMaker(self._runner, self._palette, on_event)
        self.keeping = Keeping(on_event)
        self._opener = SourceOpener(
            SourceListener(self._on_lost, self._on_back, self._runner.forget_past, self._on_end), cameras
        )
        self._brush: Brush | None = None
        self._finished: Finished | None = None
        self._opened: OpenSource | None = None
        self._unloadable: LiveLook | None = None
        self._unmixable: tuple[str, str | None] | None = None
        self.player: ClipPlayer | None = None
        self._runner.start()

    def newest(self) -> LiveResult | None:
        return self._runner.results.newest()

    def open_first(self, spec: SourceSpec) -> None:
        """On the thread that opens sources. There is always a picture: where this cannot be had, the scene's."""
        try:
            self._show(self._opener.open(spec))
        except InputError as error:
            self._show(self._opener.open(SourceSpec("scene")))
            if spec.kind in ("camera", "network", "screen"):
                self._on_event(Notice(f"{error}; meanwhile the built-in scene plays"))
            else:
                self.on_error(error)

    def open_source(self, spec: SourceSpec) -> None:
        """On the same thread. The present source goes on until the new one is open. Raises InputError."""
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

    def set_look(self, look: LiveLook) -> bool:
        """Quick, from any thread. Whether something of it must be loaded, or told of."""
        self._painter.look = look
        if self._unloadable is not None and not wants_same_models(look, self._unloadable):
            self._unloadable = None  # asked for again later, it is tried again
        self._runner.repaint()
        return not (self._palette.has_all_of(look) and self._palette.can_mix(look))

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
            self._warm_up.prepare(torch_device_of(brush.model.engine))
            self._on_event(EngineReady(brush.model.engine.name, brush.model.engine.precision))
        if before is None or before.style != brush.style:
            self._on_event(StyleChanged(brush.style))

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
        self.keeping.take(finished)
        self._on_frame()

    def start_recording(self, folder: Path, *, with_original: bool, with_sound: bool) -> None:
        """Raises OutputError."""
        self.keeping.start_recording(self._finished, folder, with_original=with_original, with_sound=with_sound)

    def start_broadcast(self) -> None:
        """Raises OutputError, InputError."""
        self.keeping.start_broadcast(self._finished)

    def ask_for_thumbnails(self) -> int:
        """Quick, from any thread. The number of the request."""
        return self._thumbnails.ask()

    def make_thumbnails(self, request: int, lines: int) -> None:
        """On a thread of its own."""
        in_use = None if self._brush is None else self._brush.model
        if self._finished is not None:
            self._thumbnails.make(request, self._finished, self._painter.look.engine, lines, in_use)

    def on_error(self, error: Exception) -> None:
        self._on_event(Failed.of(error))

    def close_picture(self) -> None:
        """Waits until capturing, painting and finishing have ended."""
        self._thumbnails.give_up()
        self._runner.close()


def is_same_camera(spec: SourceSpec, present: SourceSpec) -> bool:
    return spec.kind == present.kind == "camera" and spec.path in (None, present.path)


def wants_same_models(a: LiveLook, b: LiveLook) -> bool:
    return (a.style, a.second_style, a.engine, a.upscale) == (b.style, b.second_style, b.engine, b.upscale)
