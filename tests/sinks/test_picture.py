"""Writing still pictures: the pixels that were given, tagged, transparency where the format has it."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from fnst_live.errors import OutputError
from fnst_live.frames.frame import FrameSize
from fnst_live.sinks.picture import (
    FORMATS,
    check_picture_output,
    check_picture_size,
    is_written,
    write_picture,
    write_picture_to_pipe,
)

Rgb = npt.NDArray[np.uint8]

LOSSLESS = (".png", ".tif", ".tiff", ".bmp", ".PNG")
WITH_ALPHA = (".png", ".tif", ".webp")
WITHOUT_ALPHA = (".jpg", ".jpeg", ".bmp")


@pytest.fixture
def pixels() -> Rgb:
    y, x = np.mgrid[0:40, 0:56]
    return np.dstack([x * 4, y * 6, 255 - x * 2]).astype(np.uint8)


@pytest.fixture
def alpha() -> Rgb:
    """Clear on the left, half way, opaque on the right."""
    return np.repeat([[0] * 16 + [128] * 16 + [255] * 24], 40, axis=0).astype(np.uint8)


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_pixels_stay_as_they_are(suffix: str, pixels: Rgb, tmp_path: Path) -> None:
    assert write_picture(tmp_path / f"a{suffix}", pixels, None) == []
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert image.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp"])
def test_what_is_lost_is_not_seen(suffix: str, pixels: Rgb, tmp_path: Path) -> None:
    write_picture(tmp_path / f"a{suffix}", pixels, None)
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert np.abs(np.asarray(image).astype(int) - pixels).mean() < 3


def test_jpeg_keeps_color_as_sharp_as_brightness(tmp_path: Path) -> None:
    """Stripes of one pixel, red and blue: with half the color lines they would be purple."""
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::2, 0], stripes[:, 1::2, 2] = 255, 255
    write_picture(tmp_path / "a.jpg", stripes, None)
    with Image.open(tmp_path / "a.jpg") as image:
        np.testing.assert_allclose(np.asarray(image).astype(int), stripes, atol=30)


@pytest.mark.parametrize(("suffix", "kind"), [(suffix, kind.name) for suffix, kind in FORMATS.items()])
def test_the_suffix_decides(suffix: str, kind: str, pixels: Rgb, tmp_path: Path) -> None:
    write_picture(tmp_path / f"a{suffix}", pixels, None)
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert image.format == kind


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_tagged_as_srgb(suffix: str, pixels: Rgb, tmp_path: Path) -> None:
    write_picture(tmp_path / f"a{suffix}", pixels, None)
    with Image.open(tmp_path / f"a{suffix}") as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_the_same_picture_is_the_same_file(pixels: Rgb, tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", pixels, None)
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["icc_profile"][24:36] == bytes([7, 207, 0, 10, 0, 18, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("suffix", WITH_ALPHA)
def test_transparency_is_put_back(suffix: str, pixels: Rgb, alpha: Rgb, tmp_path: Path) -> None:
    assert write_picture(tmp_path / f"a{suffix}", pixels, alpha) == []
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert image.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(image)[..., 3], alpha)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_color_under_transparency_stays(suffix: str, pixels: Rgb, alpha: Rgb, tmp_path: Path) -> None:
    write_picture(tmp_path / f"a{suffix}", pixels, alpha)
    with Image.open(tmp_path / f"a{suffix}") as image:
        np.testing.assert_array_equal(np.asarray(image)[..., :3], pixels)


@pytest.mark.parametrize("suffix", WITHOUT_ALPHA)
def test_no_room_for_transparency(suffix: str, pixels: Rgb, alpha: Rgb, tmp_path: Path) -> None:
    """Put on white, as paper is, and told."""
    warnings = write_picture(tmp_path / f"a{suffix}", pixels, alpha)
    assert len(warnings) == 1
    assert "transparency" in warnings[0]
    share = alpha[..., None] / 255
    with Image.open(tmp_path / f"a{suffix}") as image:
        np.testing.assert_allclose(np.asarray(image)[:, 4:12], 255, atol=4)
        np.testing.assert_allclose(np.asarray(image)[:, 20:28], (pixels * share + 255 * (1 - share))[:, 20:28], atol=8)


def test_opaque_pictures_lose_nothing_in_a_jpg(pixels: Rgb, tmp_path: Path) -> None:
    assert write_picture(tmp_path / "a.jpg", pixels, np.full(pixels.shape[:2], 255, np.uint8)) == []


def test_nothing_else_is_left_behind(pixels: Rgb, tmp_path: Path) -> None:
    (tmp_path / "a.part.png").write_text("left by a crash")
    write_picture(tmp_path / "a.png", pixels, None)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_full_disk_harms_nothing(pixels: Rgb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.png").write_text("precious")
    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OutputError, match="no space left"):
        write_picture(tmp_path / "a.png", pixels, None)
    assert (tmp_path / "a.png").read_text() == "precious"


@pytest.mark.parametrize("name", ["a.gif", "a.avif", "a.mp4", "a", "png", "a.png.txt"])
def test_a_name_for_no_picture(name: str, tmp_path: Path) -> None:
    assert not is_written(Path(name).suffix)
    with pytest.raises(OutputError, match=r"\.png, \.jpg"):
        check_picture_output(tmp_path / name, source=None, overwrite=False)


def test_the_input_is_not_written_over_on_the_way(tmp_path: Path) -> None:
    """`a.part.png` is what `a.png` is called until it is whole."""
    (tmp_path / "a.part.png").touch()
    with pytest.raises(OutputError, match=r"a\.part\.png"):
        check_picture_output(tmp_path / "a.png", source=tmp_path / "a.part.png", overwrite=True)


@pytest.mark.parametrize(("name", "side"), [("a.jpg", 65500), ("a.webp", 16383)])
@pytest.mark.parametrize("turn", [lambda size: size, lambda size: FrameSize(*reversed(size))], ids=["wide", "high"])
def test_too_large_for_the_format(
    name: str, side: int, turn: Callable[[FrameSize], FrameSize], tmp_path: Path
) -> None:
    largest = turn(FrameSize(side, 2))
    check_picture_size(tmp_path / name, largest)
    write_picture(tmp_path / name, np.zeros((largest.height, largest.width, 3), np.uint8), None)
    with pytest.raises(OutputError, match=r"\.png"):
        check_picture_size(tmp_path / name, turn(FrameSize(side + 1, 2)))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_long_strips(suffix: str, tmp_path: Path) -> None:
    check_picture_size(tmp_path / f"a{suffix}", FrameSize(100_000, 1))
    write_picture(tmp_path / f"a{suffix}", np.full((1, 100_000, 3), 9, np.uint8), None)
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert image.size == (100_000, 1)


# Pipes


def test_a_pipe_gets_a_png(pixels: Rgb, alpha: Rgb, tmp_path: Path) -> None:
    with (tmp_path / "pipe").open("wb") as pipe:
        write_picture_to_pipe(pipe.fileno(), pixels, alpha)
    with Image.open(tmp_path / "pipe") as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), np.dstack([pixels, alpha]))


def test_a_pipe_that_nobody_reads_is_no_trouble_of_ours(pixels: Rgb) -> None:
    """The command line ends quietly then."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with pytest.raises(BrokenPipeError):
            write_picture_to_pipe(writer, pixels, None)
    finally:
        os.close(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_pipe_into_a_full_disk(pixels: Rgb) -> None:
    with Path("/dev/full").open("wb", buffering=0) as pipe, pytest.raises(OutputError, match="standard output"):
        write_picture_to_pipe(pipe.fileno(), pixels, None)
