"""A folder of files, painted into another folder: which files, where to, and under which names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from fnst_live.errors import InputError, OutputError
from fnst_live.sinks.provisional import check_output

UNFINISHED = ".part"  # the stem's end of what a crash of ours has left behind


def files_in(folder: Path, suffixes: Collection[str], kind: str) -> list[Path]:
    """By name, those right in it. kind: what they are, in the plural. Raises InputError where there is none."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be opened: {error.strerror or error}") from error
    files = [
        file for file in entries if file.suffix.lower() in suffixes and file.is_file() and not _is_clutter(file)
    ]
    if not files:
        raise InputError(f"{folder} holds no {kind}: give a folder with {kind} right in it")
    return files


def output_folder(source: Path, output: str | Path | None, style_name: str) -> Path:
    """As wanted, or beside the source and called by the style."""
    return _folder_beside(source, style_name) if output is None else Path(output)


def check_folder(folder: Path, source: Path) -> None:
    """Whether it is there, or can be made, and is not the source itself. Raises OutputError."""
    try:
        if folder.is_file():
            raise OutputError(f"{folder} is a file: give a folder with -o")
        if folder.is_dir() and folder.samefile(source):
            raise OutputError(f"{folder} is the input itself: choose another folder with -o")
    except OSError as error:
        raise OutputError(f"{folder} cannot be a folder: {error.strerror or error}; give another with -o") from error
    if not folder.is_dir():
        check_output(folder, source=None, overwrite=False)


def kept_name(source: Path, is_written: Callable[[str], bool], fallback_suffix: str) -> str:
    """Kinds that we only read become another. is_written: of a suffix."""
    return source.name if is_written(source.suffix) else f"{source.stem}{fallback_suffix}"


def kept_names(sources: Sequence[Path], is_written: Callable[[str], bool], fallback_suffix: str) -> Iterator[str]:
    """A name for each, of which no two are the same: beside a.png, a.gif becomes a.gif.png."""
    taken = {source.name.casefold() for source in sources if is_written(source.suffix)}
    for source in sources:
        if is_written(source.suffix):
            yield source.name
            continue
        numbered = (f"{source.name}.{number}{fallback_suffix}" for number in itertools.count(2))
        names = itertools.chain(
            [kept_name(source, is_written, fallback_suffix), f"{source.name}{fallback_suffix}"], numbered
        )
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        yield name


def _is_clutter(file: Path) -> bool:
    """What file managers hide, and what a crash has left."""
    return file.name.startswith(".") or file.stem.endswith(UNFINISHED)


def _folder_beside(source: Path, style_name: str) -> Path:
    named = source if source.name.strip(".") else source.resolve()  # . and .. have names, too
    return named.parent / f"{named.name}.{style_name}"
