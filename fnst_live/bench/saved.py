"""Saved results: read back and held against what a result looks like, and written whole.

A file may have been cut off, edited, or be something else altogether: everything that `comparison` shows is checked
here once, so that it need not ask again.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from fnst_live.bench.report import FORMAT
from fnst_live.errors import InputError, OutputError

LARGEST_RESULT = 16 << 20  # bytes; a result has some thousands
SMALLEST_FIGURE, LARGEST_FIGURE = 1e-6, 1e12  # of any unit; what lies outside was never measured
LARGEST_SIDE = 1 << 16

Json = Mapping[str, Any]


def read_result(file: Path) -> dict[str, Any]:
    """A saved result. Raises InputError."""
    try:
        result = _record_in(file)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from error
    if result is None:
        raise InputError(f"{file} is no saved result: give a file of fnst-live bench --save")
    if result["bench"] != FORMAT:
        raise InputError(f"{file} was saved by another version of fnst-live: measure it anew with this one")
    try:
        _require_result(result)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise InputError(f"{file} is damaged: measure it anew") from error
    return result


def check_saving(file: Path) -> None:
    """Before minutes are spent on what could not be kept, or on what would take another file's place.

    Raises OutputError.
    """
    try:
        _check_saving(file)
    except OSError as error:
        raise OutputError(
            f"{file} cannot be written: {error.strerror or error}; choose another with --save"
        ) from error


def save_result(file: Path, result: Json) -> None:
    """Beside the name, then under it. Replaces an older one. Raises OutputError."""
    partial = _provisional(file)
    try:
        partial.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _check_saving(file: Path) -> None:
    if file.is_dir():
        raise OutputError(f"{file} is a folder: give a file name with --save")
    if not file.parent.is_dir():
        raise OutputError(f"the folder {file.parent} does not exist: make it first, or choose another with --save")
    if file.exists() and not (file.is_file() and _record_in(file)):
        raise OutputError(f"{file} exists already and is no saved result: choose another name with --save")
    _try_folder(file)


def _try_folder(file: Path) -> None:
    """Permissions do not tell all: some folders take no files, from root either. Raises OSError."""
    partial = _provisional(file)
    partial.touch()
    partial.unlink()


def _provisional(file: Path) -> Path:
    """Of this process alone, so that no other file is in its way."""
    return file.with_name(f".{file.name}.{os.getpid()}.part")


def _record_in(file: Path) -> dict[str, Any] | None:
    """What says of itself that it is a result; None where the file holds something else. Raises OSError."""
    with file.open("rb") as opened:
        content = opened.read(LARGEST_RESULT + 1)
    if len(content) > LARGEST_RESULT:
        return None
    try:
        record = json.loads(content.decode("utf-8"), parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and "bench" in record else None


def _finite(text: str) -> float:
    """JSON has no other numbers, whatever Python reads. Raises ValueError."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number")
    return value


def _require_result(result: Json) -> None:
    """Whatever is shown of it is there, and is what it should be. Raises LookupError, TypeError, ValueError."""
    machine = result["machine"]
    _require_texts([result["begun"], result["style"], machine["processor"]])
    _require_texts(_list(result.get("warnings", [])))
    _require_texts(_list(machine.get("instructions", [])))
    for name, version in result.get("versions", {}).items():
        _require_texts([name, version])
    _require_figures([machine[key] for key in ("usable_cores", "cores", "threads") if key in machine])
    if not _is_number(result.get("seconds", 1)):
        raise TypeError("no seconds")
    for precision, rate in result["matmul_gflops"].items():
        _require_texts([precision])
        _require_figures([rate])
    for size in _list(result["sizes"]):
        _require_size(size)


def _require_size(size: Json) -> None:
    width, height = _list(size["size"])
    for side in (width, height):
        if not isinstance(side, int) or not 1 < side <= LARGEST_SIDE:
            raise ValueError("no side of a picture")
    for engine in _list(size["engines"]):
        if engine["ok"]:
            _require_texts([engine["name"], engine["precision"]])
            _require_figures([engine["milliseconds"]["median"]])
    for name, stage in size["stages"].items():
        _require_texts([name])
        _require_figures([stage["milliseconds"]["median"]])
    for name, path in size["paths"].items():
        _require_path(name, path)


def _require_path(name: str, path: Json) -> None:
    _require_texts([name, path.get("engine", "")])
    latency = [path["latency_milliseconds"]["median"]] if "latency_milliseconds" in path else []
    cpu = path["cpu_milliseconds"]
    _require_figures([path["fps"]["median"], *latency, *([cpu] if cpu != 0 else [])])


def _list(value: object) -> list[Any]:
    """A text can be gone through like a list, too, letter by letter. Raises TypeError."""
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _require_texts(values: Iterable[object]) -> None:
    """Each of one line."""
    for value in values:
        if not isinstance(value, str) or not value.isprintable():
            raise ValueError("no line of text")


def _require_figures(values: Iterable[object]) -> None:
    for value in values:
        if not _is_number(value) or not SMALLEST_FIGURE <= value <= LARGEST_FIGURE:
            raise ValueError("no figure")


def _is_number(value: object) -> TypeGuard[float]:
    """True and False are numbers to Python, too."""
    return isinstance(value, int | float) and not isinstance(value, bool)
