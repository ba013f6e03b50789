"""One picture in every style on one sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from fnst_live.contact_sheet import BACKGROUND, GAP, LABEL_HEIGHT, TILE_HEIGHT, arrange, save_contact_sheet
from fnst_live.errors import InputError, OutputError
from fnst_live.frames.frame import Pixels
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles


@pytest.fixture
def two_styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    shape = NetShape(8, 8, 8, 1)
    header = ModelHeader("transformer_net", (StyleCard("calm"), StyleCard("wild")), shape)
    styles = initial_styles(2, shape) * torch.tensor([[1.0], [3.0]])
    folder = tmp_path / "models"
    folder.mkdir()
    save_model(folder / "two.safetensors", StyleModel(header, TransformerNet(shape), styles))
    monkeypatch.setenv("FNST_LIVE_MODELS", str(folder))
    monkeypatch.setattr("fnst_live.paths.assets_dir", lambda: tmp_path / "nothing")


def tile(sheet: Pixels, column: int, width: int) -> npt.NDArray[np.int64]:
    x = GAP + column * (width + GAP)
    return sheet[GAP : GAP + TILE_HEIGHT, x : x + width].astype(np.int64)


def test_original_and_every_style(two_styles: None, tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    colors = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    Image.fromarray(colors).resize((TILE_HEIGHT, TILE_HEIGHT)).save(source)
    assert save_contact_sheet(tmp_path / "sheet.png", source, overwrite=False) == []
    sheet = np.array(Image.open(tmp_path / "sheet.png").convert("RGB"))
    assert sheet.shape == (TILE_HEIGHT + LABEL_HEIGHT + GAP, 3 * (TILE_HEIGHT + GAP) + GAP, 3)
    original, calm, wild = (tile(sheet, column, TILE_HEIGHT) for column in range(3))
    assert (original == np.array(Image.open(source))).all()
    for a, b in ((original, calm), (calm, wild)):
        assert np.abs(a - b).mean() > 3


@pytest.mark.parametrize("size", [(4000, 16), (16, 4000), (1, 1)])
def test_a_picture_of_any_shape_has_room(size: tuple[int, int], two_styles: None, tmp_path: Path) -> None:
    Image.new("RGB", size, "red").save(tmp_path / "in.png")
    save_contact_sheet(tmp_path / "sheet.png", tmp_path / "in.png", overwrite=False)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert max(sheet.size) < 5000


def test_what_is_transparent_stays_so(two_styles: None, tmp_path: Path) -> None:
    picture = Image.new("RGBA", (TILE_HEIGHT, TILE_HEIGHT), (255, 0, 0, 255))
    picture.paste((255, 0, 0, 0), (0, 0, TILE_HEIGHT // 2, TILE_HEIGHT))
    picture.save(tmp_path / "in.png")
    save_contact_sheet(tmp_path / "sheet.png", tmp_path / "in.png", overwrite=False)
    sheet = np.array(Image.open(tmp_path / "sheet.png").convert("RGB"))
    for column in range(3):
        shown = tile(sheet, column, TILE_HEIGHT)
        assert (shown[:, : TILE_HEIGHT // 2] == BACKGROUND).all()
        assert not (shown[:, TILE_HEIGHT // 2 :] == BACKGROUND).all(2).any()


def test_damage_is_told(two_styles: None, tmp_path: Path) -> None:
    Image.effect_noise((200, 200), 90).convert("RGB").save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (warning,) = save_contact_sheet(tmp_path / "sheet.png", tmp_path / "half.jpg", overwrite=False)
    assert "damaged" in warning


def test_a_folder_is_no_picture(two_styles: None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name a picture"):
        save_contact_sheet(tmp_path / "sheet.png", tmp_path, overwrite=False)


def test_without_a_picture_the_scene_is_shown(two_styles: None, tmp_path: Path) -> None:
    save_contact_sheet(tmp_path / "sheet.jpg", None, overwrite=False)
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.size == (3 * (TILE_HEIGHT * 4 // 3 + GAP) + GAP, TILE_HEIGHT + LABEL_HEIGHT + GAP)


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (17, 6), (18, 6), (20, 5)])
def test_hardly_a_place_is_empty(count: int, columns: int) -> None:
    tiles = [("a", np.zeros((180, 240, 3), np.uint8))] * count
    width = arrange(tiles).shape[1]
    assert width == columns * (240 + GAP) + GAP


def test_an_existing_sheet_is_kept(two_styles: None, tmp_path: Path) -> None:
    (tmp_path / "sheet.jpg").touch()
    with pytest.raises(OutputError, match="--overwrite"):
        save_contact_sheet(tmp_path / "sheet.jpg", None, overwrite=False)


@pytest.mark.parametrize("count", [1, 2, 5, 17])
def test_there_is_room_for_all(count: int) -> None:
    sheet = arrange([(f"style {i}", np.full((30, 40, 3), 40 + 10 * i, np.uint8)) for i in range(count)])
    levels = {int(level) for level in np.unique(sheet)}
    assert {40 + 10 * i for i in range(count)} <= levels
