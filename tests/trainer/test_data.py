"""Photos and paintings: found, read, cropped; the damaged ones skipped and counted."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from trainer.batches import make_batch
from trainer.data import (
    PhotoCrops,
    find_photos,
    hold_out,
    load_image,
    load_style_image,
    motion_blur,
    random_crop,
    roughen,
)
from trainer.errors import DataError


def content_of(photos: PhotoCrops, step: int) -> Tensor:
    return make_batch(photos, step, 1, with_motion=False).content


def damage(file: Path) -> None:
    """Half of it is missing: the header promises a picture, and the end never comes."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def test_photos_are_found_in_subfolders_whatever_the_case_of_their_suffix(photos: Path) -> None:
    (photos / "notes.txt").write_text("not a photo")
    (photos / "photo0.jpg").rename(photos / "PHOTO0.JPG")
    found = find_photos(photos)
    assert [file.name for file in found] == ["PHOTO0.JPG", "photo4.png", "photo1.jpg", "photo2.jpg", "photo3.jpg"]


def test_linked_folders_are_searched(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "linked").symlink_to(photos)
    assert len(find_photos(tmp_path / "links")) == len(find_photos(photos))


def test_links_that_lead_in_a_circle(photos: Path) -> None:
    count = len(find_photos(photos))
    (photos / "self").symlink_to(photos)
    (photos / "deep").mkdir()
    (photos / "deep" / "up").symlink_to(photos.parent)
    assert len({file.resolve() for file in find_photos(photos)}) == len(find_photos(photos)) >= count


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no photos: --dataset needs a folder"):
        find_photos(tmp_path)
    with pytest.raises(DataError, match="holds no photos: --photos needs a folder"):
        find_photos(tmp_path, "--photos")


def test_sixteen_bits_of_gray_are_not_cut_off(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 257 * 51], [257 * 100, 65535]], np.uint16)).save(tmp_path / "deep.png")
    levels = load_image(tmp_path / "deep.png")[0, 0] * 255
    assert torch.equal(levels.round(), torch.tensor([[0.0, 51.0], [100.0, 255.0]]))


def test_what_a_decoder_stumbles_over_is_no_picture(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "photo.avif")
    content = (tmp_path / "photo.avif").read_bytes()
    (tmp_path / "photo.jpg").write_bytes(content[:-40] + bytes(40))
    (tmp_path / "page.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    for name in ("photo.jpg", "page.jpg"):
        with pytest.raises(DataError, match="cannot be read as a picture"):
            load_image(tmp_path / name)


def test_pictures_are_rgb_in_0_to_1(tmp_path: Path) -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[1, 2] = (255, 51, 0)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    image = load_image(tmp_path / "picture.png")
    assert image.shape == (1, 3, 2, 3)
    assert image[0, :, 1, 2].tolist() == pytest.approx([1.0, 0.2, 0.0])


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "CMYK", "LA"])
def test_pictures_of_other_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    file = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
    Image.new("RGB", (5, 4), (200, 200, 200)).convert(mode).save(file)
    assert load_image(file).shape == (1, 3, 4, 5)


def test_pictures_are_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (6, 4)).save(tmp_path / "phone.jpg", exif=exif)
    assert load_image(tmp_path / "phone.jpg").shape == (1, 3, 6, 4)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp"])
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.9])
def test_damaged_pictures_are_refused(tmp_path: Path, suffix: str, kept: float) -> None:
    file = tmp_path / f"picture.{suffix}"
    noise = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(file)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * kept)])
    with pytest.raises(DataError, match=f"{file.name} cannot be read as a picture"):
        load_image(file)


def test_a_missing_picture_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        load_image(tmp_path / "missing.jpg")


def test_paintings_are_scaled_by_their_shorter_side(paintings: tuple[Path, Path]) -> None:
    assert load_style_image(paintings[0], 35).shape == (1, 3, 35, 45)
    assert load_style_image(paintings[1], 128).shape == (1, 3, 160, 128)
    image = load_style_image(paintings[0], 35)
    assert 0 <= image.min() <= image.max() <= 1


@pytest.mark.parametrize(("height", "width"), [(96, 64), (40, 200), (16, 16), (2, 1), (1, 1)])
def test_crops_of_any_picture(height: int, width: int) -> None:
    image = torch.rand(1, 3, height, width)
    for seed in range(5):
        crop = random_crop(image, 32, torch.Generator().manual_seed(seed))
        assert crop.shape == (1, 3, 32, 32)
        assert image.min() - 1e-5 <= crop.min() <= crop.max() <= image.max() + 1e-5


def test_roughened_pictures_stay_in_range_and_now_and_then_as_they_were() -> None:
    image = torch.rand(1, 3, 8, 8)
    rough = [roughen(image, torch.Generator().manual_seed(seed)) for seed in range(20)]
    assert all(0 <= r.min() <= r.max() <= 1 for r in rough)
    assert 5 <= sum(torch.equal(r, image) for r in rough) <= 15


def test_light_is_warm_or_cold_now_and_then() -> None:
    gray = torch.full((1, 3, 8, 8), 0.5)
    rough = [roughen(gray, torch.Generator().manual_seed(seed)).mean((0, 2, 3)) for seed in range(60)]
    warmth = torch.stack([(red - blue) / (red + blue) for red, _, blue in rough])
    assert warmth.min() < -0.05
    assert warmth.max() > 0.05
    assert warmth.abs().max() < 0.25
    assert (warmth.abs() < 0.02).sum() > 30


def test_motion_blur_by_hand() -> None:
    """A dot becomes a line of three pixels, along the way and not across it."""
    dot = torch.zeros(1, 3, 7, 7)
    dot[:, :, 3, 3] = 1
    line = motion_blur(dot, 3.0, angle=0.0)
    expected = torch.zeros(7, 7)
    expected[3, 2:5] = 1 / 3
    assert torch.allclose(line, expected.expand(1, 3, 7, 7), atol=1e-6)
    assert torch.allclose(motion_blur(dot, 3.0, angle=math.pi / 2), expected.T.expand(1, 3, 7, 7), atol=1e-6)


@pytest.mark.parametrize("length_px", [1.0, 2.5, 6.0])
def test_motion_blur_keeps_the_light_and_the_size(length_px: float) -> None:
    assert torch.allclose(motion_blur(torch.full((2, 3, 9, 11), 0.3), length_px, 0.7), torch.tensor(0.3))
    image = torch.rand(1, 3, 9, 11)
    assert motion_blur(image, length_px, 0.7).shape == image.shape
    assert torch.allclose(motion_blur(image, 1.0, 0.7), image, atol=1e-6)


def test_pictures_follow_from_seed_and_place_alone(photos: Path) -> None:
    files = find_photos(photos)
    first, second = (PhotoCrops(files, 2, 64, seed=1) for _ in range(2))
    later = content_of(first, 5)
    assert later.shape == (2, 3, 64, 64)
    content_of(first, 0)
    assert torch.equal(content_of(first, 5), later)
    assert torch.equal(content_of(second, 5), later)
    assert not torch.equal(content_of(PhotoCrops(files, 2, 64, seed=2), 5), later)


def test_an_epoch_shows_every_photo_once(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = PhotoCrops(find_photos(photos), 2, 64, seed=1)
    shown: list[int] = []

    def readable(index: int) -> torch.Tensor:
        shown.append(index)
        return torch.zeros(1, 3, 64, 64)

    monkeypatch.setattr(batches, "_readable", readable)
    for step in range(5):  # ten pictures, two epochs
        content_of(batches, step)
    assert sorted(shown[:5]) == sorted(shown[5:]) == [0, 1, 2, 3, 4]
    assert shown[:5] != shown[5:]


def test_damaged_photos_are_skipped_and_counted(photos: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("photo1.jpg", "photo3.jpg"):
        damage(photos / name)
    batches = PhotoCrops(find_photos(photos), 5, 64, seed=1)
    with caplog.at_level(logging.WARNING):
        for step in range(3):
            assert content_of(batches, step).isfinite().all()
    assert {file.name for file in batches.damaged} == {"photo1.jpg", "photo3.jpg"}
    assert len(caplog.messages) == 2  # each is told once
    assert "(2 so far)" in caplog.messages[-1]


def test_only_damaged_photos(photos: Path) -> None:
    for file in find_photos(photos):
        damage(file)
    with pytest.raises(DataError, match="none of the training photos can be read"):
        content_of(PhotoCrops(find_photos(photos), 2, 64, seed=1), 0)


def test_held_out_photos_are_not_trained_on() -> None:
    files = [Path(f"{i:03}.jpg") for i in range(100)]
    training, held_out = hold_out(files, 4)
    assert [file.stem for file in held_out] == ["000", "025", "050", "075"]
    assert sorted(training + held_out) == files


def test_where_photos_are_few_none_is_spared() -> None:
    files = [Path(f"{i}.jpg") for i in range(6)]
    assert hold_out(files, 4) == (files, files[:4])


def test_photos_as_they_are(photos: Path) -> None:
    file = photos / "flat.png"
    Image.new("RGB", (80, 80), (204, 102, 51)).save(file)
    batches = PhotoCrops([file], 8, 64, seed=1, augment=False)
    assert torch.allclose(content_of(batches, 0), torch.tensor([0.8, 0.4, 0.2]).view(1, 3, 1, 1))
