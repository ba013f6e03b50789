"""The live window's whole business without Qt, behind quick commands: what the user asks for, and who does it.

Importing this costs nothing. `start` sets four threads to work, and whatever is heavy is imported there:

    sources     opens cameras, files and the scene; first of all it makes the core, so that there is a picture soon
    styles      loads models and their engines, looks at the models folder when it has changed
    keeping     snapshots, and the beginnings and ends of recordings and of the broadcast
    thumbnails  asks the painting thread for small pictures, one between two frames

The core has its own: capture, paint, finish (`pipeline.live`), record, broadcast; and one watches the models folder.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fnst_live.live.errands import Errands
from fnst_live.live_events import Event, Failed
from fnst_live.live_settings import LiveLook, SourceSpec

if TYPE_CHECKING:
    from fnst_live.live.core import LiveCore
    from fnst_live.live.model_folders import FolderWatch
    from fnst_live.pipeline.live import LiveResult
    from fnst_live.sources.camera import CameraAccess
    from fnst_live.sources.clip_player import ClipPlayer
    from fnst_live.sources.clip_sound import SoundChunk


class LiveSession:
    """Commands return at once; their outcome comes as an event. Both callbacks are called on core threads."""

    def __init__(
        self, on_frame: Callable[[], None], on_event: Callable[[Event], None], *, cameras: CameraAccess | None = None
    ):
        """on_frame: there is a newer result to pull; it carries none, so that nothing queues."""
        self._on_frame, self._on_event, self._cameras = on_frame, on_event, cameras
        self._core: LiveCore | None = None
        self._watch: FolderWatch | None = None
        self._look = LiveLook()
        self._look_lock = threading.Lock()
        self._sources, self._styles, self._keeping, self._thumbnails = (
            Errands(name, self._on_error) for name in ("sources", "styles", "keeping", "thumbnails")
        )

    def start(self, source: SourceSpec, look: LiveLook) -> None:
        """Open the source, load the style, and go. Once."""
        self._look = look
        self._sources.post(lambda: self._begin(source))
        for errands in (self._sources, self._styles, self._keeping, self._thumbnails):
            errands.start()

    def open_source(self, source: SourceSpec) -> None:
        """Show pictures from there; until it is open, and if it cannot be, the present source goes on."""
        self._sources.post(lambda: self._with_core(lambda core: core.open_source(source)))

    def set_look(self, look: LiveLook) -> None:
        """Effective on the next frame; a style that is not loaded yet, as soon as it is."""
        with self._look_lock:
            self._look = look
            core = self._core
            must_load = core is not None and core.set_look(look)
        if core is not None and must_load:
            self._styles.post(core.load_look)

    def newest(self) -> LiveResult | None:
        """The newest result, or None before the first."""
        return None if self._core is None else self._core.newest()

    def freeze(self, frozen: bool) -> None:  # noqa: FBT001  (one switch)
        """Hold the picture; the look can still be changed."""
        self._with_core(lambda core: core.freeze(is_frozen=frozen))

    def play(self) -> None:
        """The clip; from its beginning, if it stands at its end."""
        self._with_player(lambda player: player.play())

    def pause(self) -> None:
        self._with_player(lambda player: player.pause())

    def seek(self, seconds: float) -> None:
        self._with_player(lambda player: player.seek(seconds))

    def step(self, frames: int) -> None:
        """Pause, and go so many frames on, or back."""
        self._with_player(lambda player: player.step(frames))

    def set_loop(self, is_looping: bool) -> None:  # noqa: FBT001  (one switch)
        """For this clip and those to come."""
        self._sources.post(lambda: self._with_core(lambda core: core.set_loop(is_looping=is_looping)))

    def position_s(self) -> float | None:
        """Where the clip stands, for its sound; None where there is no clip."""
        player = None if self._core is None else self._core.player
        return None if player is None else player.position_s

    def sound(self, start_s: float) -> Iterator[SoundChunk]:
        """Chunks of the clip's sound from there on, for a thread that plays them. Raises InputError when iterated."""
        if self._core is not None:
            yield from self._core.sound(start_s)

    def snapshot(self, folder: Path) -> None:
        """Of this very moment."""
        result = self.newest()
        self._keeping.post(lambda: self._with_core(lambda core: core.keeping.snapshot(result, folder)))

    def start_recording(
        self, folder: Path, with_original: bool, with_sound: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """with_sound: a track for what `write_sound` brings; a file must know of it from the beginning."""
        self._keeping.post(lambda: self._with_core(
            lambda core: core.start_recording(folder, with_original=with_original, with_sound=with_sound)
        ))

    def stop_recording(self) -> None:
        self._keeping.post(lambda: self._with_core(lambda core: core.keeping.stop_recording()))

    def start_broadcast(self) -> None:
        """Show the painted picture to other programs, as a camera."""
        self._keeping.post(lambda: self._with_core(lambda core: core.start_broadcast()))

    def stop_broadcast(self) -> None:
        self._keeping.post(lambda: self._with_core(lambda core: core.keeping.stop_broadcast()))

    def write_sound(self, samples: bytes, sample_rate: int, channels: int) -> None:
        """s16le samples that have just been heard; nothing where nothing is recorded."""
        self._with_core(lambda core: core.keeping.record_sound(samples, sample_rate, channels))

    def request_thumbnails(self, height: int) -> None:
        """The current frame in every style, so many lines high; an older request that is not answered is given up."""
        core = self._core
        if core is not None:
            request = core.ask_for_thumbnails()
            self._thumbnails.post(lambda: core.make_thumbnails(request, height))

    def add_model(self, file: Path) -> None:
        """Check it, and take it over into the user's models folder."""
        self._styles.post(lambda: self._with_core(lambda core: core.add_model(file)))

    def close(self) -> None:
        """Ends everything, finishes a recording, and waits until every thread is gone."""
        self._sources.close()
        if self._watch is not None:
            self._watch.close()
        self.stop_recording()
        self.stop_broadcast()
        self._keeping.close(is_finishing=True)
        self._with_core(lambda core: core.close_picture())
        self._thumbnails.close()
        self._styles.close()

    def _begin(self, source: SourceSpec) -> None:
        """On the sources thread. The core waits for no style: until one is loaded pictures are shown as they come."""
        from fnst_live.live.core import LiveCore
        from fnst_live.live.model_folders import FolderWatch

        core = LiveCore(self._look, self._on_frame, self._on_event, self._cameras)
        with self._look_lock:
            self._core = core
            core.set_look(self._look)  # it may have changed meanwhile
        core.open_first(source)
        self._styles.post(core.load_look)
        self._watch = FolderWatch(lambda: self._styles.post(core.look_at_folders))
        self._watch.start()

    def _with_core(self, command: Callable[[LiveCore], object]) -> None:
        """Before the first picture, and after one that failed to come, there is nothing to command."""
        if self._core is not None:
            command(self._core)

    def _with_player(self, command: Callable[[ClipPlayer], object]) -> None:
        """Where no clip plays there is nothing to command either."""
        player = None if self._core is None else self._core.player
        if player is not None:
            command(player)

    def _on_error(self, error: Exception) -> None:
        self._on_event(Failed.of(error))
