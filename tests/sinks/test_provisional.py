"""Nothing broken under the good name."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from fnst_live.errors import OutputError
from fnst_live.sinks.provisional import check_output, claim_provisional, provisional_path, put_in_place, write_failure


def test_the_provisional_name_is_obvious_and_keeps_the_suffix() -> None:
    assert provisional_path(Path("a/clip.wave.mp4")) == Path("a/clip.wave.part.mp4")


def test_put_in_place_renames(tmp_path: Path) -> None:
    output = tmp_path / "a.mp4"
    provisional_path(output).write_bytes(b"whole")
    put_in_place(output)
    assert output.read_bytes() == b"whole"
    assert not provisional_path(output).exists()


def test_an_existing_file_is_only_replaced_on_request(tmp_path: Path) -> None:
    output = tmp_path / "a.mp4"
    output.write_bytes(b"precious")
    with pytest.raises(OutputError, match="--overwrite"):
        check_output(output, source=None, overwrite=False)
    check_output(output, source=None, overwrite=True)


def test_the_input_is_never_the_output(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    source.write_bytes(b"x")
    (tmp_path / "link.mp4").symlink_to(source)
    for output in (source, tmp_path / "link.mp4", tmp_path / "." / "a.mp4"):
        with pytest.raises(OutputError, match="the input itself"):
            check_output(output, source=source, overwrite=True)


def test_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path, source=None, overwrite=True)
    with pytest.raises(OutputError, match="does not exist"):
        check_output(tmp_path / "nowhere" / "a.mp4", source=None, overwrite=True)


def test_a_full_disk_is_called_one_and_the_rest_is_named(tmp_path: Path) -> None:
    output = tmp_path / "a.mp4"
    provisional_path(output).write_bytes(b"half")
    sentence = str(write_failure(output, OSError(errno.ENOSPC, "No space left on device")))
    assert "no space left" in sentence
    assert "a.part.mp4" in sentence
    assert "\n" not in sentence


def test_two_runs_never_write_one_file(tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    with claim_provisional(output), pytest.raises(OutputError, match="another run"):
        claim_provisional(output)
    claim_provisional(output).close()
