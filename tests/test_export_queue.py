"""The queue with its real worker processes: many files, some of them bad, and everything that may come between."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from fnst_live import export_queue
from fnst_live.export_jobs import ExportJob, JobState, Status, load_states, save_states
from fnst_live.export_process import WorkerProcess
from fnst_live.export_queue import ExportQueue
from fnst_live.settings import LookSettings, VideoSettings

LOOK = LookSettings(style="tiny", engine="torch", stability=0.0)
PATIENCE_S = 120


class WatchedQueue(ExportQueue):
    """One that a test can wait for."""

    def __init__(self, file: Path | None = None):
        self._rung = threading.Condition()
        super().__init__(self._ring, file)

    def _ring(self) -> None:
        with self._rung:
            self._rung.notify_all()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._rung:
            if not self._rung.wait_for(condition, PATIENCE_S):
                raise AssertionError([(state.status, state.message) for state in self.states()])

    def of(self, job: ExportJob) -> JobState:
        return next(state for state in self.states() if state.job.id == job.id)

    def wait_for_status(self, job: ExportJob, status: Status) -> None:
        self.wait_for(lambda: self.of(job).status == status)

    def wait_for_frames(self, job: ExportJob) -> None:
        self.wait_for(lambda: self.of(job).frames_done > 0)

    def wait_for_the_end(self) -> None:
        self.wait_for(lambda: all(state.is_finished for state in self.states()))


@pytest.fixture(autouse=True)
def styles(own_folders: None, style_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FNST_LIVE_MODELS", str(style_folder))


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[WorkerProcess]:
    """Every worker process that a queue starts."""
    started: list[WorkerProcess] = []

    class Noted(WorkerProcess):
        def __init__(self) -> None:
            super().__init__()
            started.append(self)

    monkeypatch.setattr(export_queue, "WorkerProcess", Noted)
    return started


@pytest.fixture
def queue() -> Iterator[WatchedQueue]:
    queue = WatchedQueue()
    yield queue
    queue.close(keep=False)


@pytest.fixture
def clip(short_scene: Path, tmp_path: Path) -> Path:
    (tmp_path / "clip.mp4").write_bytes(short_scene.read_bytes())
    return tmp_path / "clip.mp4"


@pytest.fixture
def long_clip(long_scene: Path, tmp_path: Path) -> Path:
    (tmp_path / "long.mp4").write_bytes(long_scene.read_bytes())
    return tmp_path / "long.mp4"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "picture.jpg")
    return tmp_path / "picture.jpg"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "broken.mp4").write_bytes(b"no video " * 30)
    return tmp_path / "broken.mp4"


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


# What it is for


def test_videos_and_pictures_are_painted_and_bad_files_do_not_hold_them_up(
    queue: WatchedQueue, clip: Path, picture: Path, broken: Path, tmp_path: Path
) -> None:
    jobs = [ExportJob(source, LOOK) for source in (broken, clip, tmp_path / "gone.png", picture, clip)]
    queue.add(jobs)
    queue.wait_for_the_end()
    states = queue.states()
    assert [state.job for state in states] == jobs
    assert [state.status for state in states] == ["failed", "done", "failed", "done", "done"]
    assert states[0].message.startswith("broken.mp4 cannot be read")
    assert "does not exist" in states[2].message
    outputs = {"clip.tiny.mp4", "clip.tiny 2.mp4", "picture.tiny.jpg"}
    assert names(tmp_path) == outputs | {"clip.mp4", "picture.jpg", "broken.mp4"}
    assert {state.output.name for state in states if state.output} == outputs


def test_what_is_known_of_a_job_once_it_is_done(queue: WatchedQueue, clip: Path) -> None:
    job = ExportJob(clip, LOOK)
    queue.add([job])
    queue.wait_for(lambda: queue.of(job).preview != b"")
    before = queue.of(job).preview
    queue.wait_for_the_end()
    state = queue.of(job)
    assert (state.size, state.frames_done, state.frames_total, state.progress) == ((64, 48), 12, 12, 1.0)
    assert state.fps > 0
    assert state.seconds_left is None
    assert state.preview.startswith(b"\xff\xd8")
    assert state.preview != before


def test_settings_reach_the_file(queue: WatchedQueue, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    job = ExportJob(clip, LOOK, VideoSettings(start="0.2", codec="ffv1"), tmp_path / "results")
    queue.add([job])
    queue.wait_for_the_end()
    assert names(tmp_path / "results") == {"clip.tiny.mkv"}
    assert queue.of(job).frames_done == 7


def test_an_output_folder_that_is_missing_is_told_of(queue: WatchedQueue, clip: Path, tmp_path: Path) -> None:
    job = ExportJob(clip, LOOK, VideoSettings(), tmp_path / "nowhere")
    queue.add([job])
    queue.wait_for_the_end()
    assert "does not exist" in queue.of(job).message


def test_one_process_paints_all_files_and_none_is_left_when_there_is_nothing_to_do(
    queue: WatchedQueue, workers: list[WorkerProcess], picture: Path
) -> None:
    queue.add([ExportJob(picture, LOOK) for _ in range(4)])
    queue.wait_for_the_end()
    queue.close(keep=False)
    assert not any(worker.is_alive for worker in workers)
    assert len(workers) <= 4  # a checker and a painter; each may have rested once between two files


# Coming between


def test_a_cancelled_job_leaves_nothing_and_the_next_goes_on(
    queue: WatchedQueue, long_clip: Path, picture: Path, tmp_path: Path
) -> None:
    cancelled, after = ExportJob(long_clip, LOOK), ExportJob(picture, LOOK)
    queue.add([cancelled, after])
    queue.wait_for_frames(cancelled)
    assert "long.tiny.part.mp4" in names(tmp_path)
    queue.cancel(cancelled.id)
    queue.wait_for_the_end()
    assert (queue.of(cancelled).status, queue.of(after).status) == ("cancelled", "done")
    assert names(tmp_path) == {"long.mp4", "picture.jpg", "picture.tiny.jpg"}


def test_a_paused_job_stands_still_and_can_go_on(queue: WatchedQueue, long_clip: Path) -> None:
    job = ExportJob(long_clip, LOOK, VideoSettings(end="12"))
    queue.add([job])
    queue.wait_for_frames(job)
    queue.pause(job.id)
    assert queue.has_running_jobs()
    assert (queue.of(job).status, queue.of(job).seconds_left) == ("paused", None)
    queue.resume(job.id)
    queue.wait_for_status(job, "done")
    assert queue.of(job).frames_done == 300


def test_a_paused_job_can_be_cancelled(queue: WatchedQueue, long_clip: Path, picture: Path) -> None:
    job, after = ExportJob(long_clip, LOOK), ExportJob(picture, LOOK)
    queue.add([job, after])
    queue.wait_for_frames(job)
    queue.pause(job.id)
    queue.cancel(job.id)
    queue.wait_for_status(after, "done")


def test_a_job_that_waits_paused_is_passed_over(queue: WatchedQueue, long_clip: Path, picture: Path) -> None:
    first, held, last = ExportJob(long_clip, LOOK), ExportJob(picture, LOOK), ExportJob(picture, LOOK)
    queue.add([first, held, last])
    queue.wait_for_status(held, "waiting")
    queue.wait_for_frames(first)
    queue.pause(held.id)
    queue.cancel(first.id)
    queue.wait_for_status(last, "done")
    assert queue.of(held).status == "paused"
    assert not queue.has_running_jobs()
    queue.resume(held.id)
    queue.wait_for_status(held, "done")


def test_what_is_cancelled_before_it_was_looked_at_holds_nothing_up(queue: WatchedQueue, picture: Path) -> None:
    jobs = [ExportJob(picture, LOOK) for _ in range(4)]
    for job in jobs[:3]:
        queue.add([job])
        queue.cancel(job.id)
    queue.add(jobs[3:])
    queue.wait_for_status(jobs[3], "done")
    assert [queue.of(job).status for job in jobs[:3]] == ["cancelled"] * 3


def test_what_was_kept_paused_is_looked_at_and_holds_nothing_up(long_clip: Path, picture: Path, tmp_path: Path) -> None:
    held, after = ExportJob(long_clip, LOOK), ExportJob(picture, LOOK)
    save_states(tmp_path / "kept.json", [JobState(held, status="paused"), JobState(after)])
    queue = WatchedQueue(tmp_path / "kept.json")
    try:
        queue.wait_for_status(after, "done")
        queue.wait_for(lambda: queue.of(held).suffix == ".mp4")
        assert queue.of(held).status == "paused"
        queue.cancel(held.id)
    finally:
        queue.close(keep=False)


def test_a_failed_job_can_be_tried_again(queue: WatchedQueue, broken: Path, clip: Path) -> None:
    job = ExportJob(broken, LOOK)
    queue.add([job])
    queue.wait_for_status(job, "failed")
    broken.write_bytes(clip.read_bytes())
    queue.retry(job.id)
    queue.wait_for_status(job, "done")


def test_a_cancelled_job_can_be_tried_again(queue: WatchedQueue, long_clip: Path) -> None:
    job = ExportJob(long_clip, LOOK, VideoSettings(end="8"))
    queue.add([job])
    queue.wait_for_frames(job)
    queue.cancel(job.id)
    queue.retry(job.id)
    queue.wait_for_status(job, "done")


def test_removing_a_job_that_runs_ends_it(queue: WatchedQueue, long_clip: Path, picture: Path, tmp_path: Path) -> None:
    job, after = ExportJob(long_clip, LOOK), ExportJob(picture, LOOK)
    queue.add([job, after])
    queue.wait_for_frames(job)
    queue.remove(job.id)
    assert [state.job for state in queue.states()] == [after]
    queue.wait_for_the_end()
    assert "long.tiny.part.mp4" not in names(tmp_path)


def test_clearing_leaves_what_is_unfinished(queue: WatchedQueue, broken: Path, long_clip: Path) -> None:
    bad, good = ExportJob(broken, LOOK), ExportJob(long_clip, LOOK)
    queue.add([bad, good])
    queue.wait_for_status(bad, "failed")
    queue.clear_finished()
    assert [state.job for state in queue.states()] == [good]


def test_what_is_unknown_is_nobodys_business(queue: WatchedQueue) -> None:
    for act in (queue.pause, queue.resume, queue.cancel, queue.retry, queue.remove):
        act("nobody")
    assert queue.states() == ()


# Disasters


def test_a_worker_that_cannot_be_started_is_told_of(
    queue: WatchedQueue, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError(12, "Cannot allocate memory")

    with monkeypatch.context() as patch:
        patch.setattr(export_queue, "WorkerProcess", refuse)
        job = ExportJob(picture, LOOK)
        queue.add([job])
        queue.wait_for_status(job, "failed")
    assert "Cannot allocate memory" in queue.of(job).message
    queue.retry(job.id)
    queue.wait_for_status(job, "done")


def test_a_worker_that_is_killed_costs_its_job_alone(
    queue: WatchedQueue, workers: list[WorkerProcess], long_clip: Path, picture: Path, tmp_path: Path
) -> None:
    job, after = ExportJob(long_clip, LOOK), ExportJob(picture, LOOK)
    queue.add([job, after])
    queue.wait_for_frames(job)
    for worker in workers:
        worker.kill()
    queue.wait_for_the_end()
    assert (queue.of(job).status, queue.of(after).status) == ("failed", "done")
    assert "stopped unexpectedly" in queue.of(job).message
    assert "long.tiny.part.mp4" in queue.of(job).message
    assert "long.tiny.mp4" not in names(tmp_path)


def test_a_worker_that_does_not_hear_is_ended(
    queue: WatchedQueue, workers: list[WorkerProcess], long_clip: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_queue, "CANCEL_PATIENCE_S", 0.0)
    monkeypatch.setattr(WorkerProcess, "send", deaf_to_cancel(WorkerProcess.send))
    job, after = ExportJob(long_clip, LOOK), ExportJob(picture, LOOK)
    queue.add([job, after])
    queue.wait_for_frames(job)
    queue.cancel(job.id)
    queue.wait_for_status(after, "done")
    assert queue.of(job).status == "cancelled"


def test_a_job_that_is_retried_before_its_end_was_heard_begins_anew(
    queue: WatchedQueue, long_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = WorkerProcess.send
    monkeypatch.setattr(WorkerProcess, "send", deaf_to_cancel(send))
    job = ExportJob(long_clip, LOOK, VideoSettings(end="8"))
    queue.add([job])
    queue.wait_for_frames(job)
    queue.pause(job.id)  # so that the old run does not end by itself
    queue.cancel(job.id)
    queue.retry(job.id)
    queue.wait_for_status(job, "waiting")
    queue.pause(job.id)
    monkeypatch.setattr(WorkerProcess, "send", send)
    queue.cancel(job.id)
    queue.retry(job.id)
    queue.wait_for_status(job, "done")
    assert queue.of(job).frames_done == 200


def deaf_to_cancel(send: Callable[..., None]) -> Callable[..., None]:
    def send_all_else(worker: WorkerProcess, command: str, **details: object) -> None:
        if command != "cancel":
            send(worker, command, **details)

    return send_all_else


# Between two starts


def test_what_was_unfinished_goes_on_at_the_next_start(long_clip: Path, picture: Path, tmp_path: Path) -> None:
    file, jobs = tmp_path / "data" / "exports.json", [ExportJob(long_clip, LOOK, VideoSettings(end="8")),
                                                      ExportJob(picture, LOOK)]
    first = WatchedQueue(file)
    first.add(jobs)
    first.wait_for_frames(jobs[0])
    first.close(keep=True)
    assert names(tmp_path) == {"data", "long.mp4", "picture.jpg"}

    second = WatchedQueue(file)
    assert [state.job for state in second.states()] == jobs
    second.wait_for_the_end()
    second.close(keep=True)
    assert {"long.tiny.mp4", "picture.tiny.jpg"} <= names(tmp_path)
    assert load_states(file) == []


def test_after_a_crash_of_the_window_it_is_all_there(long_clip: Path, tmp_path: Path) -> None:
    """The file is written when something changes, not at the end."""
    file, job = tmp_path / "exports.json", ExportJob(long_clip, LOOK)
    queue = WatchedQueue(file)
    queue.add([job])
    queue.wait_for_frames(job)
    assert [state.job for state in load_states(file)] == [job]
    queue.close(keep=True)


def test_or_nothing_goes_on(long_clip: Path, tmp_path: Path) -> None:
    file, job = tmp_path / "exports.json", ExportJob(long_clip, LOOK)
    queue = WatchedQueue(file)
    queue.add([job])
    queue.wait_for_frames(job)
    queue.close(keep=False)
    assert names(tmp_path) == {"exports.json", "long.mp4"}
    assert load_states(file) == []


def test_closing_at_once_waits_for_nobody(long_clip: Path, tmp_path: Path) -> None:
    file, job = tmp_path / "exports.json", ExportJob(long_clip, LOOK)
    queue = WatchedQueue(file)
    queue.add([job])
    queue.close(keep=True)
    assert [state.job for state in load_states(file)] == [job]


def test_a_disk_that_is_full_does_not_stop_the_queue(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    queue, job = WatchedQueue(tmp_path / "file" / "exports.json"), ExportJob(picture, LOOK)
    queue.add([job])
    queue.wait_for_status(job, "done")
    queue.close(keep=True)


def test_listeners_come_and_go(queue: WatchedQueue, broken: Path) -> None:
    heard: list[int] = []

    def listener() -> None:
        heard.append(1)

    queue.subscribe(listener)
    queue.add([ExportJob(broken, LOOK)])
    queue.wait_for_the_end()
    assert heard
    queue.unsubscribe(listener)
    heard.clear()
    queue.clear_finished()
    assert not heard


WITHOUT_WHAT_PAINTS = """
import sys
import fnst_live.export_queue
heavy = {"torch", "cv2", "av", "numpy", "openvino", "PIL"} & sys.modules.keys()
assert not heavy, heavy
"""


def test_the_windows_side_imports_nothing_that_paints() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_WHAT_PAINTS], check=True)
