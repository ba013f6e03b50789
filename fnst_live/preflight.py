"""What can be refused at once, before anything heavy is imported, let alone opened.

A wrong path must not take as long as a right one. Whoever opens a file looks again, and closer.
"""

from __future__ import annotations

from pathlib import Path

from fnst_live.errors import missing_input
from fnst_live.folders import check_folder, files_in
from fnst_live.settings import NO_STYLE, PIPE, VIDEO_SUFFIXES, LookSettings, RenderRequest
from fnst_live.sinks.provisional import check_output
from fnst_live.style_library import find_entry


def check_video(request: RenderRequest) -> None:
    """Raises InputError, StyleError, OutputError."""
    check_inputs(request.source)
    check_look(request.look)
    if request.source.is_dir():
        files_in(request.source, VIDEO_SUFFIXES, "videos")
        if request.output is not None:
            check_folder(request.output, request.source)
    elif request.output is not None:
        check_output(request.output, source=request.source, overwrite=request.overwrite)


def check_pictures(source: str, look: LookSettings) -> None:
    """source: a file, a folder or a pipe. Raises InputError, StyleError."""
    if source != PIPE:
        check_inputs(Path(source))
    check_look(look)


def check_inputs(*files: Path | None) -> None:
    """Raises InputError."""
    for file in files:
        if file is not None and not file.exists():
            raise missing_input(file)


def check_look(look: LookSettings) -> None:
    """Raises StyleError."""
    for style in look.styles:
        if style != NO_STYLE:
            find_entry(style)
