"""The export queue: the window's side of painting many files while the live picture goes on.

Two lanes, each a thread with one worker process for as long as it has something to do: one looks at what was added
(is it readable, how large, a thumbnail), the other paints, one file after another. Neither this module nor what it
imports knows torch, cv2 or av.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from fnst_live import paths
from fnst_live.export_jobs import ExportJob, JobState, Status, load_states, save_states
from fnst_live.export_process import Event, WorkerProcess

FILE_NAME = "exports.json"
CANCEL_PATIENCE_S = 8.0  # an engine that is being opened hears nothing meanwhile
ACTIVE: frozenset[Status] = frozenset({"running", "paused"})
UNCHECKED: frozenset[Status] = frozenset({"checking", "paused"})
UNFINISHED = ACTIVE | UNCHECKED
LAST_EVENTS = frozenset({"done", "failed", "cancelled"})

log = logging.getLogger(__name__)


def default_file() -> Path:
    """Where the window keeps its queue between two starts."""
    return paths.data_dir() / FILE_NAME


class ExportQueue:
    """All methods return at once, but for `close`, and may be called on any thread.

    on_change is called on any thread, too, and often: it should only wake somebody, who then asks for `states`.
    file: where the queue is kept; what it holds goes on at once. None: nowhere.
    """

    def __init__(self, on_change: Callable[[], None] | None = None, file: Path | None = None):
        self._file = file
        self._listeners = [] if on_change is None else [on_change]
        self._changed = threading.Condition()
        self._states = {state.job.id: state for state in ([] if file is None else load_states(file))}
        self._is_closed = False
        self._lanes: tuple[_Lane, ...] = (_CheckLane(self), _PaintLane(self))
        for lane in self._lanes:
            lane.start()

    def subscribe(self, on_change: Callable[[], None]) -> None:
        """One more to be told of changes."""
        self._listeners = [*self._listeners, on_change]

    def unsubscribe(self, on_change: Callable[[], None]) -> None:
        self._listeners = [listener for listener in self._listeners if listener != on_change]

    def states(self) -> tuple[JobState, ...]:
        """In the order in which they were added."""
        with self._changed:
            return tuple(self._states.values())

    def has_running_jobs(self) -> bool:
        """Whether something is left to do that nobody has paused, or stands half done."""
        return any(
            state.status in ("checking", "waiting", "running") or (state.status == "paused" and state.frames_done > 0)
            for state in self.states()
        )

    def add(self, jobs: Iterable[ExportJob]) -> None:
        """To the end of the queue."""
        with self._telling():
            self._states |= {job.id: JobState(job) for job in jobs}

    def pause(self, job_id: str) -> None:
        """A job that runs stands still, and so do those behind it; one that waits is passed over."""
        with self._telling():
            self._move(job_id, ("waiting", "running"), status="paused", seconds_left=None)
            self._tell_painter(job_id, "pause")

    def resume(self, job_id: str) -> None:
        with self._telling():
            state = self._states.get(job_id)
            if state is not None:
                self._move(job_id, ("paused",), status=self._status_of_resumed(state))
                self._tell_painter(job_id, "resume")

    def cancel(self, job_id: str) -> None:
        """Nothing is left of what was painted."""
        with self._telling():
            self._move(job_id, ("checking", "waiting", "running", "paused"), status="cancelled", seconds_left=None)
            self._end_work_on(job_id)

    def retry(self, job_id: str) -> None:
        """Once more from the beginning, if it failed or was cancelled."""
        with self._telling():
            state = self._states.get(job_id)
            if state is not None and state.status in ("failed", "cancelled"):
                self._states[job_id] = state.anew()

    def remove(self, job_id: str) -> None:
        """Out of the list, cancelled if it is not finished. The finished file stays."""
        with self._telling():
            if self._states.pop(job_id, None) is not None:
                self._end_work_on(job_id)

    def clear_finished(self) -> None:
        with self._telling():
            self._states = {job_id: state for job_id, state in self._states.items() if not state.is_finished}

    def close(self, *, keep: bool) -> None:
        """Ends the workers and waits for that. keep: what is unfinished goes on at the next start, each anew."""
        with self._telling():
            self._is_closed = True
            if not keep:
                self._states = {}
            for lane in self._lanes:
                lane.kill()
        for lane in self._lanes:
            lane.join()

    # For the lanes

    def take(self, lane: _Lane) -> JobState | None:
        """The next job that the lane can do, already marked as taken; None where it should rest."""
        with self._telling():
            if self._is_closed:
                return None
            state = next((state for state in self._states.values() if lane.wants(state)), None)
            if state is not None:
                state = self._states[state.job.id] = lane.taken(state)
                lane.job_id = state.job.id
            return state

    def wait_for_work(self, lane: _Lane) -> bool:
        """False once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or any(lane.wants(s) for s in self._states.values()))
            return not self._is_closed

    def update(self, job_id: str, among: Iterable[Status], **changes: Any) -> None:
        """What a lane has learned of a job, if nobody has decided otherwise meanwhile."""
        with self._telling():
            self._move(job_id, among, **changes)

    def is_wanted(self, job_id: str) -> bool:
        """Whether the work on it shall go on."""
        with self._changed:
            state = self._states.get(job_id)
            return not self._is_closed and state is not None and state.status in ACTIVE

    def remind(self, lane: _Lane) -> None:
        """Tells the lane's worker what was decided about its job before there was a worker to tell."""
        with self._changed:
            state = None if lane.job_id is None else self._states.get(lane.job_id)
            if self._is_closed:
                lane.kill()
            elif lane.job_id is not None and (state is None or state.status == "cancelled"):
                lane.cancel(lane.job_id)
            elif state is not None and state.status == "paused" and lane.can_pause:
                lane.send("pause", state.job.id)

    def kill_if_still_on(self, lane: _Lane, job_id: str) -> None:
        """The job was cancelled a while ago, and its worker has not heard of it."""
        with self._changed:
            if lane.job_id == job_id:
                lane.kill()

    def release(self, lane: _Lane) -> None:
        """The lane is done with its job, well or not."""
        with self._telling():
            state = None if lane.job_id is None else self._states.get(lane.job_id)
            if state is not None and state.status in lane.reopened:
                self._move(state.job.id, (state.status,), status=lane.reopened[state.status])
            lane.job_id = None

    # With the lock held

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """The lock; afterwards what has changed is kept and told."""
        with self._changed:
            before = self._record()
            yield
            self._changed.notify_all()
            if self._record() != before:
                self._save()
        for listener in self._listeners:
            listener()

    def _record(self) -> list[tuple[str, Status]]:
        return [(job_id, state.status) for job_id, state in self._states.items()]

    def _save(self) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # a full disk must not stop what runs; the next change tries again
            save_states(self._file, self._states.values())

    def _move(self, job_id: str, among: Iterable[Status], **changes: Any) -> None:
        state = self._states.get(job_id)
        if state is not None and state.status in among:
            self._states[job_id] = dataclasses.replace(state, **changes)

    def _status_of_resumed(self, state: JobState) -> Status:
        if not state.suffix:
            return "checking"
        return "running" if any(lane.job_id == state.job.id for lane in self._lanes) else "waiting"

    def _tell_painter(self, job_id: str, command: str) -> None:
        for lane in self._lanes:
            if lane.job_id == job_id and lane.can_pause:
                lane.send(command, job_id)

    def _end_work_on(self, job_id: str) -> None:
        for lane in self._lanes:
            if lane.job_id == job_id:
                lane.cancel(job_id)


class _Lane(threading.Thread, ABC):
    """Takes from the queue what it wants, one job at a time, and has a worker process do it.

    command: what the process is told to do. can_pause: whether its work stands still for a job that is paused.
    reopened: what becomes of a job that has such a status when the lane is done with it: it was cancelled, and then
    retried before that was heard. job_id: of the job that is being worked on; guarded by the queue's lock.
    """

    command: ClassVar[str]
    can_pause: ClassVar[bool]
    reopened: ClassVar[Mapping[Status, Status]] = {}

    def __init__(self, queue: ExportQueue):
        super().__init__(name=f"export-{self.command}")
        self.job_id: str | None = None
        self._queue = queue
        self._worker: WorkerProcess | None = None
        self._deadline: threading.Timer | None = None

    @abstractmethod
    def wants(self, state: JobState) -> bool:
        """Whether this job is for this lane, now."""

    @abstractmethod
    def taken(self, state: JobState) -> JobState:
        """The job's state once this lane has it."""

    @abstractmethod
    def _follow(self, job: ExportJob, events: Iterator[Event]) -> None:
        """Until the job's last event, or the end of the process."""

    def run(self) -> None:
        """Works while there is work; rests without a process, which would only hold memory."""
        while True:
            state = self._queue.take(self)
            if state is not None:
                self._work_on_or_fail(state)
                continue
            self._end_worker()
            if not self._queue.wait_for_work(self):
                return

    def send(self, command: str, job_id: str) -> None:
        if self._worker is not None:
            self._worker.send(command, id=job_id)

    def cancel(self, job_id: str) -> None:
        """Asks first: a process that goes on has its style opened for the next job."""
        self.send("cancel", job_id)
        self._stop_deadline()
        self._deadline = threading.Timer(CANCEL_PATIENCE_S, self._queue.kill_if_still_on, (self, job_id))
        self._deadline.start()

    def kill(self) -> None:
        if self._worker is not None:
            self._worker.kill()

    def _work_on_or_fail(self, state: JobState) -> None:
        """Whatever goes wrong with one job, the next one is worked on."""
        try:
            self._work_on(state)
        except Exception as error:
            log.exception("%s", state.job.source)
            self._stop_deadline()
            self.kill()
            self._end_worker()
            message = f"{state.job.source.name} could not be worked on ({error}): retry"
            self._queue.update(state.job.id, UNFINISHED, status="failed", seconds_left=None, message=message)
            self._queue.release(self)

    def _work_on(self, state: JobState) -> None:
        worker = self._living_worker()
        worker.send(self.command, **_details(state))
        self._queue.remind(self)
        self._follow(state.job, worker.events())
        self._queue.release(self)
        self._stop_deadline()

    def _living_worker(self) -> WorkerProcess:
        if self._worker is not None and not self._worker.is_alive:
            self._end_worker()
        if self._worker is None:
            self._worker = WorkerProcess()
        return self._worker

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()


class _CheckLane(_Lane):
    """Looks at what was added, so that an unreadable file is told of at once, not after an hour's queue."""

    command = "check"
    can_pause = False  # what is paused is looked at all the same, and so is what stands behind it

    def wants(self, state: JobState) -> bool:
        return state.status in UNCHECKED and not state.suffix

    def taken(self, state: JobState) -> JobState:
        return state

    def _follow(self, job: ExportJob, events: Iterator[Event]) -> None:
        event = next(events, {"event": "failed", "message": f"{job.source} makes the decoder crash: it is damaged"})
        if event["event"] == "failed":
            self._queue.update(job.id, UNCHECKED, status="failed", message=event["message"])
        if event["event"] != "checked":
            return
        facts = {
            "kind": event["kind"], "suffix": event["suffix"], "size": tuple(event["size"]),
            "frames_total": event["frames"], "preview": base64.b64decode(event["preview"]),
        }
        self._queue.update(job.id, ("paused",), **facts)
        self._queue.update(job.id, ("checking",), status="waiting", **facts)


class _PaintLane(_Lane):
    """Paints, one job after another in the order of the queue."""

    command = "paint"
    can_pause = True
    reopened: ClassVar[Mapping[Status, Status]] = {"running": "waiting"}

    def wants(self, state: JobState) -> bool:
        return state.status == "waiting"

    def taken(self, state: JobState) -> JobState:
        return dataclasses.replace(state, status="running", output=state.job.free_output(state.suffix))

    def _follow(self, job: ExportJob, events: Iterator[Event]) -> None:
        partial: Path | None = None
        for event in events:
            if event["event"] == "started":
                partial = Path(event["partial"])
            if event["event"] in LAST_EVENTS:
                break
            self._tell_progress(job, event)
        else:
            event = {"event": "failed", "message": _crash_sentence(job, partial)}
        self._settle(job, event, partial)

    def _tell_progress(self, job: ExportJob, event: Event) -> None:
        if event["event"] == "started":
            self._queue.update(job.id, ACTIVE, size=tuple(event["size"]), frames_total=event["frames"])
            return
        done, total, fps = event["frames"], event["total"], event["fps"]
        shown = {"preview": base64.b64decode(event["preview"])} if event["preview"] else {}
        self._queue.update(job.id, ACTIVE, frames_done=done, fps=fps, **shown)
        self._queue.update(job.id, ("running",), seconds_left=max(0, total - done) / fps if total and fps else None)

    def _settle(self, job: ExportJob, event: Event, partial: Path | None) -> None:
        """A job that was cancelled too late is done; one that failed keeps its fragment, which can be played."""
        if event["event"] == "done":
            self._queue.update(
                job.id, (*ACTIVE, "cancelled"), status="done", seconds_left=None, fps=event["fps"],
                frames_done=event["frames"], frames_total=event["frames"], message="; ".join(event["warnings"]),
            )
        elif event["event"] == "failed" and self._queue.is_wanted(job.id):
            self._queue.update(job.id, ACTIVE, status="failed", seconds_left=None, message=event["message"])
        elif partial is not None:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


def _details(state: JobState) -> dict[str, Any]:
    job = state.job
    return {
        "id": job.id, "source": str(job.source), "kind": state.kind, "output": str(state.output),
        "look": dataclasses.asdict(job.look), "video": dataclasses.asdict(job.video),
    }


def _crash_sentence(job: ExportJob, partial: Path | None) -> str:
    kept = f"; what was written so far is {partial}" if partial is not None and partial.exists() else ""
    return f"painting {job.source.name} stopped unexpectedly: retry, perhaps at a smaller work height{kept}"
