"""Kept photos are those of the files, and where they have no room the files are read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trainer import photo_shelf
from trainer.batches import make_batch
from trainer.data import PhotoCrops, find_photos, load_pixels
from trainer.errors import DataError
from trainer.photo_shelf import Shelf, shelved


def test_what_is_on_the_shelf_is_what_is_in_the_files(photos: Path) -> None:
    files = find_photos(photos)
    shelf = shelved(files, 2)
    assert isinstance(shelf, Shelf)
    assert shelf.pixels.is_shared()  # type: ignore[no-untyped-call]
    for file in files:
        assert torch.equal(shelf(file), load_pixels(file))


def test_a_run_sees_the_same(photos: Path) -> None:
    files = find_photos(photos)
    kept, read = (PhotoCrops(files, 4, 32, seed=1, load=load) for load in (shelved(files, 2), load_pixels))
    batches = [make_batch(contents, 3, 2, with_motion=False) for contents in (kept, read)]
    assert torch.equal(batches[0].content, batches[1].content)


def test_a_set_that_is_too_large_is_read_from_its_files(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_shelf, "LARGEST_SHELF", 1000)
    assert shelved(find_photos(photos), 2) is load_pixels


def test_what_has_no_room_is_read_from_its_file(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos that are larger than their files let expect."""
    files = find_photos(photos)
    monkeypatch.setattr(photo_shelf, "USUAL_COMPRESSION", 0)
    monkeypatch.setattr(photo_shelf, "LARGEST_SHELF", 2 * load_pixels(files[0]).numel())
    shelf = shelved(files, 2)
    assert isinstance(shelf, Shelf)
    assert 0 < len(shelf.places) < len(files)
    for file in files:
        assert torch.equal(shelf(file), load_pixels(file))


def test_damaged_photos_are_told_of_when_they_are_missed(photos: Path) -> None:
    files = find_photos(photos)
    files[1].write_bytes(b"no photo")
    shelf = shelved([*files, photos / "missing.jpg"], 2)
    assert shelf is load_pixels  # one cannot even be looked at
    shelf = shelved(files, 2)
    assert torch.equal(shelf(files[0]), load_pixels(files[0]))
    with pytest.raises(DataError, match=files[1].name):
        shelf(files[1])
