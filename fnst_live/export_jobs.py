"""Exports as plain values: what shall be painted, how far it is, and how both are kept between two starts.

Standard library only: the window's process holds these, and never what does the work.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fnst_live.errors import SettingError
from fnst_live.settings import LookSettings, VideoSettings

Status = Literal["checking", "waiting", "running", "paused", "done", "failed", "cancelled"]
FINISHED: frozenset[Status] = frozenset({"done", "failed", "cancelled"})
KEPT_STATUS: dict[Status, Status] = {"paused": "paused", "failed": "failed"}  # all else begins anew
MODEL_SUFFIXES = frozenset({".safetensors", ".pth", ".pt", ".model"})


@dataclass(frozen=True)
class ExportJob:
    """One file to paint. output_folder: None is beside the source."""

    source: Path
    look: LookSettings
    video: VideoSettings = VideoSettings()
    output_folder: Path | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def style_name(self) -> str:
        """As it stands in the output's name: of `FILE#NAME` the name, of a model file its stem, of two mixed `A+B`."""
        names = (Path(style.rpartition("#")[2]) for style in self.look.styles)
        return "+".join(name.stem if name.suffix.lower() in MODEL_SUFFIXES else name.name for name in names)

    def free_output(self, suffix: str) -> Path:
        """`clip.style.mp4`, or the first of `clip.style 2.mp4`, ... that does not exist."""
        folder = self.source.parent if self.output_folder is None else self.output_folder
        stem = f"{self.source.stem}.{self.style_name}"
        names = itertools.chain([f"{stem}{suffix}"], (f"{stem} {n}{suffix}" for n in itertools.count(2)))
        return next(folder / name for name in names if not os.path.lexists(folder / name))


@dataclass(frozen=True)
class JobState:
    """How far a job is, at one moment.

    frames_total: None where the file does not tell. seconds_left: None while that is anybody's guess.
    message: one sentence: why it failed, or what the finished file lacks.
    preview: a small JPEG, of the source, and once it runs of the frame that was painted last; empty before.
    size: width and height of the source as shown. suffix: of the output; empty until the source was looked at.
    """

    job: ExportJob
    status: Status = "checking"
    frames_done: int = 0
    frames_total: int | None = None
    fps: float = 0.0
    seconds_left: float | None = None
    output: Path | None = None
    message: str = ""
    preview: bytes = b""
    size: tuple[int, int] | None = None
    kind: Literal["video", "picture"] = "video"
    suffix: str = ""

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def progress(self) -> float | None:
        """0..1, or None where the length is unknown."""
        if self.status == "done":
            return 1.0
        return min(1.0, self.frames_done / self.frames_total) if self.frames_total else None

    def anew(self) -> JobState:
        """The same job before anything was done about it."""
        return JobState(self.job, preview=self.preview, size=self.size)


def save_states(file: Path, states: Iterable[JobState]) -> None:
    """What a next start needs, in place of the file's old content or not at all. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.part")
    records = [_to_record(state) for state in states if state.status not in ("done", "cancelled")]
    with beside.open("w", encoding="utf-8") as stream:
        json.dump(records, stream, ensure_ascii=False, indent=1)
    beside.replace(file)


def load_states(file: Path) -> list[JobState]:
    """What was unfinished; nothing where there is no such file, or none that can be read."""
    try:
        records = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return list(_readable_states(records if isinstance(records, list) else []))


def _readable_states(records: list[Any]) -> Iterator[JobState]:
    """Without those that another version of the program has written otherwise."""
    for record in records:
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError, SettingError):
            yield _from_record(record)


def _to_record(state: JobState) -> dict[str, Any]:
    job = state.job
    return {
        "id": job.id,
        "source": str(job.source),
        "output_folder": None if job.output_folder is None else str(job.output_folder),
        "look": dataclasses.asdict(job.look),
        "video": dataclasses.asdict(job.video),
        "status": KEPT_STATUS.get(state.status, "checking"),
        "message": state.message if state.status == "failed" else "",
    }


def _from_record(record: dict[str, Any]) -> JobState:
    folder = record["output_folder"]
    job = ExportJob(
        Path(record["source"]), LookSettings(**record["look"]), VideoSettings(**record["video"]),
        None if folder is None else Path(folder), str(record["id"]),
    )
    return JobState(job, KEPT_STATUS.get(record["status"], "checking"), message=str(record["message"]))
