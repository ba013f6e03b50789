"""Reading still pictures: the right way up, in the right colors, and as much as there is of damaged ones."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms, ImageFile

from fnst_live.errors import InputError
from fnst_live.sources.picture import Picture, picture_suffixes, read_picture, read_picture_stream

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

WHITE_D50 = (0.9642, 1.0, 0.8249)
ADOBE_RGB = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
GAMMA = 563 / 256
COLORS = ((200, 60, 30), (40, 150, 60), (50, 70, 190), (190, 180, 60), (128, 128, 128), (20, 20, 20))


# Pictures to read


def noise(width: int = 24, height: int = 16, channels: int = 3) -> Rgb:
    return np.random.default_rng(7).integers(0, 256, (height, width, channels), dtype=np.uint8)


def smooth(width: int = 96, height: int = 64) -> Rgb:
    """No black anywhere, so that what was not decoded can be told."""
    x, y = np.meshgrid(np.linspace(40, 220, width), np.linspace(60, 200, height))
    return np.dstack([x, y, 255 - x]).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def read(data: bytes) -> Picture:
    return read_picture_stream(io.BytesIO(data), "it")


def pixels_of(data: bytes) -> Rgb:
    """Of a picture that nothing is wrong with."""
    picture = read(data)
    assert picture.warnings == []
    return picture.frame.pixels


def png_by_hand(size: tuple[int, int], depth: int, color_type: int, rows: bytes, *extra: bytes) -> bytes:
    """For kinds of PNG that Pillow reads but does not write. rows: each with its filter byte."""
    header = struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, 0)
    parts = [png_chunk(b"IHDR", header), *extra, png_chunk(b"IDAT", zlib.compress(rows)), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


# Color profiles by hand, ICC version 2 (ICC.1:1998-09)


def icc_profile(color_space: bytes, kind: bytes, connection_space: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    begin = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", begin + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    white = b"".join(map(fixed, WHITE_D50))
    header = struct.pack(">I4sI4s4s4s", begin + len(body), b"none", 0x02100000, kind, color_space, connection_space)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white
    return header.ljust(128, b"\0") + table + body


def fixed(number: float) -> bytes:
    """s15Fixed16Number."""
    return struct.pack(">i", round(number * 65536))


def xyz(numbers: Any) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(fixed, numbers))


def gamma_curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def texts(name: bytes) -> dict[bytes, bytes]:
    description = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" + bytes(78)
    return {b"desc": description, b"cprt": b"text\0\0\0\0nobody's\0"}


def wide_gamut_profile() -> bytes:
    colorants = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(xyz, ADOBE_RGB.T), strict=True))
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma_curve(GAMMA))
    return icc_profile(b"RGB ", b"mntr", b"XYZ ", texts(b"wide") | {b"wtpt": xyz(WHITE_D50)} | colorants | curves)


def gray_profile(gamma: float) -> bytes:
    tags = texts(b"gray") | {b"wtpt": xyz(WHITE_D50), b"kTRC": gamma_curve(gamma)}
    return icc_profile(b"GRAY", b"mntr", b"XYZ ", tags)


def ink_profile() -> bytes:
    """Four inks into Lab by a table of the 16 corners: cyan ink prints green, so that nobody can guess it."""
    paper, black, green = (255, 128, 128), (0, 128, 128), (170, 60, 180)
    corners = [black if corner & 1 else green if corner & 8 else paper for corner in range(16)]
    identity = b"".join(map(fixed, np.eye(3).ravel()))
    ramp = bytes(range(256))
    colors = b"".join(map(bytes, corners))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + colors + ramp * 3
    return icc_profile(b"CMYK", b"prtr", b"Lab ", texts(b"ink") | {b"wtpt": xyz(WHITE_D50), b"A2B0": table})


def from_adobe_rgb(levels: Rgb) -> Floats:
    """What Adobe RGB (1998) levels are in sRGB, by the formulas of both."""
    linear = (levels / 255) ** GAMMA @ ADOBE_RGB.T @ np.linalg.inv(SRGB).T
    linear = linear.clip(0, 1)
    encoded_ = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(encoded_ * 255)


def patches() -> Rgb:
    return np.array([COLORS], np.uint8)


# Pixels


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "PPM", "QOI", "WEBP"])
def test_pixels_come_through_bit_for_bit(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = read(encoded(Image.fromarray(noise()), kind, **options))
    np.testing.assert_array_equal(picture.frame.pixels, noise())
    assert picture.alpha is None
    assert picture.warnings == []
    assert picture.frame.pixels.flags.c_contiguous
    assert not picture.frame.pixels.flags.writeable


@pytest.mark.parametrize("kind", ["JPEG", "AVIF", "WEBP", "JPEG2000", "GIF"])
def test_kinds_that_lose_a_little(kind: str) -> None:
    difference = pixels_of(encoded(Image.fromarray(smooth()), kind)).astype(int) - smooth()
    assert np.abs(difference).mean() < 8


def test_one_pixel() -> None:
    assert pixels_of(encoded(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG")).tolist() == [[[9, 8, 7]]]


def test_a_pipe_that_cannot_go_back() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

    picture = read_picture_stream(Pipe(encoded(Image.fromarray(noise()), "PNG")), "it")
    np.testing.assert_array_equal(picture.frame.pixels, noise())


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_gray_and_palette(mode: str) -> None:
    image = Image.fromarray(noise()).convert(mode)
    np.testing.assert_array_equal(pixels_of(encoded(image, "PNG")), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_gray(kind: str) -> None:
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    deep = pixels_of(encoded(Image.fromarray(levels * 257), kind))
    np.testing.assert_array_equal(deep, np.dstack([levels] * 3))


def test_sixteen_bit_color() -> None:
    levels = noise(8, 4)
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).astype(">u2").tobytes() for row in levels)
    np.testing.assert_array_equal(pixels_of(png_by_hand((8, 4), 16, 2, rows)), levels)


def test_floats_go_from_black_to_white() -> None:
    values = np.array([[0, 0.5, 1, 7, -1, np.nan]], np.float32)
    assert pixels_of(encoded(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 128, 255, 255, 0, 0]


def test_lab() -> None:
    pixels = pixels_of(encoded(Image.new("LAB", (2, 2), (255, 128, 128)), "TIFF"))
    np.testing.assert_allclose(pixels, 255, atol=1)


# Transparency


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_kept_beside_the_frame(mode: str) -> None:
    image = Image.fromarray(noise(channels=4)).convert(mode)
    picture = read(encoded(image, "PNG"))
    assert picture.alpha is not None
    np.testing.assert_array_equal(picture.alpha, noise(channels=4)[..., 3])
    np.testing.assert_array_equal(picture.frame.pixels, np.asarray(image)[..., :-1] * np.ones(3, np.uint8))


def test_one_transparent_color_of_a_palette() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((2, 1), 0)
    for options in ({"transparency": 0}, {"transparency": b"\x00\xff"}):
        picture = read(encoded(image, "PNG", **options))
        assert picture.alpha is not None
        assert (picture.alpha == 0).sum() == 1
        assert picture.alpha[1, 2] == 0
        assert picture.frame.pixels[0, 0].tolist() == [0, 255, 0]


def test_one_transparent_level_of_sixteen_bits() -> None:
    rows = b"\0" + struct.pack(">2H", 0x1234, 0xFFFF)
    picture = read(png_by_hand((2, 1), 16, 0, rows, png_chunk(b"tRNS", struct.pack(">H", 0x1234))))
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[0, 255]]


# Color profiles


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_a_wide_gamut_becomes_srgb(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(Image.fromarray(patches()), kind, icc_profile=wide_gamut_profile(), **options)
    np.testing.assert_allclose(pixels_of(data), from_adobe_rgb(patches()), atol=1.5)


def test_a_profile_and_alpha() -> None:
    image = Image.fromarray(np.dstack([patches(), np.full((1, len(COLORS)), 77, np.uint8)]))
    picture = read(encoded(image, "PNG", icc_profile=wide_gamut_profile()))
    np.testing.assert_allclose(picture.frame.pixels, from_adobe_rgb(patches()), atol=1.5)
    assert picture.alpha is not None
    assert (picture.alpha == 77).all()


def test_srgb_by_its_profile_stays_bit_for_bit() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(pixels_of(encoded(Image.fromarray(noise()), "PNG", icc_profile=profile)), noise())


@pytest.mark.parametrize("deep", [False, True])
def test_a_gray_profile(deep: bool) -> None:
    """Linear gray looks much lighter than its numbers."""
    gray = np.array([[0, 55, 255]], np.uint8)
    image = Image.fromarray(gray.astype(np.uint16) * 257 if deep else gray)
    pixels = pixels_of(encoded(image, "PNG", icc_profile=gray_profile(1.0)))
    np.testing.assert_allclose(pixels[0, :, 0], [0, 128, 255], atol=1.5)
    assert (np.ptp(pixels, axis=2) <= 1).all()


def test_a_color_profile_on_a_gray_picture() -> None:
    gray = np.array([[0, 100, 255]], np.uint8)
    pixels = pixels_of(encoded(Image.fromarray(gray), "PNG", icc_profile=wide_gamut_profile()))
    np.testing.assert_allclose(pixels, from_adobe_rgb(np.dstack([gray] * 3)), atol=1.5)


def test_a_profile_of_a_palette() -> None:
    image = Image.fromarray(patches()).convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    shown = np.asarray(image.convert("RGB"))
    data = encoded(image, "PNG", icc_profile=wide_gamut_profile())
    np.testing.assert_allclose(pixels_of(data), from_adobe_rgb(shown), atol=1.5)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_by_its_profile(kind: str) -> None:
    """The profile's cyan ink is green: only who reads the profile sees green."""
    inks = np.zeros((16, 48, 4), np.uint8)
    inks[:, 16:32, 0], inks[:, 32:, 3] = 255, 255
    pixels = pixels_of(encoded(Image.fromarray(inks, "CMYK"), kind, icc_profile=ink_profile()))
    paper, green, black = pixels[8, [8, 24, 40]].astype(int)
    np.testing.assert_allclose(paper, 255, atol=4)
    np.testing.assert_allclose(black, 0, atol=4)
    assert green[1] > green[0] + 80
    assert green[1] > green[2] + 80


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_is_a_guess_that_is_told(kind: str) -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[..., 1:3] = 255
    picture = read(encoded(Image.fromarray(inks, "CMYK"), kind))
    np.testing.assert_allclose(picture.frame.pixels[8, 8], (255, 0, 0), atol=6)
    assert "CMYK" in picture.warnings[0]


@pytest.mark.parametrize(
    "profile", [b"no profile", wide_gamut_profile()[:200], gray_profile(1.0), ink_profile()],
    ids=["text", "cut", "gray", "ink"],
)
def test_a_profile_that_does_not_fit_is_told(profile: bytes) -> None:
    picture = read(encoded(Image.fromarray(noise()), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(picture.frame.pixels, noise())
    assert "profile" in picture.warnings[0]


# The right way up


def turned(upright: Image.Image, orientation: int) -> Image.Image:
    """As a camera stores it that was held that way: the inverse of what EXIF 2.32, 4.6.4 says a viewer does."""
    method = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    return upright if method is None else upright.transpose(method)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    picture = read(encoded(turned(Image.fromarray(noise(channels=4)), orientation), kind, exif=exif, **options))
    np.testing.assert_array_equal(picture.frame.pixels, noise(channels=4)[..., :3])
    assert picture.alpha is not None
    np.testing.assert_array_equal(picture.alpha, noise(channels=4)[..., 3])


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12", b"Exif\0\0not a tiff at all", bytes(99)]
)
def test_damaged_exif_is_no_obstacle(exif: bytes) -> None:
    assert pixels_of(encoded(Image.fromarray(smooth()), "JPEG", exif=exif)).shape == smooth().shape


# More than one picture


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_of_many_and_it_is_told(kind: str) -> None:
    colors = [Image.new("RGB", (16, 16), color) for color in ("red", "lime", "blue")]
    picture = read(encoded(colors[0], kind, save_all=True, append_images=colors[1:]))
    np.testing.assert_allclose(picture.frame.pixels[8, 8], (255, 0, 0), atol=10)
    assert picture.warnings == ["it holds 3 pictures: only the first is painted"]


def test_what_a_phone_hides_behind_a_photo_is_not_told() -> None:
    """Previews and gain maps: to its owner it is one picture."""
    photo = Image.fromarray(smooth())
    assert pixels_of(encoded(photo, "MPO", save_all=True, append_images=[photo.resize((8, 8))])).shape == (64, 96, 3)


def test_a_damaged_sequence_still_has_its_first_picture() -> None:
    frames = [Image.fromarray(noise(64, 64)), *(Image.fromarray(noise(64, 64)).rotate(90 * i) for i in (1, 2))]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    first = pixels_of(encoded(frames[0], "GIF"))
    np.testing.assert_array_equal(read(data[: len(data) * 2 // 3]).frame.pixels, first)


# Damage


@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_as_much_as_there_is_of_a_cut_picture(kind: str, share: float) -> None:
    whole = encoded(Image.fromarray(noise(96, 64) | 64), kind)
    complete = pixels_of(whole).astype(int)
    picture = read(whole[: int(len(whole) * share)])
    assert "cut short" in picture.warnings[0]
    rows = int(64 * share) - 16
    np.testing.assert_array_equal(picture.frame.pixels[:rows], complete[:rows])


def test_damage_in_the_middle() -> None:
    whole = bytearray(encoded(Image.fromarray(noise(96, 64) | 64), "PNG", compress_level=0))
    whole[len(whole) // 2] ^= 0xFF
    picture = read(bytes(whole))
    assert "damaged" in picture.warnings[0]
    np.testing.assert_array_equal(picture.frame.pixels[:24], (noise(96, 64) | 64)[:24])


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pillow_is_as_strict_afterwards_as_before(kind: str) -> None:
    whole = encoded(Image.fromarray(smooth()), kind)
    read(whole[:-100])
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    with pytest.raises(InputError):
        read(whole[:60])
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize(
    "content",
    [b"Dear reader,\nthis is no picture.\n" * 50, bytes(4096), bytes(range(256)) * 64, b"\xff\xd8\xff", b"P6 9 9 255\n",
     b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
     encoded(Image.fromarray(smooth()), "PNG")[:60], encoded(Image.fromarray(smooth()), "WEBP")[:60]],
    ids=["text", "zeros", "bytes", "jpeg", "ppm", "eps", "svg", "png header", "webp header"],
)
def test_no_picture(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(content)
    with pytest.raises(InputError, match=r"in\.png") as caught:
        read_picture(tmp_path / "in.png")
    assert "\n" not in str(caught.value)


def test_missing_empty_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"in\.png does not exist"):
        read_picture(tmp_path / "in.png")
    with pytest.raises(InputError, match="is a folder"):
        read_picture(tmp_path)
    (tmp_path / "in.png").touch()
    with pytest.raises(InputError, match="empty"):
        read_picture(tmp_path / "in.png")
    with pytest.raises(InputError, match="it is empty"):
        read(b"")


def test_a_bomb() -> None:
    """A few bytes that say they are a hundred gigapixels."""
    with pytest.raises(InputError, match="too many pixels"):
        read(png_by_hand((300_000, 300_000), 8, 2, b"\0"))


def test_a_damaged_tiff_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    whole = bytearray(encoded(Image.fromarray(noise(96, 64)), "TIFF", compression="tiff_lzw"))
    whole[len(whole) // 2 :: 7] = bytes(len(whole[len(whole) // 2 :: 7]))
    with pytest.raises(InputError):
        read(bytes(whole))
    assert capfd.readouterr() == ("", "")


def test_suffixes_worth_a_try() -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".tif", ".gif", ".bmp", ".avif", ".mpo"} <= picture_suffixes()
    assert picture_suffixes().isdisjoint({".pdf", ".eps", ".mp4", ".txt", ".h5"})
