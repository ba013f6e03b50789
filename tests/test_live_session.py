"""A whole session on its threads: scene, clips, pictures, a camera that is a fake, a small network. No window.

Everything is waited for by what the session tells; the network is tiny, and runs on torch.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np
import pytest
import torch
from PIL import Image

from fnst_live import paths, style_library
from fnst_live.live_events import (
    EngineReady,
    Event,
    Failed,
    ModelAdded,
    Notice,
    RecordingLost,
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
from fnst_live.live_session import LiveSession
from fnst_live.live_settings import LiveLook, SourceSpec
from fnst_live.pipeline.live import LiveResult
from fnst_live.sources import camera as camera_module
from fnst_live.sources.camera import CameraAccess, Capture
from fnst_live.sources.devices import Camera, CameraMode

PATIENCE_S = 20
LOOK = LiveLook("garden", engine="torch", work_height=32, stability=0)
SCENE = SourceSpec("scene")
CAMERA = SourceSpec("camera")
WEBCAM = Camera("HD Webcam", Path("/dev/video0"))

E = TypeVar("E", bound=Event)
WriteModel = Callable[..., Path]
WriteClip = Callable[..., Path]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(camera_module, "LOOK_AGAIN_S", 0.01)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class FakeUsb:
    """A camera that gives pictures of growing brightness while it is plugged in."""

    def __init__(self) -> None:
        self.is_plugged = True
        self.reader_count = 0
        self.modes: list[CameraMode | None] = []
        self._level = 0

    def access(self) -> CameraAccess:
        modes = [CameraMode("MJPG", 64, 48, 100)]
        return CameraAccess(self.open, lambda: [WEBCAM] if self.is_plugged else [], lambda node: modes)

    def open(self, node: Path, mode: CameraMode | None) -> Capture:
        self.modes.append(mode)
        self.reader_count += 1
        return self

    def isOpened(self) -> bool:  # noqa: N802
        is_refused = self.modes[-1] is not None and self.modes[-1].width > 3000
        return self.is_plugged and self.reader_count == 1 and not is_refused

    def read(self) -> tuple[bool, Any]:
        if not self.isOpened():
            return False, None
        time.sleep(0.01)
        self._level = (self._level + 1) % 200
        picture = np.full((48, 64, 3), self._level, np.uint8)
        picture[:, :32] = 220  # the left half is bright
        return True, picture

    def get(self, prop: int, /) -> float:
        return 100.0

    def release(self) -> None:
        self.reader_count = max(0, self.reader_count - 1)


class Window:
    """What a window would be: it pulls results and keeps events."""

    def __init__(self) -> None:
        self.usb = FakeUsb()
        self.events: list[Event] = []
        self.frame_count = 0
        self._changed = threading.Condition()
        self.session = LiveSession(self._on_frame, self._on_event, cameras=self.usb.access())

    def _on_frame(self) -> None:
        with self._changed:
            self.frame_count += 1
            self._changed.notify_all()

    def _on_event(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE_S), self.events

    def all_of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def wait_for(self, kind: type[E], count: int = 1) -> E:
        self.wait(lambda: len(self.all_of(kind)) >= count)
        return self.all_of(kind)[count - 1]

    def wait_for_result(self, condition: Callable[[LiveResult], bool]) -> LiveResult:
        self.wait(lambda: (result := self.session.newest()) is not None and condition(result))
        result = self.session.newest()
        assert result is not None
        return result

    def wait_for_more(self, count: int = 3) -> None:
        """The picture goes on."""
        goal = self.frame_count + count
        self.wait(lambda: self.frame_count >= goal)

    def start(self, source: SourceSpec = SCENE, look: LiveLook = LOOK) -> None:
        self.session.start(source, look)
        self.wait(lambda: bool(self.all_of(StyleChanged)))


@pytest.fixture(autouse=True)
def user_model(write_model: WriteModel) -> Path:
    return write_model(paths.user_models_dir() / "park.safetensors", "garden", "pond")


@pytest.fixture
def window() -> Iterator[Window]:
    window = Window()
    yield window
    window.session.close()


def picture_file(tmp_path: Path) -> Path:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32] = 220
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def is_painted(result: LiveResult) -> bool:
    return bool(result.style) and not np.array_equal(result.content, result.painted)


def test_the_scene_is_painted(window: Window) -> None:
    window.start()
    result = window.wait_for_result(is_painted)
    assert result.content.shape == result.painted.shape == (480, 854, 3)
    assert (result.style, result.generation, result.time_s) == ("garden", 1, None)
    assert result.stats.work_size == (57, 32)
    assert result.stats.engine == "torch f32"
    assert list(result.stats.stage_ms) == ["stylize", "stabilize", "compose"]
    opened = window.wait_for(SourceOpened)
    assert (opened.spec, opened.name, opened.fps, opened.duration_s) == (SCENE, "built-in scene", 30, None)
    assert window.all_of(EngineReady) == [EngineReady("torch", "f32")]
    assert window.all_of(StyleChanged) == [StyleChanged("garden")]
    assert not window.all_of(Failed)


def test_there_is_a_picture_before_there_is_a_style(window: Window) -> None:
    window.session.start(SCENE, dataclasses.replace(LOOK, style="nobody-knows"))
    result = window.wait_for_result(lambda _: True)
    assert result.style == ""
    assert result.painted is result.content
    assert "unknown style" in window.wait_for(Failed).sentence
    window.session.set_look(LOOK)
    window.wait_for_result(is_painted)


def test_styles_of_one_file_change_at_once_and_mix(window: Window) -> None:
    window.start()
    for look, style in (
        (dataclasses.replace(LOOK, style="pond"), "pond"),
        (dataclasses.replace(LOOK, second_style="pond", mix=0.5), "garden"),
    ):
        window.session.set_look(look)
        window.wait_for_result(lambda result, style=style: result.style == style)  # type: ignore[misc]
    assert window.all_of(EngineReady) == [EngineReady("torch", "f32")]


def test_a_style_of_another_file_is_loaded_while_the_picture_goes_on(window: Window, write_model: WriteModel) -> None:
    window.start()
    write_model(paths.user_models_dir() / "sea.safetensors", "reef", seed=3)
    window.session.set_look(dataclasses.replace(LOOK, style="reef"))
    window.wait_for_result(lambda result: result.style == "reef")
    window.session.set_look(dataclasses.replace(LOOK, style="reef", second_style="pond", mix=0.5))
    assert "cannot be mixed" in window.wait_for(Notice).sentence
    window.wait_for_more()
    assert len(window.all_of(EngineReady)) == 2


def test_an_unknown_style_is_told_of_and_the_old_one_goes_on(window: Window) -> None:
    window.start()
    window.session.set_look(dataclasses.replace(LOOK, style="gardn"))
    failed = window.wait_for(Failed)
    assert "did you mean 'garden'" in failed.sentence
    assert "StyleError" in failed.details
    window.wait_for_more()
    assert window.wait_for_result(is_painted).style == "garden"


def test_an_unknown_style_is_told_of_once_however_often_the_look_changes(window: Window) -> None:
    window.start(SCENE)
    for strength in (1.0, 0.9, 0.8, 0.7):
        window.session.set_look(dataclasses.replace(LOOK, style="gardn", strength=strength))
        window.wait_for(Failed)
        window.wait_for_more()
    assert len(window.all_of(Failed)) == 1


def test_an_unknown_style_is_told_of_again_when_it_is_asked_for_again(window: Window) -> None:
    window.start(SCENE)
    window.wait_for_result(is_painted)
    for count in (1, 2):
        window.session.set_look(dataclasses.replace(LOOK, style="gardn"))
        window.wait_for(Failed, count)
        window.session.set_look(LOOK)
        window.wait_for_more()


def test_a_style_file_that_is_deleted_while_used_goes_on_painting(window: Window, user_model: Path) -> None:
    window.start()
    user_model.unlink()
    window.wait_for(StylesChanged)
    window.session.set_look(dataclasses.replace(LOOK, style="pond"))
    window.wait_for_result(lambda result: result.style == "pond")
    assert not window.all_of(Failed)


def test_a_style_file_that_is_replaced_paints_anew(window: Window, user_model: Path, write_model: WriteModel) -> None:
    window.start()
    write_model(user_model, "garden", "fen", seed=9)
    window.wait_for(EngineReady, 2)
    assert not window.all_of(Failed)


def test_every_setting_is_effective_on_a_picture_that_stands_still(window: Window, tmp_path: Path) -> None:
    window.start(SourceSpec("picture", picture_file(tmp_path)))
    before = window.wait_for_result(is_painted)
    for change in ({"strength": 0.5}, {"keep_color": True}, {"work_height": 24}, {"style": "pond"}, {"mirror": True}):
        window.session.set_look(dataclasses.replace(LOOK, **change))
        after = window.wait_for_result(lambda result, before=before: result is not before)  # type: ignore[misc]
        window.wait_for_result(lambda result, old=before: not np.array_equal(result.painted, old.painted))  # type: ignore[misc]
        before = after
    assert not window.all_of(Failed)


def test_mirrored_both_are_mirrored(window: Window, tmp_path: Path) -> None:
    window.start(SourceSpec("picture", picture_file(tmp_path)), dataclasses.replace(LOOK, strength=0))
    plain = window.wait_for_result(lambda result: bool(result.style))
    window.session.set_look(dataclasses.replace(LOOK, strength=0, mirror=True))
    mirrored = window.wait_for_result(lambda result: result.content[0, 0, 0] == 0)
    assert np.array_equal(mirrored.content, plain.content[:, ::-1])
    assert np.array_equal(mirrored.painted, plain.painted[:, ::-1])


def test_frozen_the_picture_stays_and_takes_a_new_style(window: Window) -> None:
    window.start(CAMERA)
    window.wait_for_result(is_painted)
    window.session.freeze(True)
    window.session.set_look(dataclasses.replace(LOOK, style="pond"))
    first = window.wait_for_result(lambda result: result.style == "pond")
    window.session.set_look(LOOK)
    second = window.wait_for_result(lambda result: result.style == "garden")
    window.session.freeze(False)
    third = window.wait_for_result(lambda result: not np.array_equal(result.content, second.content))
    assert np.array_equal(first.content, second.content)
    assert third.stats.dropped_count <= second.stats.dropped_count + 5


def test_what_stands_still_is_painted_finely(window: Window, tmp_path: Path) -> None:
    window.start(SourceSpec("picture", picture_file(tmp_path)), dataclasses.replace(LOOK, work_height=None))
    assert window.wait_for_result(is_painted).stats.work_size == (64, 48)


def test_automatic_work_size_is_chosen(window: Window) -> None:
    window.start(SCENE, dataclasses.replace(LOOK, work_height=None))
    assert window.wait_for_result(is_painted).stats.work_size.height > 0
    window.wait_for_more(20)
    assert not window.all_of(Failed)


# Sources.


def test_without_a_camera_the_scene_plays_and_says_so(window: Window) -> None:
    window.usb.is_plugged = False
    window.start(CAMERA)
    assert "meanwhile the built-in scene plays" in window.wait_for(Notice).sentence
    assert window.wait_for(SourceOpened).spec == SCENE
    assert not window.all_of(Failed)


def test_a_camera_is_told_by_name_and_mode(window: Window) -> None:
    window.start(CAMERA)
    opened = window.wait_for(SourceOpened)
    assert opened.spec == SourceSpec("camera", Path("/dev/video0"), 64, 48, 100, "MJPG")
    assert (opened.name, opened.size) == ("HD Webcam", (64, 48))
    assert window.usb.modes == [CameraMode("MJPG", 64, 48, 100)]
    window.session.open_source(SourceSpec("camera", Path("/dev/video0"), 1280, 720, 25, "YUYV"))
    window.wait_for(SourceOpened, 2)
    assert window.usb.modes[-1] == CameraMode("YUYV", 1280, 720, 25)


def test_a_mode_that_the_camera_refuses_leaves_it_as_it_was(window: Window) -> None:
    window.start(CAMERA)
    window.session.open_source(SourceSpec("camera", Path("/dev/video0"), 7680, 4320))
    assert "another mode" in window.wait_for(Failed).sentence
    opened = window.wait_for(SourceOpened, 2)
    assert (opened.spec.width, opened.spec.height) == (64, 48)
    window.wait_for_more()


def test_a_camera_that_vanishes_is_told_of_and_picked_up_again(window: Window) -> None:
    window.start(CAMERA)
    window.wait_for_result(is_painted)
    window.usb.is_plugged = False
    assert "HD Webcam is gone" in window.wait_for(SourceLost).sentence
    assert window.session.newest() is not None
    window.usb.is_plugged = True
    window.wait_for(SourceBack)
    window.wait_for_more()


@pytest.mark.parametrize("name", ["torn.mp4", "gone.mp4", "torn.png"])
def test_what_cannot_be_read_is_told_of_and_the_old_source_goes_on(window: Window, tmp_path: Path, name: str) -> None:
    (tmp_path / "torn.mp4").write_bytes(b"no clip")
    (tmp_path / "torn.png").write_bytes(b"no picture")
    window.start()
    window.session.open_source(SourceSpec.parse(str(tmp_path / name)))
    assert name in window.wait_for(Failed).sentence
    window.wait_for_more()
    assert window.wait_for_result(is_painted).generation == 1


def test_a_first_source_that_cannot_be_read_leaves_the_scene(window: Window, tmp_path: Path) -> None:
    window.start(SourceSpec("video", tmp_path / "gone.mp4"))
    assert "gone.mp4" in window.wait_for(Failed).sentence
    assert window.wait_for(SourceOpened).spec == SCENE


def test_a_clip_plays_is_sought_and_stands_at_its_end(window: Window, write_clip: WriteClip) -> None:
    window.start()
    assert window.session.position_s() is None
    window.session.set_loop(False)
    window.session.open_source(SourceSpec("video", write_clip(frame_count=50)))
    opened = window.wait_for(SourceOpened, 2)
    assert opened.fps == 25
    assert opened.duration_s == pytest.approx(2)
    window.session.pause()
    window.wait_for_result(lambda result: result.generation == 2)
    window.session.seek(1.0)
    window.wait_for_result(lambda result: result.time_s == pytest.approx(1.0))
    assert window.session.position_s() == pytest.approx(1.0)
    window.session.step(2)
    window.wait_for_result(lambda result: result.time_s == pytest.approx(1.08))
    window.session.step(-1)
    window.wait_for_result(lambda result: result.time_s == pytest.approx(1.04))
    window.session.play()
    window.wait_for(SourceEnded)


def test_the_sound_of_a_clip_can_be_had(window: Window, write_clip: WriteClip) -> None:
    assert list(window.session.sound(0.0)) == []
    window.start()
    assert list(window.session.sound(0.0)) == []
    window.session.open_source(SourceSpec("video", write_clip(with_sound=True)))
    window.wait_for(SourceOpened, 2)
    chunks = list(window.session.sound(0.5))
    assert chunks[0].time_s == pytest.approx(0.5, abs=1e-3)


def test_sources_may_follow_one_another_quickly(window: Window, write_clip: WriteClip, tmp_path: Path) -> None:
    window.start()
    clip, picture = SourceSpec("video", write_clip()), SourceSpec("picture", picture_file(tmp_path))
    for source in (clip, picture, CAMERA, SCENE) * 3:
        window.session.open_source(source)
    window.wait_for(SourceOpened, 13)
    window.wait_for_result(lambda result: result.generation == 13 and is_painted(result))
    assert not window.all_of(Failed)


# Keeping.


def test_a_snapshot_is_the_picture_that_was_shown(window: Window, tmp_path: Path) -> None:
    window.start(SourceSpec("picture", picture_file(tmp_path)))
    result = window.wait_for_result(is_painted)
    window.session.snapshot(tmp_path / "Pictures")
    saved = window.wait_for(SnapshotSaved)
    assert saved.path.parent == tmp_path / "Pictures"
    with Image.open(saved.path) as image:
        assert np.array_equal(np.asarray(image), result.painted)


def test_a_snapshot_that_cannot_be_written_is_told_of(window: Window, tmp_path: Path) -> None:
    window.start()
    window.wait_for_result(is_painted)
    (tmp_path / "file").touch()
    window.session.snapshot(tmp_path / "file" / "Pictures")
    assert "cannot be made" in window.wait_for(Failed).sentence


def test_a_recording_holds_the_painted_picture_the_camera_and_the_sound(window: Window, tmp_path: Path) -> None:
    window.start(CAMERA)
    window.wait_for_result(is_painted)
    window.session.start_recording(tmp_path, True, True)
    started = window.wait_for(RecordingStarted)
    for _ in range(5):
        window.wait_for_more(4)
        window.session.write_sound(bytes(9600), 48_000, 1)
    window.session.stop_recording()
    saved = window.wait_for(RecordingSaved)
    assert saved.paths == started.paths
    assert len(saved.paths) == 2
    for path in saved.paths:
        with av.open(str(path)) as file:
            assert [stream.type for stream in file.streams] == ["video", "audio"]
            assert sum(1 for _ in file.decode(video=0)) >= 15


def test_a_picture_that_stands_still_is_recorded_too(window: Window, tmp_path: Path) -> None:
    window.start(SourceSpec("picture", picture_file(tmp_path)))
    window.wait_for_result(is_painted)
    window.session.start_recording(tmp_path, False)
    window.wait_for(RecordingStarted)
    window.session.stop_recording()
    (path,) = window.wait_for(RecordingSaved).paths
    with av.open(str(path)) as file:
        assert sum(1 for _ in file.decode(video=0)) == 1


def test_closing_finishes_a_recording(window: Window, tmp_path: Path) -> None:
    window.start()
    window.session.start_recording(tmp_path, False)
    window.wait_for(RecordingStarted)
    window.session.close()
    (path,) = window.wait_for(RecordingSaved).paths
    assert path.exists()


def test_a_recording_that_fails_leaves_the_picture(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fnst_live.errors import OutputError
    from fnst_live.sinks.video_file import VideoFileSink

    window.start()
    window.session.start_recording(tmp_path, False)
    window.wait_for(RecordingStarted)

    def fail(*_: object) -> None:
        raise OutputError("no space left, so free some")

    monkeypatch.setattr(VideoFileSink, "write", fail)
    assert window.wait_for(Failed).sentence == "no space left, so free some"
    assert window.all_of(RecordingLost)
    monkeypatch.undo()
    window.wait_for_more()
    window.session.start_recording(tmp_path, False)
    window.wait_for(RecordingStarted, 2)


# Styles and models.


def test_thumbnails_show_the_current_frame_in_every_style(window: Window, tmp_path: Path) -> None:
    window.start(SourceSpec("picture", picture_file(tmp_path)))
    window.wait_for_result(is_painted)
    window.session.request_thumbnails(24)
    first = window.wait_for(Thumbnails)
    assert (set(first.pictures), first.generation) == ({"garden", "pond"}, 1)
    assert {picture.shape for picture in first.pictures.values()} == {(24, 32, 3)}
    assert not np.array_equal(first.pictures["garden"], first.pictures["pond"])


def test_thumbnails_before_the_first_picture_are_none(window: Window) -> None:
    window.session.request_thumbnails(24)
    window.start()
    assert not window.all_of(Thumbnails)


def test_thumbnails_of_a_source_that_is_gone_are_thrown_away(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, may_go_on = threading.Event(), threading.Event()
    def slowly() -> Any:
        if threading.current_thread().name == "thumbnails":
            is_asked.set()
            assert may_go_on.wait(PATIENCE_S)
        return style_library.list_styles()

    monkeypatch.setattr("fnst_live.live.thumbnails.list_styles", slowly)
    window.start()
    window.wait_for_result(is_painted)
    window.session.request_thumbnails(24)
    assert is_asked.wait(PATIENCE_S)
    window.session.open_source(SourceSpec("picture", picture_file(tmp_path)))
    window.wait_for_result(lambda result: result.generation == 2)
    may_go_on.set()
    window.session.request_thumbnails(24)
    assert window.wait_for(Thumbnails).generation == 2


def test_a_model_is_added_and_its_styles_can_be_had(
    window: Window, write_model: WriteModel, tmp_path: Path
) -> None:
    window.start()
    window.session.add_model(write_model(tmp_path / "dropped.safetensors", "meadow", seed=4))
    assert window.wait_for(ModelAdded) == ModelAdded(("meadow",))
    window.wait_for(StylesChanged)
    window.session.set_look(dataclasses.replace(LOOK, style="meadow"))
    window.wait_for_result(lambda result: result.style == "meadow")


def test_what_is_no_model_is_told_of(window: Window, tmp_path: Path) -> None:
    (tmp_path / "wrong.safetensors").write_bytes(b"no model")
    window.start()
    window.session.add_model(tmp_path / "wrong.safetensors")
    assert "is not a style model" in window.wait_for(Failed).sentence


def test_the_models_folder_is_watched(window: Window, write_model: WriteModel) -> None:
    window.start()
    window.wait_for_result(is_painted)
    write_model(paths.user_models_dir() / "new.safetensors", "new", seed=4)
    window.wait_for(StylesChanged)
    window.wait_for_more()
    assert window.all_of(EngineReady) == [EngineReady("torch", "f32")]


# Closing, whatever is going on. That no thread is left is seen to by a fixture of all tests.


class Business:
    """Each begins something, and returns in the middle of it."""

    def __init__(self, window: Window, folder: Path):
        self._window, self._session, self._folder = window, window.session, folder
        self._clip = SourceSpec("video", folder / "clip.mp4")

    def nothing(self) -> None:
        pass

    def a_source(self) -> None:
        self._session.open_source(self._clip)

    def a_paused_clip(self) -> None:
        self._session.open_source(self._clip)
        self._window.wait_for(SourceOpened, 2)
        self._session.pause()

    def an_unreadable_clip(self) -> None:
        self._session.open_source(SourceSpec("video", self._folder / "torn.mp4"))

    def forty_clips(self) -> None:
        for _ in range(40):
            self._session.open_source(self._clip)

    def a_camera_that_is_gone(self) -> None:
        self._session.open_source(CAMERA)
        self._window.wait_for(SourceOpened, 2)
        self._window.usb.is_plugged = False
        self._window.wait_for(SourceLost)

    def a_style(self) -> None:
        self._session.set_look(dataclasses.replace(LOOK, style="starry-night"))

    def a_recording(self) -> None:
        self._session.start_recording(self._folder, True, True)

    def snapshots(self) -> None:
        for _ in range(5):
            self._session.snapshot(self._folder)

    def thumbnails(self) -> None:
        self._session.request_thumbnails(96)

    def a_model(self) -> None:
        self._session.add_model(self._folder / "torn.mp4")

    def a_frozen_picture(self) -> None:
        self._session.freeze(True)


@pytest.mark.parametrize("business", [name for name in vars(Business) if not name.startswith("_")])
def test_it_can_be_closed_in_the_middle_of(
    window: Window, write_clip: WriteClip, tmp_path: Path, business: str
) -> None:
    write_clip()
    (tmp_path / "torn.mp4").write_bytes(b"no clip")
    window.start()
    getattr(Business(window, tmp_path), business)()
    window.session.close()
    count = window.frame_count
    assert not list(tmp_path.glob("*.part.*"))
    assert count == window.frame_count


def test_it_can_be_closed_before_anything_has_come() -> None:
    window = Window()
    window.session.start(SCENE, LOOK)
    window.session.close()
    assert window.session.newest() is None or not window.all_of(Failed)


def test_one_that_was_never_started_can_be_closed_and_asked() -> None:
    session = Window().session
    session.play()
    session.set_look(LOOK)
    session.write_sound(b"", 48_000, 1)
    assert session.newest() is None
    assert session.position_s() is None
    session.close()
