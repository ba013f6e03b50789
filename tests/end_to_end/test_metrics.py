"""`fnst-live metrics`: a table for people, an object for programs, one line for clips that cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from fnst_live.cli import main

from .clips import Clip, Rgb, flat, noise, numbered_clip, patches
from .conftest import Report, RunCommand

FLICKER = 51  # levels: a fifth of the range


def gray(*levels: int) -> Clip:
    return Clip([flat(level) for level in levels])


def colorful(count: int, width: int = 64, height: int = 48) -> Clip:
    return Clip([patches(width, height)] * count)


def spots(seed: int) -> Rgb:
    """A scene with something to follow everywhere."""
    return np.asarray(cv2.resize(noise(16, 12, seed), (160, 120), interpolation=cv2.INTER_CUBIC), np.uint8)


def measured(run: RunCommand, *arguments: str | Path) -> Report:
    return run("metrics", *arguments, "--json").report


def complaint_about(run: RunCommand, *arguments: str | Path) -> str:
    return run("metrics", *arguments, "--json").complaint


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return gray(100, 100, 100, 100, 100).write(tmp_path / "content.mp4")


@pytest.fixture
def flickering(tmp_path: Path) -> Path:
    return gray(*[80, 80 + FLICKER] * 2, 80).write(tmp_path / "flickering.mp4")


@pytest.fixture
def calmer(tmp_path: Path) -> Path:
    """With a tenth of the amplitude."""
    return gray(*[80, 85] * 2, 80).write(tmp_path / "calmer.mp4")


def test_a_clip_against_itself_is_one_in_every_figure(fnst_live: RunCommand, tmp_path: Path) -> None:
    clip = numbered_clip(4).write(tmp_path / "in.mp4")
    report = measured(fnst_live, clip, clip, "--against", clip)
    assert report["content"] == report["stylized"] == report["against"]
    ratios = report["ratios"]
    assert ratios == {"warping_error": 1.0, "contrast": 1.0, "saturation": None, "sharpness": 1.0}


def test_flicker_of_known_size(fnst_live: RunCommand, content: Path, flickering: Path, calmer: Path) -> None:
    report = measured(fnst_live, content, calmer, "--against", flickering)
    assert (report["frames"], report["size"], report["warnings"]) == (5, [64, 48], [])
    assert report["followed_share"] == 1
    assert report["content"] == {"file": str(content), "warping_error": 0, "contrast": pytest.approx(0, abs=1e-5),
                                 "saturation": 0, "sharpness": pytest.approx(0, abs=1e-5)}
    assert report["against"]["warping_error"] == pytest.approx(0.2**2, rel=0.05)  # 8-bit YUV rounds
    assert report["stylized"]["warping_error"] == pytest.approx((5 / 255) ** 2, rel=0.3)
    assert report["ratios"]["warping_error"] == pytest.approx(0.01, rel=0.3)


def test_color_is_measured_from_the_file(fnst_live: RunCommand, tmp_path: Path) -> None:
    clip = colorful(2).write(tmp_path / "in.mp4")
    levels = patches().astype(float)
    expected = np.mean(levels.max(axis=2) - levels.min(axis=2)) / 255
    assert measured(fnst_live, clip, clip)["content"]["saturation"] == pytest.approx(expected, abs=0.03)


def test_without_another_clip_there_is_no_ratio(fnst_live: RunCommand, content: Path, calmer: Path) -> None:
    report = measured(fnst_live, content, calmer)
    assert set(report) == {"frames", "size", "followed_share", "content", "stylized", "warnings"}


def test_a_painted_clip_can_be_measured(fnst_live: RunCommand, tmp_path: Path) -> None:
    clip, painted = numbered_clip(3).write(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    fnst_live("video", clip, "-o", painted, "--style", "tiny", "--engine", "torch", "--json")
    assert measured(fnst_live, clip, painted)["frames"] == 3


def test_a_clip_that_lost_its_odd_line_can_be_measured(fnst_live: RunCommand, tmp_path: Path) -> None:
    """H.264 has no odd sizes: what we write of such a clip is a line and a column less."""
    lossless = {"encoder": "ffv1", "options": {}, "pixel_format": "yuv444p"}
    odd = colorful(2, 65, 49).with_coding(**lossless).write(tmp_path / "odd.mkv")
    even = Clip([patches(65, 49)[:48, :64]] * 2).write(tmp_path / "even.mp4")
    report = measured(fnst_live, odd, even)
    assert report["size"] == [64, 48]
    assert report["content"]["saturation"] == pytest.approx(report["stylized"]["saturation"], abs=0.02)


def test_the_table(fnst_live: RunCommand, content: Path, flickering: Path, calmer: Path) -> None:
    run = fnst_live("metrics", content, calmer, "--against", flickering)
    assert (run.code, run.stderr) == (0, "")
    head, titles, *rows = run.stdout.splitlines()
    assert head == "5 frames of 64x48, 100% of the pixels followed"
    assert titles.split() == ["E_warp,", "1e-3", "contrast", "saturation", "sharpness"]
    assert [row.split()[0] for row in rows] == ["content", "stylized", "against", "stylized/against"]
    assert float(rows[2].split()[1]) == pytest.approx(40, rel=0.05)
    assert rows[3].split()[3] == "-"  # gray by gray


def test_common_frames_are_compared_and_the_rest_is_told(
    fnst_live: RunCommand, content: Path, tmp_path: Path
) -> None:
    short = gray(80, 80, 80).write(tmp_path / "short.mp4")
    for first, second in ((content, short), (short, content)):
        report = measured(fnst_live, first, second)
        assert report["frames"] == 3
        (warning,) = report["warnings"]
        assert "length" in warning
        assert f"{short} ends after 3 frames" in warning
    run = fnst_live("metrics", content, short)
    assert run.code == 0
    assert run.stderr.startswith("warning: ")


def test_a_cut_is_told(fnst_live: RunCommand, tmp_path: Path) -> None:
    clip = Clip([spots(1), spots(1), spots(2), spots(2)]).write(tmp_path / "cut.mp4")
    (warning,) = measured(fnst_live, clip, clip)["warnings"]
    assert "cuts most likely: 1;" in warning


@pytest.mark.parametrize("missing", ["content", "stylized", "against"])
def test_a_missing_file(fnst_live: RunCommand, content: Path, missing: str, tmp_path: Path) -> None:
    files = dict.fromkeys(("content", "stylized", "against"), content) | {missing: tmp_path / "nothing.mp4"}
    complaint = complaint_about(fnst_live, files["content"], files["stylized"], "--against", files["against"])
    assert "nothing.mp4" in complaint
    assert "does not exist" in complaint


def test_what_is_no_video(fnst_live: RunCommand, content: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no video at all\n" * 100)
    assert "notes.mp4" in complaint_about(fnst_live, content, tmp_path / "notes.mp4")


@pytest.mark.parametrize(("width", "height"), [(62, 48), (64, 46), (128, 96), (66, 50)])
def test_another_size(fnst_live: RunCommand, content: Path, width: int, height: int, tmp_path: Path) -> None:
    other = colorful(3, width, height).write(tmp_path / "other.mp4")
    for arguments in ((content, other), (content, content, "--against", other)):
        complaint = complaint_about(fnst_live, *arguments)
        assert f"other.mp4 is {width}x{height}" in complaint
        assert "content.mp4 is 64x48" in complaint


@pytest.mark.parametrize("short_one", [0, 1])
def test_a_single_frame(fnst_live: RunCommand, content: Path, short_one: int, tmp_path: Path) -> None:
    clips = [content, content]
    clips[short_one] = gray(90).write(tmp_path / "single.mp4")
    assert "only one frame" in complaint_about(fnst_live, *clips)


def test_too_small_to_be_measured(fnst_live: RunCommand, tmp_path: Path) -> None:
    tiny: list[Rgb] = [flat(90, 64, 10)] * 2
    clip = Clip(tiny).write(tmp_path / "tiny.mp4")
    assert "too small" in complaint_about(fnst_live, clip, clip)


def test_json_can_be_read_whatever_the_name(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip = gray(80, 90).write(tmp_path / "Grüße \"1\".mp4")
    assert main(["metrics", str(clip), str(clip), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["content"]["file"] == str(clip)
