"""`fnst-live image`: pictures, folders and pipes, as people run it."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from .conftest import PAINTED, UNPAINTED, Run, RunCommand, start

Rgb = npt.NDArray[np.uint8]
Refuse = Callable[..., str]


@pytest.fixture
def refuse(fnst_live: RunCommand) -> Refuse:
    """Run what must be refused, and return the complaint."""
    return lambda *arguments: fnst_live("image", *arguments, *UNPAINTED).complaint


def report_of(run: Run) -> Any:
    """The JSON of a run that went well: an object, and for a folder a list of them."""
    assert (run.code, run.stderr) == (0, "")
    return json.loads(run.stdout)


def noise(width: int = 48, height: int = 32, channels: int = 3) -> Rgb:
    return np.random.default_rng(3).integers(0, 256, (height, width, channels), dtype=np.uint8)


def pixels_of(path: Path | io.BytesIO) -> Rgb:
    with Image.open(path) as image:
        return np.array(image)


def save(path: Path, pixels: Rgb, **options: Any) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


# One picture


def test_painted_beside_the_input(fnst_live: RunCommand, tmp_path: Path) -> None:
    run = fnst_live("image", save(tmp_path / "photo.png", noise()), *PAINTED)
    assert (run.code, run.stdout, run.stderr) == (0, f"{tmp_path / 'photo.tiny.png'}\n", "")
    painted = pixels_of(tmp_path / "photo.tiny.png")
    assert painted.shape == noise().shape
    assert (painted != noise()).any()


def test_the_report(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = save(tmp_path / "photo.png", noise())
    assert report_of(fnst_live("image", source, *UNPAINTED, "--json")) == {
        "input": str(source), "output": str(tmp_path / "photo.tiny.png"), "size": [48, 32], "style": "tiny",
        "warnings": [],
    }


@pytest.mark.parametrize("channels", [3, 4])
def test_without_strength_nothing_changes(channels: int, fnst_live: RunCommand, tmp_path: Path) -> None:
    fnst_live("image", save(tmp_path / "a.png", noise(channels=channels)), "-o", tmp_path / "b.png", *UNPAINTED)
    np.testing.assert_array_equal(pixels_of(tmp_path / "b.png"), noise(channels=channels))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3), (15, 17), (3000, 2), (2, 3000)], ids=str)
def test_any_size(size: tuple[int, int], fnst_live: RunCommand, tmp_path: Path) -> None:
    save(tmp_path / "a.png", noise(*size))
    assert report_of(fnst_live("image", tmp_path / "a.png", *PAINTED, "--json"))["size"] == list(size)
    assert pixels_of(tmp_path / "a.tiny.png").shape == (size[1], size[0], 3)


def test_transparency_comes_through_the_painting(fnst_live: RunCommand, tmp_path: Path) -> None:
    report_of(fnst_live("image", save(tmp_path / "a.png", noise(channels=4)), *PAINTED, "--json"))
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.tiny.png")[..., 3], noise(channels=4)[..., 3])


def test_transparency_that_a_jpg_cannot_hold_is_told(fnst_live: RunCommand, tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.zeros((32, 32, 4), np.uint8))
    run = fnst_live("image", tmp_path / "a.png", "-o", tmp_path / "a.jpg", *UNPAINTED)
    assert (run.code, run.stdout) == (0, f"{tmp_path / 'a.jpg'}\n")
    assert run.stderr.startswith("warning: ")
    assert "transparency" in run.stderr
    np.testing.assert_allclose(pixels_of(tmp_path / "a.jpg"), 255, atol=2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright(orientation: int, fnst_live: RunCommand, tmp_path: Path) -> None:
    """Red is top left for whoever looks at it, however the camera was held."""
    upright = np.full((32, 64, 3), 128, np.uint8)
    upright[:16, :32], upright[:16, 32:] = (220, 30, 30), (30, 200, 30)
    lying = upright.swapaxes(0, 1) if orientation > 4 else upright
    lying = lying[::-1] if orientation in (3, 4, 7, 8) else lying
    lying = lying[:, ::-1] if orientation in (2, 3, 6, 7) else lying
    if orientation in (6, 8):  # the turn goes the other way round in the file
        lying = lying[::-1, ::-1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(tmp_path / "a.jpg", np.ascontiguousarray(lying), exif=exif, quality=95)
    report_of(fnst_live("image", tmp_path / "a.jpg", "-o", tmp_path / "b.png", *UNPAINTED, "--json"))
    np.testing.assert_allclose(pixels_of(tmp_path / "b.png")[4:-4:8, 4:-4:8], upright[4:-4:8, 4:-4:8], atol=20)
    with Image.open(tmp_path / "b.png") as image:
        assert 0x0112 not in image.getexif()


def test_a_photo_cut_short(fnst_live: RunCommand, tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.jpg", noise(256, 256), quality=95).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    run = fnst_live("image", tmp_path / "cut.jpg", "-o", tmp_path / "out.png", *UNPAINTED)
    assert (run.code, len(run.stderr.splitlines())) == (0, 1)
    assert "cut short" in run.stderr
    np.testing.assert_array_equal(pixels_of(tmp_path / "out.png")[:96], pixels_of(tmp_path / "whole.jpg")[:96])


# A folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pics").mkdir()
    save(tmp_path / "pics" / "b.png", noise())
    save(tmp_path / "pics" / "a.tif", noise(20, 30))
    (tmp_path / "pics" / "c.jpg").write_text("no picture")
    (tmp_path / "pics" / "notes.txt").write_text("nor this")
    return tmp_path / "pics"


def test_a_folder(folder: Path, fnst_live: RunCommand, tmp_path: Path) -> None:
    run = fnst_live("image", folder, *PAINTED)
    assert run.code == 0
    assert run.stdout.splitlines() == [str(tmp_path / "pics.tiny" / name) for name in ("a.tif", "b.png")]
    assert len(run.stderr.splitlines()) == 1
    assert "c.jpg" in run.stderr
    assert pixels_of(tmp_path / "pics.tiny" / "a.tif").shape == (30, 20, 3)


def test_the_report_of_a_folder(folder: Path, fnst_live: RunCommand, tmp_path: Path) -> None:
    report = report_of(fnst_live("image", folder, "-o", tmp_path / "out", *UNPAINTED, "--json"))
    assert [entry["output"] for entry in report] == [str(tmp_path / "out/a.tif"), str(tmp_path / "out/b.png"), None]
    assert "c.jpg" in report[2]["warnings"][0]


def test_again_only_on_request(folder: Path, fnst_live: RunCommand, refuse: Refuse) -> None:
    assert fnst_live("image", folder, *UNPAINTED).code == 0
    assert "--overwrite" in refuse(folder)
    assert fnst_live("image", folder, *UNPAINTED, "--overwrite").code == 0


# Pipes


def pipe(content: bytes, *arguments: str | Path) -> tuple[int, bytes, str]:
    """Exit code, standard output, standard error."""
    process = start("image", *arguments, stdin=subprocess.PIPE)
    stdin, stdout, stderr = (cast(io.TextIOWrapper, end) for end in (process.stdin, process.stdout, process.stderr))
    with stdin, stdout, stderr:
        stdin.buffer.write(content)
        stdin.close()
        painted = bytes(stdout.buffer.read())
        return process.wait(), painted, stderr.read()


def test_through_a_pipe(tmp_path: Path) -> None:
    content = save(tmp_path / "a.png", noise(channels=4)).read_bytes()
    code, painted, errors = pipe(content, "-", *UNPAINTED)
    assert (code, errors) == (0, "")
    np.testing.assert_array_equal(pixels_of(io.BytesIO(painted)), noise(channels=4))


def test_the_report_of_a_pipe_does_not_mix_with_the_picture(tmp_path: Path) -> None:
    content = save(tmp_path / "a.jpg", noise()).read_bytes()
    code, painted, errors = pipe(content, "-", "-o", "-", *PAINTED, "--json")
    assert code == 0
    assert pixels_of(io.BytesIO(painted)).shape == noise().shape
    assert json.loads(errors)["output"] == "-"


def test_from_a_pipe_into_a_file(tmp_path: Path) -> None:
    content = save(tmp_path / "a.png", noise()).read_bytes()
    assert pipe(content, "-", "-o", tmp_path / "b.png", *UNPAINTED) == (0, f"{tmp_path / 'b.png'}\n".encode(), "")
    np.testing.assert_array_equal(pixels_of(tmp_path / "b.png"), noise())


def test_from_a_file_into_a_pipe(tmp_path: Path) -> None:
    code, painted, errors = pipe(b"", save(tmp_path / "a.png", noise()), "-o", "-", *UNPAINTED)
    assert (code, errors) == (0, "")
    np.testing.assert_array_equal(pixels_of(io.BytesIO(painted)), noise())
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"no picture" * 99, "cannot be read")])
def test_a_pipe_without_a_picture(content: bytes, reason: str) -> None:
    code, painted, errors = pipe(content, "-", *UNPAINTED)
    assert (code, painted, len(errors.splitlines())) == (2, b"", 1)
    assert reason in errors


# What is refused


def test_missing_and_empty(refuse: Refuse, tmp_path: Path) -> None:
    assert "a.png does not exist" in refuse(tmp_path / "a.png")
    (tmp_path / "a.png").touch()
    assert "a.png is empty" in refuse(tmp_path / "a.png")


def test_a_folder_without_pictures(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    assert "holds no pictures" in refuse(tmp_path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tif", "a.gif", "a"])
@pytest.mark.parametrize("content", [b"Dear reader\n" * 99, bytes(4096), bytes(range(256)) * 64])
def test_no_picture_whatever_its_name(name: str, content: bytes, refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert name in refuse(tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_video_is_no_picture(refuse: Refuse, tmp_path: Path) -> None:
    from .clips import numbered_clip

    assert "in.mp4" in refuse(numbered_clip(3).write(tmp_path / "in.mp4"))


def test_the_input_is_never_the_output(refuse: Refuse, tmp_path: Path) -> None:
    source = save(tmp_path / "a.png", noise())
    os.link(source, tmp_path / "b.png")
    for output in (source, tmp_path, tmp_path / "b.png"):
        assert "input itself" in refuse(source, "-o", output, "--overwrite")
    np.testing.assert_array_equal(pixels_of(source), noise())


def test_an_output_that_is_no_picture(refuse: Refuse, tmp_path: Path) -> None:
    assert ".png" in refuse(save(tmp_path / "a.png", noise()), "-o", tmp_path / "a.mp4")
