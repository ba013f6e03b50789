"""The enlarging network: two, four or eight times the size, with edges instead of blur, and its model file.

A few small convolutions at the small size, whose last one gives all pixels of a larger square at once (ESPCN, Shi et
al. 2016), added to the small pixel itself. Nothing in it looks at the whole picture, so a picture can be enlarged in
tiles that overlap by `reach` pixels, with the same result.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

FORMAT = "fnst-live-upscale/1"
FACTORS = (2, 4, 8)
LARGEST_COUNT = 512


class UpscaleFileError(ValueError):
    """The file is no enlarging model; the message is the sentence for the user."""


@dataclass(frozen=True)
class UpscaleShape:
    """factor: how many times larger; channels: of the inner layers; depth: how many inner convolutions."""

    factor: int = 2
    channels: int = 32
    depth: int = 4

    def __post_init__(self) -> None:
        if self.factor not in FACTORS:
            raise ValueError(f"the factor must be one of {FACTORS}, not {self.factor!r}")
        for name in ("channels", "depth"):
            value = getattr(self, name)
            if not isinstance(value, int) or not 1 <= value <= LARGEST_COUNT:
                raise ValueError(f"{name} must be a count from 1 to {LARGEST_COUNT}, not {value!r}")


class UpscaleNet(nn.Module):
    """`forward(image)`: (N, 3, H, W) RGB in [0, 1] to (N, 3, factor * H, factor * W), not clamped."""

    def __init__(self, shape: UpscaleShape):
        super().__init__()
        self.shape = shape
        widths = [3, *[shape.channels] * (shape.depth + 1), 3 * shape.factor**2]
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1) for before, after in itertools.pairwise(widths)
        )
        nn.init.normal_(self.last.weight, std=1e-3)  # training starts from large pixels

    @property
    def last(self) -> nn.Conv2d:
        layer = self.layers[-1]
        assert isinstance(layer, nn.Conv2d)
        return layer

    @property
    def reach(self) -> int:
        """Pixels around one that it depends on."""
        return len(self.layers)

    def forward(self, image: Tensor) -> Tensor:
        x = image - 0.5
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        squares = self.last(x) + image.repeat_interleave(self.shape.factor**2, 1)
        return F.pixel_shuffle(squares, self.shape.factor)


@dataclass(frozen=True)
class UpscaleModel:
    """training: settings, command line and commit, as the trainer wrote them."""

    network: UpscaleNet
    training: Mapping[str, Any] = field(default_factory=dict)


def save_upscale_model(file: Path, model: UpscaleModel) -> None:
    """Write beside the final name, rename when whole."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.network.state_dict().items()}
    metadata = {
        "format": FORMAT, "shape": json.dumps(asdict(model.network.shape)), "training": json.dumps(model.training),
    }
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(save(tensors, metadata))
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def load_upscale_model(file: Path) -> UpscaleModel:
    """On the CPU in float32. Raises UpscaleFileError."""
    try:
        with safe_open(file, "pt") as opened:
            metadata = opened.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise UpscaleFileError("is no model that enlarges pictures: make one with fnst-train sr-train")
            weights = {name: opened.get_tensor(name).float() for name in opened.keys()}  # noqa: SIM118  (not a dict)
        network = UpscaleNet(UpscaleShape(**json.loads(metadata["shape"])))
        network.load_state_dict(weights)
        training = json.loads(metadata["training"])
    except FileNotFoundError as error:
        raise UpscaleFileError("does not exist") from error
    except UpscaleFileError:
        raise
    except (OSError, SafetensorError, RuntimeError, ValueError, LookupError, TypeError) as error:
        raise UpscaleFileError("is damaged: fetch or train it again") from error
    if not all(bool(torch.isfinite(weight).all()) for weight in weights.values()):
        raise UpscaleFileError("has weights that are not finite numbers: its training went wrong")
    return UpscaleModel(network.eval(), training)
