"""A training run in miniature: a handful of photos, two paintings, a VGG-19 of a few channels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models.vgg import make_layers  # type: ignore[import-untyped]

from trainer import preview
from trainer.config import TrainConfig

MakeConfig = Callable[..., TrainConfig]

NARROW_VGG19: list[str | int] = [4, 4, "M", 6, 6, "M", 8, 8, 8, 8, "M", 8, 8, 8, 8, "M", 8, 8, 8, 8]


@pytest.fixture(autouse=True)
def on_one_thread(one_thread: None) -> None:
    """Every test of this folder."""


@pytest.fixture(autouse=True)
def small_previews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "PREVIEW_SIZE", (48, 36))


def save_picture(file: Path, width: int, height: int, seed: int) -> Path:
    """Soft blotches of color, so that it survives JPEG."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 12 + 1, width // 12 + 1, 3), np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(file)
    return file


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five photos, one of them in a subfolder."""
    folder = tmp_path / "photos"
    for i in range(4):
        save_picture(folder / f"photo{i}.jpg", 80 + 10 * i, 96, seed=i)
    save_picture(folder / "more" / "photo4.png", 64, 70, seed=4)
    return folder


@pytest.fixture
def paintings(tmp_path: Path) -> tuple[Path, Path]:
    folder = tmp_path / "paintings"
    return save_picture(folder / "wave.jpg", 90, 70, seed=10), save_picture(folder / "muse.png", 64, 80, seed=11)


@pytest.fixture
def vgg19() -> torch.nn.Sequential:
    """torchvision's own layers, random and narrow."""
    torch.manual_seed(7)
    layers: torch.nn.Sequential = make_layers(NARROW_VGG19)
    for layer in layers:
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
            layer.bias = torch.nn.Parameter(0.1 * torch.randn(layer.out_channels))
    return layers.eval()


@pytest.fixture
def vgg_dir(tmp_path: Path, vgg19: torch.nn.Sequential) -> Path:
    folder = tmp_path / "vgg"
    folder.mkdir()
    torch.save({f"features.{key}": value for key, value in vgg19.state_dict().items()}, folder / "vgg19-narrow.pth")
    return folder


@pytest.fixture
def make_config(photos: Path, paintings: tuple[Path, Path], vgg_dir: Path, tmp_path: Path) -> MakeConfig:
    """Six steps of two pictures of 64x64."""

    def make(**changes: Any) -> TrainConfig:
        settings: dict[str, Any] = {
            "dataset": photos, "style_image": paintings, "vgg_model_dir": vgg_dir, "save_model_dir": tmp_path / "out",
            "batch_size": 2, "image_size": 64, "style_size": (64,), "steps": 6, "save_interval": 2, "warmup_steps": 1,
            "lr": 1e-4,
        }
        return TrainConfig(**(settings | changes))

    return make
