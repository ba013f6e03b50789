"""`--upscale`: pictures and videos enlarged, painted or not, as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .clips import Clip, Coding, corner
from .conftest import PAINTED, RunCommand, start
from .probe import read_video

ALONE = ("--style", "none", "--engine", "torch")
LOSSLESS = Coding("ffv1", "yuv444p", options={})


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """48 x 32, half transparent."""
    pixels = np.full((32, 48, 4), (200, 90, 40, 255), np.uint8)
    pixels[:, 24:, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def clip(tmp_path: Path) -> Path:
    return Clip([corner(64, 48)] * 3, LOSSLESS).write(tmp_path / "clip.mkv")


@pytest.mark.parametrize("factor", [2, 4])
def test_a_picture_alone(factor: int, fnst_live: RunCommand, photo: Path) -> None:
    run = fnst_live("image", photo, *ALONE, "--upscale", str(factor))
    enlarged = photo.with_name(f"photo.x{factor}.png")
    assert (run.code, run.stdout, run.stderr) == (0, f"{enlarged}\n", "")
    with Image.open(enlarged) as image:
        assert image.size == (48 * factor, 32 * factor)
        levels = np.array(image).astype(int)
    assert np.abs(levels[..., :3] - (200, 90, 40)).max() <= 3
    assert (levels[:, : 20 * factor, 3] == 255).all()
    assert (levels[:, 28 * factor :, 3] == 0).all()


def test_painted_small_and_shown_large(fnst_live: RunCommand, photo: Path) -> None:
    run = fnst_live("image", photo, *PAINTED, "--work-height", "16", "--upscale", "2", "--json")
    assert json.loads(run.stdout)["size"] == [48, 32]


def test_a_video(fnst_live: RunCommand, tmp_path: Path) -> None:
    output = tmp_path / "large.mkv"
    report = fnst_live("video", clip(tmp_path), "-o", output, *PAINTED, "--upscale", "2", "--json").report
    assert (report["frames"], report["size"]) == (3, [128, 96])
    assert read_video(output).size == (128, 96)


def test_a_video_alone_keeps_its_picture(fnst_live: RunCommand, tmp_path: Path) -> None:
    output = tmp_path / "large.mkv"
    fnst_live("video", clip(tmp_path), "-o", output, *ALONE, "--upscale", "2", "--codec", "ffv1")
    shown = read_video(output).pictures[0].rgb[::2, ::2]
    assert float(np.abs(shown - corner(64, 48) / 255).mean()) * 255 < 6


def test_nothing_asked_for(fnst_live: RunCommand, photo: Path) -> None:
    complaint = fnst_live("image", photo, *ALONE).complaint
    assert complaint == "fnst-live: --style none leaves the picture as it is: give --upscale 2 or 4 with it"


def test_a_factor_that_is_not_there(photo: Path) -> None:
    with start("image", photo, *ALONE, "--upscale", "3") as process:
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout, len(stderr.splitlines())) == (2, "", 1)
    assert "--upscale" in stderr


def test_a_model_that_enlarges_given_as_a_style(fnst_live: RunCommand, photo: Path) -> None:
    from fnst_live.paths import assets_dir

    complaint = fnst_live("image", photo, "--style", assets_dir() / "upscale" / "x2.safetensors").complaint
    assert "enlarges pictures and holds no style" in complaint
