"""Networks small enough to run in no time, and loud enough that a wrong picture shows."""

from __future__ import annotations

import pytest
import torch

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles

SHAPE = NetShape(half=8, quarter=8, eighth=12, residual_blocks=1)
LOUDNESS = 15  # an untrained head paints nearly grey


@pytest.fixture(autouse=True)
def on_one_thread(one_thread: None) -> None:
    """Every test of this folder."""


@pytest.fixture
def model() -> StyleModel:
    """Of two styles; its weights are random but always the same."""
    return make_model(seed=0)


@pytest.fixture
def another_model() -> StyleModel:
    """Of the same shape, with other weights."""
    return make_model(seed=1)


@pytest.fixture
def classic_model() -> StyleModel:
    """A network of the PyTorch examples program: one style, and that not chosen by a vector."""
    torch.manual_seed(0)
    network = JohnsonNet().eval()
    with torch.no_grad():
        network.deconv3.conv2d.weight.mul_(100)
        network.deconv3.conv2d.bias = torch.nn.Parameter(torch.full((3,), 128.0))
    return StyleModel(ModelHeader("johnson2016", (StyleCard("classic"),)), network, torch.zeros(1, 0))




def make_model(seed: int) -> StyleModel:
    torch.manual_seed(seed)
    network = TransformerNet(SHAPE).eval()
    with torch.no_grad():
        network.head.conv.weight.mul_(LOUDNESS)
    styles = initial_styles(2, SHAPE) + 0.3 * torch.randn(2, SHAPE.style_length)
    header = ModelHeader("transformer_net", (StyleCard("first"), StyleCard("second")), SHAPE)
    return StyleModel(header, network, styles)
