"""The worker by itself: what it says of a file, how it paints one, and that it lets go when it is told to."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fnst_live.export_worker import Cancelled, Inbox, Leash, Watcher, do, in_words_of_the_window, small_jpeg
from fnst_live.frames.frame import Frame, FrameSize

ROOT = Path(__file__).parents[1]
LOOK = {"style": "tiny", "engine": "torch", "stability": 0.0}
PATIENCE_S = 120

Event = dict[str, Any]


@pytest.fixture(autouse=True)
def styles(own_folders: None, style_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FNST_LIVE_MODELS", str(style_folder))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def run(command: dict[str, Any], leash: Leash | None = None) -> list[Event]:
    """All events of one command, done in this process."""
    events: list[Event] = []
    do({"id": "1", **command}, leash or Leash("1"), lambda event, **details: events.append({"event": event, **details}))
    return events


def check(source: Path, **video: Any) -> Event:
    [event] = run({"do": "check", "source": str(source), "video": video})
    return event


def paint(source: Path, output: Path, kind: str = "video", leash: Leash | None = None, **look: Any) -> list[Event]:
    return run({
        "do": "paint", "kind": kind, "source": str(source), "output": str(output), "look": LOOK | look, "video": {},
    }, leash)


def shown(preview: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(preview)))


def saved(file: Path) -> Image.Image:
    return Image.open(io.BytesIO(file.read_bytes()))


# What it says of a file


def test_a_video(short_scene: Path) -> None:
    event = check(short_scene)
    assert (event["event"], event["kind"], event["suffix"]) == ("checked", "video", ".mp4")
    assert (event["size"], event["frames"]) == ([64, 48], 12)
    assert shown(event["preview"]).size == (64, 48)


def test_a_trimmed_video_has_fewer_frames(short_scene: Path) -> None:
    assert check(short_scene, start="0.2")["frames"] == 7


def test_a_picture(picture: Path) -> None:
    event = check(picture)
    assert (event["kind"], event["suffix"], event["size"], event["frames"]) == ("picture", ".png", [40, 30], 1)


def test_a_picture_of_a_kind_that_is_only_read_becomes_png(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "picture.ppm")
    assert check(tmp_path / "picture.ppm")["suffix"] == ".png"


@pytest.mark.parametrize(("codec", "suffix"), [(None, ".mp4"), ("av1", ".mp4"), ("prores", ".mov"), ("ffv1", ".mkv")])
def test_the_output_is_of_a_kind_that_holds_the_codec(codec: str | None, suffix: str, short_scene: Path) -> None:
    assert check(short_scene, codec=codec)["suffix"] == suffix


@pytest.mark.parametrize("name", ["broken.mp4", "broken.png", "broken.txt", "broken"])
def test_what_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"no picture " * 30)
    event = check(tmp_path / name)
    assert event["event"] == "failed"
    assert event["message"].startswith(f"{name} cannot be read")


def test_what_does_not_exist(tmp_path: Path) -> None:
    assert "does not exist" in check(tmp_path / "gone.mp4")["message"]


@pytest.mark.parametrize(("video", "words"), [
    ({"start": "99"}, "the start lies after the end"), ({"codec": "h264", "quality": 60}, "quality 60 is out of range"),
])
def test_settings_that_do_not_fit_the_file(video: dict[str, Any], words: str, short_scene: Path) -> None:
    message = check(short_scene, **video)["message"]
    assert words in message
    assert "--" not in message


# Words


@pytest.mark.parametrize(("said", "shown_"), [
    ("/a/b-o.mp4 exists already: choose another name with -o", "b-o.mp4 exists already: choose another name"),
    ("--end 0 leaves nothing: give a later time", "the end 0 leaves nothing: give a later time"),
    ("the folder /x --start does not exist", "the folder /x the start does not exist"),
])
def test_sentences_without_the_command_lines_flags(said: str, shown_: str) -> None:
    assert in_words_of_the_window(said, "/a/b-o.mp4") == shown_


# Painting


def test_a_video_is_painted(short_scene: Path, tmp_path: Path) -> None:
    events = paint(short_scene, tmp_path / "out.mp4")
    assert (events[0]["event"], events[0]["size"], events[0]["frames"]) == ("started", [64, 48], 12)
    assert events[0]["partial"] == str(tmp_path / "out.part.mp4")
    assert (events[-1]["event"], events[-1]["frames"]) == ("done", 12)
    assert check(tmp_path / "out.mp4")["frames"] == 12
    assert [file.name for file in tmp_path.iterdir()] == ["out.mp4"]


def test_the_preview_is_the_painted_frame(picture: Path, tmp_path: Path) -> None:
    _, progress, _ = paint(picture, tmp_path / "out.png", "picture")
    painted, preview = saved(tmp_path / "out.png"), shown(progress["preview"])
    assert preview.size == painted.size
    difference = np.asarray(painted, np.float32) - np.asarray(preview, np.float32)
    assert abs(difference).mean() < 8
    assert np.asarray(preview).std() > 0


def test_a_picture_is_painted(picture: Path, tmp_path: Path) -> None:
    events = paint(picture, tmp_path / "out.png", "picture")
    assert [event["event"] for event in events] == ["started", "progress", "done"]
    assert saved(tmp_path / "out.png").size == (40, 30)


def test_an_unknown_style_is_one_sentence(short_scene: Path, tmp_path: Path) -> None:
    [event] = paint(short_scene, tmp_path / "out.mp4", style="tinny")
    assert (event["event"], "did you mean 'tiny'" in event["message"]) == ("failed", True)


def test_an_existing_file_is_not_replaced(short_scene: Path, tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_text("precious")
    assert paint(short_scene, tmp_path / "out.mp4")[-1]["event"] == "failed"
    assert (tmp_path / "out.mp4").read_text() == "precious"


def test_a_job_that_was_cancelled_before_it_began_opens_nothing(short_scene: Path, tmp_path: Path) -> None:
    leash = Leash("1")
    leash.cancel()
    assert paint(short_scene, tmp_path / "out.mp4", leash=leash) == [{"event": "cancelled"}]
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_is_cancelled_midway_leaves_nothing_under_its_name(short_scene: Path, tmp_path: Path) -> None:
    leash, events = Leash("1"), []

    def tell(event: str, **details: Any) -> None:
        events.append(event)
        if event == "progress":
            leash.cancel()

    do({"do": "paint", "id": "1", "kind": "video", "source": str(short_scene), "output": str(tmp_path / "out.mp4"),
        "look": LOOK, "video": {}}, leash, tell)
    assert events == ["started", "progress", "cancelled"]
    assert not (tmp_path / "out.mp4").exists()


# Pictures to show


def test_large_pictures_are_shown_small_and_in_shape() -> None:
    pixels = np.full((2000, 1000, 3), (200, 40, 10), np.uint8)
    preview = shown(small_jpeg(pixels))
    assert preview.size == (108, 216)
    assert np.abs(np.asarray(preview, int) - (200, 40, 10)).max() < 6


# The leash


def test_nothing_said_is_no_wait() -> None:
    assert Leash("1").heed() == 0


def test_a_pause_holds_until_it_ends() -> None:
    leash = Leash("1")
    leash.set_paused(True)
    waiter = threading.Thread(target=leash.heed)
    waiter.start()
    waiter.join(0.05)
    assert waiter.is_alive()
    leash.set_paused(False)
    waiter.join(PATIENCE_S)
    assert not waiter.is_alive()


def test_a_paused_job_can_be_cancelled() -> None:
    leash = Leash("1")
    leash.set_paused(True)
    leash.cancel()
    with pytest.raises(Cancelled):
        leash.heed()


def test_the_watcher_tells_the_first_frame_and_then_not_every_one() -> None:
    events: list[Event] = []
    watcher = Watcher(lambda event, **details: events.append({"event": event, **details}), Leash("1"), Path("x"))
    watcher.on_start(FrameSize(8, 8), None)
    for _ in range(50):
        watcher.on_frame(Frame(np.zeros((8, 8, 3), np.uint8), 0, Fraction(1)))
    progress = [event for event in events if event["event"] == "progress"]
    assert progress[0]["frames"] == 1
    assert progress[0]["preview"]
    assert len(progress) < 50


def listened(*commands: dict[str, Any]) -> Inbox:
    inbox = Inbox()
    inbox.listen(io.StringIO("".join(json.dumps(command) + "\n" for command in commands)))
    return inbox


def test_what_is_said_of_a_job_that_has_ended_does_not_reach_the_next() -> None:
    inbox = Inbox()
    inbox._sort({"do": "paint", "id": "2"})
    inbox._sort({"do": "cancel", "id": "1"})
    inbox._sort({"do": "pause", "id": "1"})
    work = inbox.waiting.get()
    assert work is not None
    assert work[1].heed() == 0


def test_when_nobody_listens_any_more_the_work_ends() -> None:
    inbox = listened({"do": "paint", "id": "1"})
    work = inbox.waiting.get()
    assert work is not None
    with pytest.raises(Cancelled):
        work[1].heed()
    assert inbox.waiting.get() is None


# As a process


@contextmanager
def process() -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(
        [sys.executable, "-m", "fnst_live.export_worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment,
    ) as worker:
        yield worker


def begin(worker: subprocess.Popen[str], source: Path, output: Path) -> None:
    """Until the first frame is painted."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    command = {"do": "paint", "id": "1", "kind": "video", "source": str(source), "output": str(output), "look": LOOK,
               "video": {}}
    worker.stdin.write(json.dumps(command) + "\n")
    worker.stdin.flush()
    assert json.loads(worker.stdout.readline())["event"] == "started"
    assert json.loads(worker.stdout.readline())["event"] == "progress"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_no_half_file_under_the_final_name(
    number: signal.Signals, code: int, long_scene: Path, tmp_path: Path
) -> None:
    with process() as worker:
        begin(worker, long_scene, tmp_path / "out.mp4")
        worker.send_signal(number)
        _, stderr = worker.communicate(timeout=PATIENCE_S)
    assert (worker.returncode, stderr) == (code, "")
    assert {file.name for file in tmp_path.iterdir()} <= {"out.part.mp4"}  # nothing, if no picture was written yet


def test_it_ends_with_the_window(long_scene: Path, tmp_path: Path) -> None:
    with process() as worker:
        begin(worker, long_scene, tmp_path / "out.mp4")
        worker.communicate(timeout=PATIENCE_S)  # closes its input
    assert worker.returncode == 0
    assert not (tmp_path / "out.mp4").exists()
