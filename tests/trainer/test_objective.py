"""The objective: the weighted sum, and for each picture its own painting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles
from trainer.batches import Batch, move
from trainer.config import LossWeights, TrainConfig
from trainer.data import load_style_image
from trainer.losses import style_loss, temporal_loss
from trainer.objective import Objective, grams_of, make_objective, pyramid_features

MakeConfig = Callable[..., TrainConfig]
SHAPE = NetShape(8, 8, 8, 1)


@pytest.fixture
def objective(paintings: tuple[Path, Path], vgg_dir: Path) -> Objective:
    return make_objective(LossWeights(1, (1, 1), 1, 1, palette=1), paintings, [48, 48], vgg_dir, torch.device("cpu"))


def test_each_loss_has_its_weight(objective: Objective) -> None:
    torch.manual_seed(1)
    content = torch.rand(2, 3, 32, 32)
    batch = Batch(content, torch.tensor([0, 1]), move(content, torch.Generator().manual_seed(1)), whole=2)
    network, styles = TransformerNet(SHAPE), initial_styles(2, SHAPE)
    plain = objective.losses(network, styles, batch)
    weighted = replace(objective, weights=LossWeights(2, (3, 3), 5, 7, palette=11)).losses(network, styles, batch)
    for name, weight in {"content": 2, "style": 3, "tv": 5, "temporal": 7, "palette": 11}.items():
        torch.testing.assert_close(weighted[name], weight * plain[name])
    torch.testing.assert_close(weighted["total"], sum(v for k, v in weighted.items() if k != "total"))


def test_the_temporal_loss_is_of_the_networks_own_pictures(objective: Objective) -> None:
    torch.manual_seed(1)
    content = torch.rand(1, 3, 32, 32)
    motion = move(content, torch.Generator().manual_seed(1))
    network, styles = TransformerNet(SHAPE), initial_styles(2, SHAPE)
    losses = objective.losses(network, styles, Batch(content, torch.tensor([0]), motion, whole=1))
    one, moved = (network(picture, styles[:1]) for picture in (content, motion.content))
    torch.testing.assert_close(losses["temporal"], temporal_loss(one, moved, motion.grid, motion.mask))


def test_a_painting_has_its_own_style_and_no_other(objective: Objective, paintings: tuple[Path, Path]) -> None:
    picture = load_style_image(paintings[0], 48)
    own, other = (
        float(objective.picture_losses(picture, picture, torch.tensor([row]))["style"]) for row in (0, 1)
    )
    assert own < 1e-10
    assert other > 1e-3


def test_a_painting_has_its_own_palette(objective: Objective, paintings: tuple[Path, Path]) -> None:
    picture = load_style_image(paintings[0], 48)
    own, other = (objective.picture_losses(picture, picture, torch.tensor([row]))["palette"] for row in (0, 1))
    assert float(own) < 1e-3 < float(other)
    without = replace(objective, weights=LossWeights(1, (1, 1), 1, 1))
    assert "palette" not in without.picture_losses(picture, picture, torch.tensor([0]))


def test_a_painting_is_looked_at_from_afar_too(paintings: tuple[Path, Path], vgg_dir: Path) -> None:
    """Each level is the style loss of the halved picture against the halved painting; the mean is over all layers."""
    weights, cpu, row = LossWeights(0, (1, 1)), torch.device("cpu"), torch.tensor([1])
    near = make_objective(weights, paintings, [48, 48], vgg_dir, cpu)
    whole = make_objective(replace(weights, style_levels=2), paintings, [48, 48], vgg_dir, cpu)
    picture, painting = torch.rand(1, 3, 32, 32), load_style_image(paintings[1], 48)
    features = near.loss_network(F.avg_pool2d(picture, 2))
    afar = style_loss(features, grams_of([F.avg_pool2d(painting, 2)], near.loss_network))
    assert set(whole.grams) == {*near.grams, *(f"{layer}/2" for layer in near.grams)}
    torch.testing.assert_close(
        whole.picture_losses(picture, picture, row)["style"],
        (near.picture_losses(picture, picture, row)["style"] + afar) / 2,
    )


def test_a_picture_too_small_to_be_halved_stays_as_it_is(objective: Objective) -> None:
    picture = torch.rand(1, 3, 20, 12)
    features = pyramid_features(picture, objective.loss_network, 3)
    for layer in objective.grams:
        torch.testing.assert_close(features[f"{layer}/4"], features[layer])


def test_a_painting_may_weigh_more_than_another(objective: Objective) -> None:
    network, styles = TransformerNet(SHAPE), initial_styles(2, SHAPE)
    content = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    heavier = replace(objective, weights=LossWeights(1, (1, 3), 1, 1))
    for row, factor in enumerate((1, 3)):
        batch = Batch(content, torch.tensor([row]), None, whole=1)
        before, after = (one.losses(network, styles, batch)["style"].item() for one in (objective, heavier))
        assert after == pytest.approx(factor * before)
