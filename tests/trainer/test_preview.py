"""Preview strips: a strip per photo, a column per style, whatever the photos are like."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from PIL import Image

from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet
from trainer.data import find_photos
from trainer.errors import DataError
from trainer.preview import save_preview_strips


@pytest.fixture
def model() -> StyleModel:
    shape = NetShape(8, 8, 8, 1)
    header = ModelHeader("transformer_net", (StyleCard("wave"), StyleCard("muse")), shape)
    return StyleModel(header, TransformerNet(shape), torch.ones(2, shape.style_length))


def size_of(sheet: Path) -> tuple[int, int]:
    with Image.open(sheet) as picture:
        return picture.size


def test_a_strip_per_photo_and_a_column_per_style(model: StyleModel, photos: Path, tmp_path: Path) -> None:
    save_preview_strips(model, find_photos(photos), tmp_path / "strips.jpg")
    assert size_of(tmp_path / "strips.jpg") == (3 * 48, 4 * 36)


def test_damaged_photos_are_left_out(
    model: StyleModel, photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("photo0.jpg", "photo1.jpg"):
        (photos / name).write_bytes(b"damaged")
    with caplog.at_level(logging.WARNING):
        save_preview_strips(model, find_photos(photos), tmp_path / "strips.jpg")
    assert size_of(tmp_path / "strips.jpg") == (3 * 48, 3 * 36)
    assert len(caplog.messages) == 2


def test_no_photo_at_all(model: StyleModel, tmp_path: Path) -> None:
    (tmp_path / "damaged.jpg").write_bytes(b"damaged")
    with pytest.raises(DataError, match="none of the photos for previews can be read: give others, by --preview-dir"):
        save_preview_strips(model, find_photos(tmp_path), tmp_path / "strips.jpg")
