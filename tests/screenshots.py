"""Screenshots of the window in its states, at one and two device pixels a pixel: `python -m tests.screenshots FOLDER`.

The pictures in it are truly painted ones, of the built-in scene in every installed style; the session around them is
the tests' own, so that every state can be had without a camera, and two runs give the same pictures. Figures in
them (rates, times, progress) are made up: they show where they stand, and measure nothing.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image
from PyQt6.QtCore import QEventLoop, Qt, QTimer
from PyQt6.QtWidgets import QApplication

from fnst_live.errors import StyleError
from fnst_live.export_jobs import ExportJob, JobState
from fnst_live.export_queue import ExportQueue
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.gui.app import make_application
from fnst_live.gui.export_panel import ExportPanel
from fnst_live.gui.keeping_presenter import KeepFolders
from fnst_live.gui.live_window import LiveWindow, Surroundings
from fnst_live.gui.style_choice import installed_styles
from fnst_live.gui.window_state import WindowState
from fnst_live.live_devices import CameraChoice
from fnst_live.live_events import Failed, RecordingStarted, SnapshotSaved, SourceOpened, Thumbnails
from fnst_live.live_settings import SourceSpec
from fnst_live.pipeline.live import LiveResult
from fnst_live.settings import LookSettings
from tests.gui.fake_exports import FakeExports
from tests.gui.fake_session import STATS, FakeSession

ROOT = Path(__file__).parents[1]
SCALES = (1, 2)
PHASE = 0.12
SETTLE_MS = 300
SIZE = FrameSize(1280, 720)
Painted = dict[str, Pixels]


def main(folder: Path) -> None:
    """Each scale in a process of its own, since Qt reads it once."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    pictures = folder / "painted.npz"
    if not pictures.exists():
        np.savez(pictures, allow_pickle=False, **paint_scene())
    for scale in SCALES:
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
        subprocess.run([sys.executable, "-m", "tests.screenshots", str(folder), str(scale)], env=environment, cwd=ROOT,
                       check=True)


def paint_scene() -> Painted:
    """The scene as it is, and in every style."""
    from fractions import Fraction

    from fnst_live.assembly import open_painter
    from fnst_live.frames.video_format import VideoFormat
    from fnst_live.scene.landscape import Landscape

    content = Landscape(SIZE).picture(PHASE)
    second = Fraction(1)
    painted = {"content": content}
    for style in installed_styles():
        try:
            pipeline = open_painter(LookSettings(style=style.name)).pipeline_for(VideoFormat(SIZE, second, second))
        except StyleError:
            continue
        painted[style.name] = pipeline.process(Frame(content, 0, second)).pixels
    return painted


class Studio:
    """A window in front of a camera."""

    def __init__(self, folder: Path, scale: int):
        with np.load(folder / "painted.npz") as stored:
            self.painted: Painted = {name: stored[name] for name in stored.files}
        self.folder, self.scale = folder, scale
        keep = KeepFolders(Path("/home/me/Pictures"), Path("/home/me/Videos"))
        exports = FakeExports(functools.partial(ExportPanel, cast(ExportQueue, QueueOfFive(self.painted))))
        self.live = LiveWindow(Surroundings(FakeSession, installed_styles, cameras, keep, exports), WindowState())
        session = self.live.bridge.session
        assert isinstance(session, FakeSession)
        self.session = session
        self.actions = self.live.window.actions_

    def show_style(self, style: str, **result_fields: object) -> None:
        shown = LiveResult(self.painted["content"], self.painted[style], STATS, style, 1, None)
        self.session.show(replace(shown, **result_fields))  # type: ignore[arg-type]

    def save(self, name: str) -> None:
        settle()
        self.live.window.grab().save(str(self.folder / f"{name}@{self.scale}x.png"))


def take_live(studio: Studio) -> None:
    live, session, actions = studio.live, studio.session, studio.actions
    live.show()
    studio.save("1-opening")
    session.tell(SourceOpened(SourceSpec("scene"), "Built-in scene", SIZE, 30.0))
    studio.show_style("starry-night")
    studio.save("2-first-start")
    session.tell(Thumbnails({n: p for n, p in studio.painted.items() if n != "content"}, 1))
    session.tell(SourceOpened(SourceSpec("camera", Path("/dev/video0")), "HD Webcam C920", SIZE, 30.0))
    live.look.choose("the-scream")
    studio.show_style("the-scream")
    actions["show_hud"].setChecked(True)
    session.tell(RecordingStarted((Path("x.mkv"),)))
    studio.save("3-live")
    actions["show_hud"].setChecked(False)
    live.keeping.on_event(SnapshotSaved(Path("/home/me/Pictures/fnst-live 2026-11-25 19.30.12.png")))
    live.look.choose("composition-vii")
    studio.show_style("composition-vii")
    actions["show_wipe"].trigger()
    studio.save("4-wipe")
    live.window.toast.hide()


def take_clip_and_messages(studio: Studio) -> None:
    live, session, actions = studio.live, studio.session, studio.actions
    actions["show_side_by_side"].trigger()
    live.look.choose("udnie")
    session.open_clip(83.0)
    studio.show_style("udnie", time_s=31.4, stats=replace(STATS, fps=17.2))
    studio.save("5-clip")
    actions["show_painted"].trigger()
    session.tell(Failed("HD Webcam C920 was unplugged: plug it in again, it is picked up by itself", "VIDIOC_DQBUF"))
    studio.save("6-error")
    live.window.banner.clear()


def take_overlays(studio: Studio) -> None:
    live, actions = studio.live, studio.actions
    live.window.overlay.open()
    studio.save("7-shortcuts")
    live.window.overlay.close_overlay()
    live.window.style_picker.showPopup()
    settle()
    popup = live.window.style_picker.view()
    assert popup is not None
    list_window = popup.window()
    assert list_window is not None
    list_window.grab().save(str(studio.folder / f"8-styles@{studio.scale}x.png"))
    live.window.style_picker.hidePopup()
    live.window.drop_hint.appear()
    live.window.panel.strength.setFocus(Qt.FocusReason.TabFocusReason)
    studio.save("9-drop")
    live.window.drop_hint.hide()
    live.window.viewport.setFocus()
    live.exports.open()
    studio.save("10-export")
    live.window.hide_export()
    actions["full_screen"].setChecked(True)
    studio.save("11-full-screen")


class QueueOfFive:
    """An export queue in the middle of its work, that stands still for the picture."""

    def __init__(self, painted: Painted):
        self._states = (
            _job("birthday.mp4", "the-scream", painted, status="done", frames_done=812, frames_total=812,
                 output=Path("/films/birthday.the-scream.mp4")),
            _job("lake at evening.mov", "udnie", painted, status="running", frames_done=431, frames_total=940, fps=14.2,
                 seconds_left=36.0),
            _job("harbour.mp4", "great-wave", painted, status="waiting", frames_total=2210),
            _job("broken.avi", "content", painted, status="failed",
                 message="broken.avi holds no video: give another file"),
            _job("portrait.jpg", "composition-vii", painted, status="waiting", kind="picture"),
        )

    def add(self, jobs: object) -> None: ...
    def subscribe(self, listener: object) -> None: ...
    def unsubscribe(self, listener: object) -> None: ...
    def clear_finished(self) -> None: ...

    def states(self) -> tuple[JobState, ...]:
        return self._states

    def has_running_jobs(self) -> bool:
        return True


def _job(name: str, style: str, painted: Painted, **how_far: object) -> JobState:
    preview = BytesIO()
    Image.fromarray(painted[style]).resize((288, 162)).save(preview, "JPEG")
    look = LookSettings(style="starry-night" if style == "content" else style)
    job = ExportJob(Path("/films") / name, look, id=name)
    return JobState(job, size=(1920, 1080), preview=preview.getvalue(), suffix=".mp4", **how_far)  # type: ignore[arg-type]


def cameras() -> list[CameraChoice]:
    modes = tuple(SourceSpec("camera", Path("/dev/video0"), w, h, 30.0, "MJPG") for w, h in ((1920, 1080), (1280, 720)))
    return [CameraChoice("HD Webcam C920", Path("/dev/video0"), modes=modes)]


def settle() -> None:
    loop = QEventLoop()
    QTimer.singleShot(SETTLE_MS, loop.quit)
    loop.exec()
    QApplication.processEvents()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        application = make_application()
        in_front = Studio(Path(sys.argv[1]), int(sys.argv[2]))
        for take in (take_live, take_clip_and_messages, take_overlays):
            take(in_front)
        in_front.live.end()
        in_front.live.dispose()
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("screenshots"))
