"""Counted, against what one counts by hand."""

from __future__ import annotations

import torch
from torch import nn

from fnst_live.bench.multiply_adds import count_in, count_multiply_adds, padded_side
from fnst_live.frames.frame import FrameSize
from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles


def picture(channels: int, height: int, width: int) -> torch.Tensor:
    return torch.empty(1, channels, height, width, device="meta")


def model_of(shape: NetShape) -> StyleModel:
    header = ModelHeader("transformer_net", (StyleCard("tiny"),), shape)
    return StyleModel(header, TransformerNet(shape), initial_styles(1, shape))


def test_a_convolution() -> None:
    """Half the size, 8 channels, each pixel of each a sum over 3 channels of 5x5."""
    convolution = nn.Conv2d(3, 8, 5, stride=2, padding=2)
    assert count_in(convolution, picture(3, 16, 32)) == (8 * 16) * 8 * (3 * 5 * 5)


def test_a_grouped_convolution_sees_only_its_group() -> None:
    convolution = nn.Conv2d(8, 8, 3, padding=1, groups=4)
    assert count_in(convolution, picture(8, 4, 4)) == (4 * 4) * 8 * (2 * 3 * 3)


def test_a_linear_layer_and_what_is_not_counted() -> None:
    network = nn.Sequential(nn.Linear(10, 4), nn.ReLU(), nn.BatchNorm1d(4))
    assert count_in(network.eval(), torch.empty(3, 10, device="meta")) == 3 * 10 * 4


def test_a_layer_that_runs_twice_counts_twice() -> None:
    convolution = nn.Conv2d(2, 2, 1)
    assert count_in(nn.Sequential(convolution, convolution), picture(2, 4, 4)) == 2 * (16 * 2 * 2)


def test_the_network_layer_by_layer() -> None:
    """At 32x16: each row is pixels x channels out x channels in x kernel."""
    layers = [
        (8 * 16) * 4 * (12 * 9),  # stem, at a half
        (4 * 8) * 6 * (4 * 9),    # down to a quarter
        (2 * 4) * 8 * (6 * 9),    # down to an eighth
        (2 * 4) * 8 * (8 * 9) * 2,  # one residual block
        (4 * 8) * 6 * (8 * 9),    # up to a quarter
        (8 * 16) * 4 * (6 * 9),   # up to a half
        (8 * 16) * 12 * (4 * 9),  # head, four pixels at once
    ]
    model = model_of(NetShape(half=4, quarter=6, eighth=8, residual_blocks=1))
    assert count_multiply_adds(model, FrameSize(32, 16)) == sum(layers)
    assert not any(parameter.is_meta for parameter in model.network.parameters()), "the network itself stays as it is"


def test_a_size_is_extended_as_the_stylizer_does() -> None:
    model = model_of(NetShape(4, 4, 4, 1))
    assert [padded_side(side, model) for side in (1, 16, 17, 24)] == [16, 16, 24, 24]
    assert count_multiply_adds(model, FrameSize(25, 17)) == count_multiply_adds(model, FrameSize(32, 24))


def test_the_classic() -> None:
    """The figure that is known of it: 47.2 billion at 640x480."""
    model = StyleModel(ModelHeader("johnson2016", (StyleCard("old"),)), JohnsonNet(), torch.zeros(1, 0))
    assert round(count_multiply_adds(model, FrameSize(640, 480)) / 1e9, 1) == 47.2
