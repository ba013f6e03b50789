"""What training minimizes: the perceptual losses of a batch, weighted, for paintings that are known by their Grams.

Sources: content and style loss Gatys et al. 2015 and Johnson et al. 2016. The temporal loss asks the network to
commute with small motions and sensor noise, so it needs no video (compare Huang 2017, ReCoNet 2018, which do).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from trainer.batches import Batch
from trainer.config import LossWeights
from trainer.data import load_style_image
from trainer.device import mixed_precision
from trainer.loss_network import LossNetwork, load_loss_network
from trainer.losses import (
    Energies,
    Features,
    Palette,
    content_loss,
    feature_energies,
    gram_matrix,
    palette_loss,
    palette_of,
    style_loss,
    temporal_loss,
    total_variation_loss,
)

CONTENT_LAYERS = ("relu3_1",)
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
LEAST_SIDE = 8  # of a picture that the deepest of them can see


@dataclass(frozen=True)
class Objective:
    """grams: of all paintings, per layer (style_count, C, C); palette: of all, one after the other."""

    weights: LossWeights
    loss_network: LossNetwork
    grams: Features
    palette: Palette
    precision: str

    @cached_property
    def _style_weights(self) -> Tensor:
        """(style_count,); made once, since a card would be waited for every time."""
        return torch.tensor(self.weights.style, device=next(iter(self.grams.values())).device)

    def blended(self) -> Objective:
        """One painting, the mean of all."""
        grams = {layer: gram.mean(0, keepdim=True) for layer, gram in self.grams.items()}
        return replace(self, grams=grams, palette=[spots.mean(0, keepdim=True) for spots in self.palette])

    def losses(
        self, network: nn.Module, styles: Tensor, batch: Batch, energies: Energies | None = None
    ) -> dict[str, Tensor]:
        """One pass of the batch: every loss, and their weighted sum under "total".

        styles: the style table; energies: those of the whole, where the batch is a piece of a larger one.
        """
        with mixed_precision(self.precision, batch.content.device):
            vectors = styles[batch.rows]                                  # (N, style_length)
            motion = batch.motion if self.weights.temporal else None
            if motion is None:
                stylized = network(batch.content, vectors)                # (N, 3, S, S)
            else:  # in one pass: a card takes as long to be told of a layer as to compute it
                both = torch.cat([batch.content, motion.content]), torch.cat([vectors, vectors])
                stylized, moved = network(*both).chunk(2)
            losses = self.picture_losses(stylized, batch.content, batch.rows, energies)
            if motion is not None:
                steadiness = temporal_loss(stylized, moved, motion.grid, motion.mask)
                losses["temporal"] = steadiness * self.weights.temporal
        return {**losses, "total": torch.stack(list(losses.values())).sum()}

    def content_energies(self, pieces: Sequence[Batch], torch_device: torch.device) -> Energies:
        """Of a batch that is too large to be seen at once, or what these pieces of it add to them."""
        sums = dict.fromkeys(CONTENT_LAYERS, torch.zeros((), device=torch_device))
        with torch.no_grad(), mixed_precision(self.precision, torch_device):
            for piece in pieces:
                energies = feature_energies(self.loss_network(piece.content.to(torch_device), CONTENT_LAYERS))
                sums = {name: sums[name] + energies[name] * piece.share for name in CONTENT_LAYERS}
        return sums

    def picture_losses(
        self, stylized: Tensor, content: Tensor, rows: Tensor, energies: Energies | None = None
    ) -> dict[str, Tensor]:
        """Those that need no second picture. stylized, content (N, 3, H, W); rows (N,): the painting of each."""
        with torch.no_grad():
            content_features = self.loss_network(content, CONTENT_LAYERS)
        features = pyramid_features(stylized, self.loss_network, self.weights.style_levels)
        losses = {
            "content": content_loss(features, content_features, energies) * self.weights.content,
            "style": style_loss(
                features, {layer: gram[rows] for layer, gram in self.grams.items()}, self._style_weights[rows]
            ),
            "tv": total_variation_loss(stylized) * self.weights.tv,
        }
        if self.weights.palette:
            palette = [spots[rows] for spots in self.palette]
            losses["palette"] = palette_loss(stylized, palette) * self.weights.palette
        return losses


def make_objective(
    weights: LossWeights,
    paintings: Sequence[Path],
    style_sizes: Sequence[int],
    vgg_model_dir: Path | None,
    torch_device: torch.device,
    precision: str = "float32",
) -> Objective:
    """style_sizes: the shorter side of each painting, in pixels. Raises LossNetworkError, DataError."""
    loss_network = load_loss_network(vgg_model_dir, {*CONTENT_LAYERS, *STYLE_LAYERS})
    loss_network = loss_network.to(memory_format=torch.channels_last).to(torch_device)
    sized = zip(paintings, style_sizes, strict=True)
    images = [load_style_image(file, size).to(torch_device) for file, size in sized]
    grams = grams_of(images, loss_network, weights.style_levels)
    palette = [torch.cat(spots) for spots in zip(*map(palette_of, images), strict=True)]
    return Objective(weights, loss_network, grams, palette, precision)


def grams_of(images: Iterable[Tensor], loss_network: LossNetwork, levels: int = 1) -> Features:
    """Gram matrices of paintings of any size: per layer and level (count, C, C)."""
    grams: defaultdict[str, list[Tensor]] = defaultdict(list)
    for image in images:
        with torch.no_grad():
            features = pyramid_features(image, loss_network, levels, STYLE_LAYERS)
            for layer, feature in features.items():
                grams[layer].append(gram_matrix(feature))
    return {layer: torch.cat(rows) for layer, rows in grams.items()}


def pyramid_features(
    image: Tensor, loss_network: LossNetwork, levels: int, layers: Iterable[str] | None = None
) -> Features:
    """What the loss network sees of the image (N, 3, H, W), and of the image at a half, a quarter, ... of its size.

    The layers of the smaller ones are called "relu1_1/2", "relu1_1/4", ...; they see further than the strokes
    (compare Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer", section 6).
    """
    features: Features = loss_network(image, layers)
    for level in range(1, levels):
        image = F.avg_pool2d(image, 2) if min(image.shape[2:]) >= 2 * LEAST_SIDE else image
        seen: Features = loss_network(image, STYLE_LAYERS)
        features |= {f"{name}/{2**level}": feature for name, feature in seen.items()}
    return features
