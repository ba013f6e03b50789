"""What ships: every model loads, says where it comes from, and paints."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from fnst_live import paths
from fnst_live.assembly import open_painter
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.scene.landscape import Landscape
from fnst_live.settings import DEFAULT_STYLE, UPSCALES, LookSettings
from fnst_live.style_library import list_styles, read_entries
from fnst_live.stylenet.model_file import load_model
from fnst_live.stylenet.upscale_net import load_upscale_model

MODELS = sorted((paths.assets_dir() / "models").glob("*.safetensors"))
STYLES = [entry.name for file in MODELS for entry in read_entries(file)]
LARGEST_BYTES = 6_000_000
MOST_LEVELS_OF_A_FRAME = 7  # a pack that did paint a frame had up to 15
SIZE = FrameSize(192, 144)


def test_there_are_styles_and_the_usual_one_is_among_them() -> None:
    assert len(STYLES) >= 4
    assert DEFAULT_STYLE in STYLES
    assert {entry.name for entry in list_styles()} >= set(STYLES)


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_a_model_says_where_it_comes_from(file: Path) -> None:
    model = load_model(file)
    assert file.stat().st_size < LARGEST_BYTES
    assert model.header.training["command"].startswith("fnst-train train ")
    assert len(model.header.training["commit"]) >= 7
    assert "/" not in model.header.training["command"]
    for card in model.header.styles:
        assert card.painter
        assert card.work
        assert card.year


def test_every_style_is_credited() -> None:
    credited = (paths.assets_dir() / "CREDITS.md").read_text(encoding="utf-8")
    for file in MODELS:
        for entry in read_entries(file):
            assert all(word in credited for word in (entry.name, entry.painter, entry.work, entry.year))


@pytest.mark.parametrize("factor", [factor for factor in UPSCALES if factor > 1])
def test_a_network_that_enlarges_is_credited_and_says_where_it_comes_from(factor: int) -> None:
    file = paths.assets_dir() / "upscale" / f"x{factor}.safetensors"
    model = load_upscale_model(file)
    assert model.network.shape.factor == factor
    assert model.training["command"].startswith("fnst-train sr-train ")
    assert "/" not in model.training["command"]
    assert f"upscale/{file.name}" in (paths.assets_dir() / "CREDITS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("style", STYLES)
def test_a_style_paints_and_keeps_the_picture(style: str) -> None:
    """Neither grey nor flat nor the original; dark stays darker than light."""
    pixels = Landscape(SIZE).picture(0.15)
    content = Frame(pixels, 0, Fraction(1))
    painter = open_painter(LookSettings(style=style, engine="torch", stability=0.0))
    pipeline = painter.pipeline_for(VideoFormat(SIZE, Fraction(1), Fraction(1)))
    painted = pipeline.process(content).pixels.astype(np.float32)
    original = pixels.astype(np.float32)
    assert np.abs(painted - original).mean() > 8
    assert painted.mean(2).std() > 0.5 * original.mean(2).std()
    likeness = np.corrcoef(painted.mean(2).ravel(), original.mean(2).ravel())[0, 1]
    assert likeness > 0.5


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_no_style_paints_a_frame(file: Path) -> None:
    """What a crop has at its border by itself, it has in the midst of the larger picture, too, but for a tinge."""
    model = load_model(file)
    landscape = Landscape(FrameSize(480, 360))
    pictures = [torch.from_numpy(landscape.picture(phase)).permute(2, 0, 1)[None] / 255 for phase in (0.1, 0.6)]
    for card, style in zip(model.header.styles, model.styles, strict=True):
        tinge = torch.stack([tinge_at_border(model.network, style[None], picture) for picture in pictures]).mean(0)
        assert float(tinge.abs().max()) < MOST_LEVELS_OF_A_FRAME, card.name


def tinge_at_border(network: torch.nn.Module, style: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
    """(3,) levels by which the outer 16 pixels of a crop differ from what they are in the picture, (1, 3, H, W), beyond
    what those farther in do: what colors a thing gets depends on all that is seen, and a crop shows less."""
    with torch.inference_mode():
        alone = network(picture[:, :, 64:-64, 64:-64], style)[0]
        within = network(picture, style)[0, :, 64:-64, 64:-64]
    difference = 255 * (alone.clamp(0, 1) - within.clamp(0, 1))  # (3, h, w)
    return mean_of_ring(difference, 0, 16) - mean_of_ring(difference, 24, 40)


def mean_of_ring(x: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """(3, h, w) to (3,): over the pixels that are start to stop of them from the border."""
    rows, columns = (torch.arange(length) for length in x.shape[1:])
    depth = torch.minimum(torch.minimum(rows, rows.flip(0))[:, None], torch.minimum(columns, columns.flip(0)))
    mean: torch.Tensor = x[:, (start <= depth) & (depth < stop)].mean(1)
    return mean


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_a_preview(style: str) -> None:
    from PIL import Image

    with Image.open(paths.assets_dir() / "previews" / f"{style}.jpg") as preview:
        assert preview.size == (320, 180)
