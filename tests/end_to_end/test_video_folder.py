"""A folder of videos, painted into another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .clips import Clip, Coding, flat, numbered_clip
from .conftest import PAINTED, UNPAINTED, RunCommand
from .probe import read_video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two videos that are called alike, one that is none, one that a crash has left, and a text."""
    folder = tmp_path / "clips"
    folder.mkdir()
    numbered_clip(3).write(folder / "a.mp4")
    numbered_clip(4).with_coding(encoder="mpeg4", options={}).write(folder / "a.avi")
    (folder / "broken.mkv").write_bytes(b"no video" * 99)
    (folder / "b.part.mp4").write_bytes(b"half a video")
    (folder / "notes.txt").write_text("Dear reader")
    return folder


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_each_is_painted_and_what_is_none_is_told(folder: Path, fnst_live: RunCommand, tmp_path: Path) -> None:
    run = fnst_live("video", folder, *PAINTED)
    painted = tmp_path / "clips.tiny"
    assert run.code == 0
    assert names_in(painted) == ["a.avi.mp4", "a.mp4"]
    assert [len(read_video(painted / name).pictures) for name in names_in(painted)] == [4, 3]
    assert [line.split("  (")[0] for line in run.stdout.splitlines()] == [str(painted / n) for n in names_in(painted)]
    assert run.stderr.count("\n") == 1
    assert "broken.mkv cannot be read as a video" in run.stderr
    assert run.stderr.endswith("; skipped\n")


def test_the_report_is_a_list(folder: Path, fnst_live: RunCommand, tmp_path: Path) -> None:
    run = fnst_live("video", folder, "-o", tmp_path / "out", *UNPAINTED, "--json")
    assert (run.code, run.stderr) == (0, "")
    reports = json.loads(run.stdout)
    assert [report["output"] for report in reports] == [
        str(tmp_path / "out" / "a.avi.mp4"), str(tmp_path / "out" / "a.mp4"), None]
    assert [report.get("frames") for report in reports] == [4, 3, None]
    assert "skipped" in reports[2]["warnings"][0]


def test_again_only_on_request(folder: Path, fnst_live: RunCommand) -> None:
    assert fnst_live("video", folder, *UNPAINTED).code == 0
    assert "a.avi.mp4 exists already" in fnst_live("video", folder, *UNPAINTED).complaint
    assert fnst_live("video", folder, *UNPAINTED, "--overwrite").code == 0


def test_nothing_is_begun_that_cannot_be_ended(folder: Path, fnst_live: RunCommand, tmp_path: Path) -> None:
    for flags, sentence in (
        (("-o", folder), "is the input itself"), (("-o", folder / "a.mp4"), "is a file: give a folder"),
        (("-o", tmp_path / "no" / "folder"), "does not exist"), (("--codec", "prores"), "do not hold prores"),
    ):
        assert sentence in fnst_live("video", folder, *UNPAINTED, *flags).complaint
    assert names_in(tmp_path) == ["clips"]


def test_a_folder_without_videos(fnst_live: RunCommand, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert f"{empty} holds no videos" in fnst_live("video", empty, *UNPAINTED).complaint
    (empty / "broken.mkv").write_bytes(b"no video" * 99)
    run = fnst_live("video", empty, *UNPAINTED)
    assert run.code == 2
    assert "none of the 1 videos can be painted: " in run.stderr
    assert names_in(tmp_path) == ["empty"]


def test_nothing_is_left_of_videos_that_have_no_picture_for_us(
    folder: Path, fnst_live: RunCommand, tmp_path: Path
) -> None:
    run = fnst_live("video", folder, *UNPAINTED, "--start", "0:09")
    assert run.code == 2
    last_line = run.stderr.splitlines()[-1]
    assert "none of the 3 videos can be painted: --start lies after the end of " in last_line
    assert names_in(tmp_path) == ["clips"]


def test_one_that_is_too_small_holds_no_other_up(folder: Path, fnst_live: RunCommand, tmp_path: Path) -> None:
    Clip([flat(99, 12, 8)] * 2, Coding("ffv1", "yuv444p", options={})).write(folder / "a.mkv")
    run = fnst_live("video", folder, "-o", tmp_path / "out", *UNPAINTED)
    assert run.code == 0
    assert "a picture of 12x8 is too small: 16x16 is the least; skipped" in run.stderr
    assert names_in(tmp_path / "out") == ["a.avi.mp4", "a.mp4"]


def test_what_was_done_before_an_error_is_told(folder: Path, fnst_live: RunCommand, tmp_path: Path) -> None:
    (tmp_path / "out" / "a.part.mp4").mkdir(parents=True)
    run = fnst_live("video", folder, "-o", tmp_path / "out", *UNPAINTED, "--json")
    assert run.code == 2
    assert "a.mp4 could not be written" in run.stderr
    (report,) = json.loads(run.stdout)
    assert report["output"] == str(tmp_path / "out" / "a.avi.mp4")


def test_a_name_that_no_folder_can_have(folder: Path, fnst_live: RunCommand, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 300)
    assert "cannot be a folder: File name too long; give another" in fnst_live("video", folder, "-o", long).complaint
    long = tmp_path / ("x" * 300 + ".mp4")
    complaint = fnst_live("video", folder / "a.mp4", *UNPAINTED, "-o", long).complaint
    assert "cannot be written: File name too long; choose another" in complaint
