"""How near the shipped styles come to their paintings, on a crop of the built-in scene, in figures that can be kept.

`python -m tests.style_quality PAINTINGS` measures anew and writes `tests/data/style_quality.safetensors` (of every
painting its palette, and what its Gram matrices look like from a few random directions) and `style_quality.json` (the
losses).
Paintings do not ship, nor do their Gram matrices, whose numbers would be megabytes. Seen along 24 random directions
R, |R (G - P) R'| / |R P R'| stands in for the style loss |G - P| / |P| (Johnson & Lindenstrauss 1984).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file, save_file
from torch import Tensor

from fnst_live import paths
from fnst_live.frames.frame import FrameSize
from fnst_live.scene.landscape import Landscape
from fnst_live.stylenet.model_file import StyleModel, load_model
from trainer.config import trained_style_sizes
from trainer.data import load_style_image
from trainer.loss_network import LossNetwork, load_loss_network
from trainer.losses import SPOTS, Features, content_loss, gram_matrix, palette_loss, palette_of
from trainer.objective import CONTENT_LAYERS, STYLE_LAYERS

DATA = Path(__file__).parent / "data"
SKETCHES, LOSSES = DATA / "style_quality.safetensors", DATA / "style_quality.json"
DIRECTIONS = 24
COLORS = 64  # of the palette, along each axis
SCENE, CROP = FrameSize(480, 360), (slice(120, 312), slice(150, 342))
PHASE = 0.3

Losses = dict[str, float]


def measure(model: StyleModel, sketches: dict[str, Tensor]) -> dict[str, Losses]:
    """Content and style loss of every style of the model. Raises KeyError for one that has never been sketched."""
    loss_network = load_loss_network(None, {*CONTENT_LAYERS, *STYLE_LAYERS})
    content_features = loss_network(scene_crop(), CONTENT_LAYERS)
    return {
        name: {
            "content": round(float(content_loss(features, content_features)), 4),
            "style": round(distance(features, sketches, name), 4),
            "palette": round(float(palette_loss(painted, [sketches[f"{name}.spots{spot}"] for spot in SPOTS])), 4),
        }
        for name, painted, features in painted_features(model, loss_network)
    }


def painted_features(model: StyleModel, loss_network: LossNetwork) -> Iterator[tuple[str, Tensor, Features]]:
    """The crop, painted in one style after the other, and what the loss network sees of it."""
    content = scene_crop()
    for card, vector in zip(model.header.styles, model.styles, strict=True):
        with torch.inference_mode():
            painted = model.network(content, vector.unsqueeze(0)).clamp(0, 1)
            yield card.name, painted, loss_network(painted)


def distance(features: Features, sketches: dict[str, Tensor], painting: str) -> float:
    """What stands in for the style loss."""
    layers = []
    for layer in STYLE_LAYERS:
        wanted = sketches[f"{painting}.{layer}"]
        layers.append((sketch(layer, features[layer]) - wanted).square().sum() / wanted.square().sum())
    return float(torch.stack(layers).mean())


def scene_crop() -> Tensor:
    """(1, 3, 192, 192) RGB in [0, 1]: water, shore, a boat, hills."""
    pixels = np.ascontiguousarray(Landscape(SCENE).picture(PHASE)[CROP])
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0) / 255


def sketch(layer: str, features: Tensor) -> Tensor:
    """(24, 24): the Gram matrix of features (1, C, H, W), seen along this layer's directions."""
    gram = gram_matrix(features)[0]
    seed = STYLE_LAYERS.index(layer)
    directions = torch.from_numpy(np.random.default_rng(seed).standard_normal((DIRECTIONS, len(gram)))).to(gram)
    return directions @ gram @ directions.T


def sketch_paintings(model: StyleModel, folder: Path, loss_network: LossNetwork) -> dict[str, Tensor]:
    told = trained_style_sizes(model.header.training.get("config", {}))
    sizes = told if len(told) > 1 else [*told] * len(model.styles)
    sketches = {}
    for card, size in zip(model.header.styles, sizes, strict=True):
        file, = folder.glob(f"{card.name}.*")
        painting = load_style_image(file, size)
        with torch.inference_mode():
            for layer, features in loss_network(painting, STYLE_LAYERS).items():
                sketches[f"{card.name}.{layer}"] = sketch(layer, features)
        for spot, colors in zip(SPOTS, palette_of(painting), strict=True):
            sketches[f"{card.name}.spots{spot}"] = F.interpolate(colors, COLORS, mode="linear")
    return sketches


def shipped_models() -> list[StyleModel]:
    return [load_model(file) for file in sorted((paths.assets_dir() / "models").glob("*.safetensors"))]


def record(folder: Path) -> None:
    loss_network = load_loss_network(None, STYLE_LAYERS)
    sketches: dict[str, Tensor] = {}
    measured: dict[str, Losses] = {}
    for model in shipped_models():
        sketches |= sketch_paintings(model, folder, loss_network)
        measured |= measure(model, sketches)
    DATA.mkdir(exist_ok=True)
    save_file(sketches, SKETCHES)
    LOSSES.write_text(json.dumps(measured, indent=1) + "\n")


def recorded() -> tuple[dict[str, Tensor], dict[str, Losses]]:
    """The sketches, and the losses as they were when the styles shipped."""
    return load_file(SKETCHES), json.loads(LOSSES.read_text())


if __name__ == "__main__":
    record(Path(sys.argv[1]))
