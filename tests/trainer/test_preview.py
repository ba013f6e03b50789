"""Preview sheets: a row per photo, a column per style, whatever the photos are like."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from PIL import Image

from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.transformer_net import NetShape, TransformerNet
from trainer import preview
from trainer.errors import DataError
from trainer.preview import save_preview_sheet


@pytest.fixture
def model_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(preview, "PREVIEW_SIZE", (48, 36))
    shape = NetShape(8, 8, 8, 1)
    header = ModelHeader("transformer_net", (StyleCard("wave"), StyleCard("muse")), shape)
    model = StyleModel(header, TransformerNet(shape), torch.ones(2, shape.style_length))
    save_model(tmp_path / "model.safetensors", model)
    return tmp_path / "model.safetensors"


def size_of(sheet: Path) -> tuple[int, int]:
    with Image.open(sheet) as picture:
        return picture.size


def test_a_row_per_photo_and_a_column_per_style(model_file: Path, photos: Path, tmp_path: Path) -> None:
    sheet = save_preview_sheet(model_file, photos, tmp_path)
    assert sheet == tmp_path / "model.preview.jpg"
    assert size_of(sheet) == (3 * 48, 4 * 36)


def test_damaged_photos_are_left_out(
    model_file: Path, photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("photo0.jpg", "photo1.jpg"):
        (photos / name).write_bytes(b"damaged")
    with caplog.at_level(logging.WARNING):
        sheet = save_preview_sheet(model_file, photos, tmp_path)
    assert size_of(sheet) == (3 * 48, 3 * 36)
    assert len(caplog.messages) == 2


def test_no_photo_at_all(model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "damaged.jpg").write_bytes(b"damaged")
    with pytest.raises(DataError, match="--preview-dir needs a folder of photos"):
        save_preview_sheet(model_file, tmp_path, tmp_path)
