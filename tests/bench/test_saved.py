"""What is kept, what is read back, and what is refused: damaged files, and names that belong to something else."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from fnst_live.bench import saved
from fnst_live.bench.comparison import Comparison
from fnst_live.bench.saved import check_saving, read_result, save_result
from fnst_live.errors import InputError, OutputError

from .examples import report

JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def result() -> dict[str, Any]:
    return report().as_json()


def test_saved_and_read_again(result: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "saved.json"
    save_result(file, result)
    check_saving(file)
    save_result(file, result)
    assert read_result(file) == result
    assert list(tmp_path.iterdir()) == [file]
    assert not Comparison(read_result(file), result, ("a", "b")).warnings


@pytest.mark.parametrize(("content", "sentence"), [
    ("{", "is no saved result"), ("[1]", "is no saved result"), ("{}", "is no saved result"),
    ("", "is no saved result"), ("[" * 100_000, "is no saved result"),
    ('{"bench": 99}', "was saved by another version"), ('{"bench": 1}', "is damaged"),
    ('{"bench": 1, "matmul_gflops": {}, "sizes": [3]}', "is damaged"),
    ('{"bench": 1, "matmul_gflops": {"f32": "fast"}, "sizes": []}', "is damaged"),
    ('{"bench": 1, "matmul_gflops": {}, "sizes": []}', "is damaged"),
])
def test_what_is_no_result(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_result(tmp_path / "bad.json")


@pytest.mark.parametrize(("where", "value"), [
    (("warnings",), 5), (("warnings",), "abc"), (("warnings",), [5]), (("warnings",), ["two\nlines"]),
    (("style",), 5), (("style",), "\x1b[31mred"), (("seconds",), "2"), (("begun",), None),
    (("versions",), []), (("versions", "torch"), 2), (("machine",), None), (("machine", "threads"), "two"),
    (("machine", "instructions"), "avx2"), (("matmul_gflops", "f32"), 0),
    (("sizes",), {}), (("sizes", 0, "size"), [640]), (("sizes", 0, "size"), "64"), (("sizes", 0, "size"), [-640, 480]),
    (("sizes", 0, "engines"), "abc"), (("sizes", 0, "engines", 1, "name"), 3),
    (("sizes", 0, "engines", 1, "milliseconds", "median"), 0),
    (("sizes", 0, "engines", 1, "milliseconds", "median"), True),
    (("sizes", 0, "engines", 1, "milliseconds", "median"), 10**400),
    (("sizes", 0, "stages", "decode", "milliseconds", "median"), -1.5),
    (("sizes", 0, "stages", "decode", "milliseconds", "median"), 1e300),
    (("sizes", 0, "paths", "live", "fps", "median"), 0.0), (("sizes", 0, "paths", "live", "engine"), 7),
    (("sizes", 0, "paths", "live", "cpu_milliseconds"), -1),
    (("sizes", 0, "paths", "live", "latency_milliseconds"), 5),
])
def test_whatever_is_damaged_is_refused(
    result: dict[str, Any], tmp_path: Path, where: tuple[str | int, ...], value: object
) -> None:
    part: Any = result
    for step in where[:-1]:
        part = part[step]
    part[where[-1]] = value
    save_result(tmp_path / "bad.json", result)
    with pytest.raises(InputError, match=r"bad.json is damaged: measure it anew$"):
        read_result(tmp_path / "bad.json")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_has_no_number_for_is_nowhere_in_a_result(
    result: dict[str, Any], tmp_path: Path, value: float
) -> None:
    """Not even where nothing looks at it, since a comparison hands it on."""
    result["sizes"][0]["stages"]["decode"]["milliseconds"]["upper"] = value
    save_result(tmp_path / "bad.json", result)
    with pytest.raises(InputError, match="is no saved result"):
        read_result(tmp_path / "bad.json")


def test_a_number_too_large_for_a_float(result: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(json.dumps(result | {"seconds": "HUGE"}).replace('"HUGE"', "1e999"))
    with pytest.raises(InputError, match="is no saved result"):
        read_result(tmp_path / "bad.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_result(tmp_path / "none.json")


def test_what_could_not_be_saved_is_refused_first(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        check_saving(tmp_path)
    with pytest.raises(OutputError, match="does not exist"):
        check_saving(tmp_path / "none" / "saved.json")
    with pytest.raises(OutputError, match="cannot be written: File name too long"):
        check_saving(tmp_path / ("n" * 300))
    check_saving(tmp_path / "saved.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [JPEG, b"", b'{"an": "other"}'])
def test_another_file_is_not_written_over(tmp_path: Path, content: bytes) -> None:
    victim = tmp_path / "victim.jpg"
    victim.write_bytes(content)
    with pytest.raises(OutputError, match=r"exists already and is no saved result: choose another name with --save$"):
        check_saving(victim)
    assert list(tmp_path.iterdir()) == [victim]
    assert victim.read_bytes() == content


def test_a_film_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "LARGEST_RESULT", 10)
    (tmp_path / "film.json").write_text('{"bench": 1}')
    with pytest.raises(OutputError, match="is no saved result"):
        check_saving(tmp_path / "film.json")


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe that nobody writes to would be waited for, without end."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError, match="is no saved result"):
        check_saving(tmp_path / "pipe")


def test_a_folder_that_takes_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its permissions say, as in /proc."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(OutputError, match=r"saved.json cannot be written: Permission denied; choose another"):
        check_saving(tmp_path / "saved.json")


def test_trying_the_folder_touches_no_file_of_others(tmp_path: Path) -> None:
    partial = tmp_path / "saved.json.part"
    partial.write_bytes(JPEG)
    check_saving(tmp_path / "saved.json")
    save_result(tmp_path / "saved.json", report().as_json())
    assert partial.read_bytes() == JPEG
