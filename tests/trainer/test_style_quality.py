"""The styles that ship are as near to their paintings, and to what they paint, as they were when they shipped."""

from __future__ import annotations

import pytest
import torch

from fnst_live.stylenet.model_file import StyleModel
from tests.style_quality import distance, measure, painted_features, recorded, scene_crop, shipped_models
from trainer.loss_network import load_loss_network
from trainer.objective import STYLE_LAYERS

WORSE, ROUNDING = 1.05, 5e-4  # than recorded: other processors round otherwise


@pytest.mark.parametrize("model", shipped_models(), ids=lambda model: f"{len(model.styles)} styles")
def test_every_shipped_style_keeps_its_quality(model: StyleModel) -> None:
    sketches, as_shipped = recorded()
    for name, losses in measure(model, sketches).items():
        for kind, loss in losses.items():
            assert loss <= as_shipped[name][kind] * WORSE + ROUNDING, f"{kind} loss of {name}"


def test_every_style_is_nearest_to_its_own_painting() -> None:
    """So that the check says something: of all paintings' sketches, a style's own is the one it comes nearest to."""
    sketches, as_shipped = recorded()
    loss_network = load_loss_network(None, STYLE_LAYERS)
    for model in shipped_models():
        for name, _, features in painted_features(model, loss_network):
            distances = {painting: distance(features, sketches, painting) for painting in as_shipped}
            assert min(distances, key=lambda painting: distances[painting]) == name


def test_the_crop_shows_something() -> None:
    crop = scene_crop()
    assert crop.shape == (1, 3, 192, 192)
    assert float(torch.std(crop)) > 0.1
