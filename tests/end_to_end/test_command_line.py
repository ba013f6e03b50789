"""The contract that scripts rely on: what is printed where, names of outputs, and an instant `--help`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .clips import Captions, Sound, number_of, numbered_clip, tone
from .conftest import PAINTED, UNPAINTED, Convert, RunCommand, outcome, start
from .probe import read_video

KEYS = {
    "input", "output", "frames", "size", "fps", "engine", "style", "source_color", "output_color", "audio",
    "subtitles", "warnings",
}
HEAVY = ("torch", "av", "cv2", "openvino", "PyQt6", "numpy", "PIL", "safetensors", "tqdm")


def test_one_json_object_with_these_keys(convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(25, sounds=[Sound(tone(1.0))], captions=[Captions([(0.1, 0.5, "Hallo")])])
    report = convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.mkv")
    assert set(report) == KEYS
    assert report["input"] == str(tmp_path / "in.mkv")
    assert report["output"] == str(tmp_path / "out.mkv")
    assert (report["frames"], report["size"], report["style"]) == (25, [64, 48], "tiny")
    assert isinstance(report["fps"], float)
    assert report["fps"] > 0
    for color in (report["source_color"], report["output_color"]):
        assert set(color) == {"matrix", "range", "primaries", "transfer"}
    for track in (*report["audio"], *report["subtitles"]):
        assert set(track) == {"codec", "action", "detail"}
    assert len(report["audio"]) == len(report["subtitles"]) == 1


def test_the_engine_is_named_where_one_ran(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    report = fnst_live("video", source, "-o", tmp_path / "out.mp4", *PAINTED, "--json").report
    assert "torch" in report["engine"]


def test_the_default_output_stands_beside_the_input(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "my.holiday.mkv")
    report = fnst_live("video", source, *UNPAINTED, "--json").report
    assert report["output"] == str(tmp_path / "my.holiday.tiny.mkv")
    assert len(read_video(tmp_path / "my.holiday.tiny.mkv").pictures) == 3


def test_the_default_output_of_what_is_only_read_is_mp4(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3).with_coding(encoder="mpeg4", options={}).write(tmp_path / "clip.avi")
    report = fnst_live("video", source, *UNPAINTED, "--json").report
    assert report["output"] == str(tmp_path / "clip.tiny.mp4")


def test_the_default_output_follows_the_style(fnst_live: RunCommand, style_folder: Path, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "clip.mp4")
    flags = ("--style", f"{style_folder / 'tiny.safetensors'}#stormy-sea", "--engine", "torch", "--json")
    assert fnst_live("video", source, *flags).report["output"] == str(tmp_path / "clip.stormy-sea.mp4")


def test_an_existing_default_output_is_not_replaced(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "clip.mp4")
    assert fnst_live("video", source, *UNPAINTED, "--json").code == 0
    assert "--overwrite" in fnst_live("video", source, *UNPAINTED, "--json").complaint


def test_without_json_people_are_told_where_it_is(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    run = fnst_live("video", source, "-o", tmp_path / "out.mp4", *UNPAINTED)
    assert (run.code, run.stderr) == (0, "")
    assert str(tmp_path / "out.mp4") in run.stdout


def test_warnings_go_to_standard_error_where_there_is_no_json(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3, sounds=[Sound(tone(0.1))]).write(tmp_path / "in.mp4")
    run = fnst_live("video", source, "-o", tmp_path / "out.gif", *UNPAINTED)
    assert run.code == 0
    assert "dropped" in run.stderr
    assert "dropped" not in run.stdout


def test_styles_are_listed(fnst_live: RunCommand) -> None:
    run = fnst_live("styles", "--json")
    assert (run.code, run.stderr) == (0, "")
    styles = {style["name"]: style for style in json.loads(run.stdout)}
    assert {"tiny", "stormy-sea"} <= set(styles)
    assert {"name", "painter", "work", "file", "size"} <= set(styles["tiny"])
    assert "tiny" in fnst_live("styles").stdout


@pytest.mark.parametrize("strength", ["0", "0.5", "1"])
def test_strength_goes_from_the_original_to_the_painting(strength: str, fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    flags = ("--style", "tiny", "--engine", "torch", "--codec", "ffv1", "--strength", strength, "--json")
    assert fnst_live("video", source, "-o", tmp_path / "out.mkv", *flags).report["frames"] == 3
    original, painted = read_video(source).pictures[2].rgb, read_video(tmp_path / "out.mkv").pictures[2].rgb
    difference = float(abs(original - painted).mean()) * 255
    if strength == "0":
        assert difference < 1
        assert number_of(painted) == 2
    else:
        assert difference > 5


def test_python_m_is_the_same(tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    report = outcome(start("video", source, "-o", tmp_path / "out.mp4", *UNPAINTED, "--json")).report
    assert report["frames"] == 3


@pytest.mark.parametrize("arguments", [["--help"], ["video", "--help"], ["--version"]], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from fnst_live.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    run = outcome(
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    )
    assert run.code == 0
    assert "fnst-live" in run.stdout
    loaded = {name.partition(".")[0] for name in run.stderr.split()}
    assert loaded.isdisjoint(HEAVY)


def test_a_refusal_in_a_process_of_its_own_has_exit_code_2(tmp_path: Path) -> None:
    complaint = outcome(start("video", tmp_path / "nothing.mp4", *UNPAINTED)).complaint
    assert "nothing.mp4" in complaint
