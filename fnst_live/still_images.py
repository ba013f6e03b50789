"""Pictures in, painted pictures out: one, a folder of them, or a pipe.

Where each shall go is settled and checked before the first is painted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnst_live.errors import InputError, OutputError
from fnst_live.folders import check_folder, files_in, kept_name, kept_names, output_folder
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.resize import resize
from fnst_live.settings import PIPE
from fnst_live.sinks.picture import (
    check_picture_output,
    check_picture_size,
    is_written,
    write_picture,
    write_picture_to_pipe,
)
from fnst_live.sources.picture import Picture, picture_suffixes, read_picture, read_picture_stream

FALLBACK_SUFFIX = ".png"


@dataclass
class PictureResult:
    """What became of one picture. output and size: None where it was skipped."""

    source: str
    output: str | None
    size: FrameSize | None
    style: str
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """One flat object; the size as [width, height]."""
        return {
            "input": self.source, "output": self.output, "size": None if self.size is None else list(self.size),
            "style": self.style, "warnings": self.warnings,
        }


def paint_pictures(
    source: str, output: str | None, paint: Callable[[Frame], Frame], *, style_name: str, overwrite: bool
) -> list[PictureResult]:
    """Paint what source names: a file, all pictures right in a folder, or "-", the standard input. Raises UserError.

    output: a file, a folder, or "-"; None is a name of the style beside the source, or "-" for the standard input.
    """
    if source != PIPE and Path(source).is_dir():
        jobs = _jobs_of_folder(Path(source), output, style_name)
    else:
        jobs = [_job_of_one(source, output, style_name)]
    for job in jobs:
        job.check(overwrite=overwrite)
    if len(jobs) == 1:
        return [_paint(jobs[0], jobs[0].read(), paint, style_name)]
    return _paint_readable(jobs, paint, style_name)


@dataclass(frozen=True)
class _Job:
    """One picture: where from and where to. folder: where it goes, if that may be missing and is made then."""

    source: str
    output: str
    folder: Path | None = None

    def check(self, *, overwrite: bool) -> None:
        """Raises OutputError."""
        if self.output == PIPE:
            _check_standard_output()
        elif self.folder is not None and not self.folder.is_dir():
            check_folder(self.folder, Path(self.source))
        else:
            source = None if self.source == PIPE else Path(self.source)
            check_picture_output(Path(self.output), source=source, overwrite=overwrite)

    def read(self) -> Picture:
        """Raises InputError."""
        if self.source == PIPE:
            return read_picture_stream(sys.stdin.buffer, "standard input")
        return read_picture(Path(self.source))

    def check_size(self, size: FrameSize) -> None:
        """Raises OutputError."""
        if self.output != PIPE:
            check_picture_size(Path(self.output), size)

    def write(self, painted: Frame, picture: Picture) -> list[str]:
        """The warnings. Raises OutputError."""
        alpha = None if picture.alpha is None else resize(picture.alpha, painted.size)
        if self.output == PIPE:
            write_picture_to_pipe(sys.stdout.fileno(), painted.pixels, alpha)
            return []
        if self.folder is not None:
            self.folder.mkdir(exist_ok=True)
        return write_picture(Path(self.output), painted.pixels, alpha)


def _check_standard_output() -> None:
    if sys.stdout.isatty():
        raise OutputError("a picture cannot be shown in the terminal: send it on with > or |, or name a file with -o")


def _job_of_one(source: str, output: str | None, style_name: str) -> _Job:
    if output is None:
        return _Job(source, PIPE if source == PIPE else _name_beside(Path(source), style_name))
    if output == PIPE or not _means_folder(output):
        return _Job(source, output)
    if source == PIPE:
        raise OutputError(f"{output} is a folder, and standard input has no name: give a file name with -o")
    folder = Path(output)
    return _Job(source, str(folder / kept_name(Path(source), is_written, FALLBACK_SUFFIX)), folder)


def _jobs_of_folder(source: Path, output: str | None, style_name: str) -> list[_Job]:
    if output == PIPE:
        raise OutputError(f"{source} is a folder, and a pipe holds one picture: give a folder with -o")
    folder = output_folder(source, output, style_name)
    check_folder(folder, source)
    files = files_in(source, picture_suffixes(), "pictures")
    names = kept_names(files, is_written, FALLBACK_SUFFIX)
    return [_Job(str(file), str(folder / name), folder) for file, name in zip(files, names, strict=True)]


def _name_beside(source: Path, style_name: str) -> str:
    kept = Path(kept_name(source, is_written, FALLBACK_SUFFIX))
    return str(source.with_name(f"{kept.stem}.{style_name}{kept.suffix}"))


def _means_folder(output: str) -> bool:
    return output.endswith(("/", os.sep)) or Path(output).is_dir()


def _paint_readable(jobs: list[_Job], paint: Callable[[Frame], Frame], style_name: str) -> list[PictureResult]:
    """Skips what cannot be read. Raises InputError where nothing can."""
    results, problems = [], []
    for job in jobs:
        try:
            picture = job.read()
        except InputError as error:
            problems.append(error)
            results.append(PictureResult(job.source, None, None, style_name, [f"{error}; skipped"]))
        else:
            results.append(_paint(job, picture, paint, style_name))
    if len(problems) == len(jobs):
        raise InputError(f"none of the {len(jobs)} pictures can be read: {problems[0]}") from problems[0]
    return results


def _paint(job: _Job, picture: Picture, paint: Callable[[Frame], Frame], style_name: str) -> PictureResult:
    job.check_size(picture.frame.size)
    painted = paint(picture.frame)
    job.check_size(painted.size)
    warnings = picture.warnings + job.write(painted, picture)
    return PictureResult(job.source, job.output, painted.size, style_name, warnings)
