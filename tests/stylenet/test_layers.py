"""What a card's steps make of a picture, on the CPU: the same as torch's own."""

from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from fnst_live.stylenet import layers
from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.layers import (
    has_channels_last,
    one_normalized,
    padded_channels_last,
    padded_for,
    shuffled_channels_last,
)
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, UpsampleConv, initial_styles, settle

LAYOUTS = [torch.contiguous_format, torch.channels_last]
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def random_maps(count: int, channels: int, height: int, width: int) -> Tensor:
    return torch.randn(count, channels, height, width, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mode", ["reflect", "replicate"])
@pytest.mark.parametrize(("margin", "height", "width"), [(1, 4, 5), (1, 9, 4), (2, 6, 11), (4, 10, 17)])
def test_padding(layout: torch.memory_format, mode: str, margin: int, height: int, width: int) -> None:
    x = random_maps(2, 3, height, width).contiguous(memory_format=layout)
    padded = padded_channels_last(x, margin, mode)
    assert torch.equal(padded, F.pad(x, (margin,) * 4, mode=mode))
    assert padded.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("margin", "side"), [(1, 2), (1, 3), (1, 4), (4, 9), (4, 10)])
def test_padding_of_the_smallest(on_card: None, margin: int, side: int) -> None:
    x = random_maps(1, 3, side, side + 3)
    weight = random_maps(2, 3, 3, 3).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        assert torch.equal(padded_for(weight, x, margin, "reflect"), F.pad(x, (margin,) * 4, mode="reflect"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_shuffling(layout: torch.memory_format) -> None:
    squares = random_maps(2, 12, 5, 7).contiguous(memory_format=layout)
    shuffled = shuffled_channels_last(squares)
    assert torch.equal(shuffled, F.pixel_shuffle(squares, 2))
    assert has_channels_last(shuffled)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_normalizing_one_picture(layout: torch.memory_format) -> None:
    x = (random_maps(1, 5, 20, 30) * 3 + 4).contiguous(memory_format=layout)
    scale, shift = torch.randn(2, 5, generator=torch.Generator().manual_seed(4))
    expected = F.instance_norm(x.double(), weight=scale.double(), bias=shift.double()).float()
    normalized = one_normalized(x, scale, shift)
    torch.testing.assert_close(normalized, expected, rtol=1e-5, atol=1e-5)
    assert normalized.stride() == x.stride()


@pytest.fixture
def on_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "paints_on_card", lambda _: not torch.is_grad_enabled())


NETWORKS = {"transformer": TransformerNet(NetShape(8, 8, 12, 2)).eval(), "classic": JohnsonNet().eval()}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 48), (40, 64)])
@torch.no_grad()
def test_a_whole_network(
    monkeypatch: pytest.MonkeyPatch, name: str, layout: torch.memory_format, height: int, width: int
) -> None:
    image, style = random_maps(1, 3, height, width).sigmoid(), initial_styles(1, NetShape(8, 8, 12, 2))
    expected = NETWORKS[name](image, style)
    monkeypatch.setattr(layers, "paints_on_card", lambda _: not torch.is_grad_enabled())
    network = copy.deepcopy(NETWORKS[name])
    settle(network)
    painted = network.to(memory_format=layout)(image.contiguous(memory_format=layout), style)
    torch.testing.assert_close(painted, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_what_is_settled_is_not_made_again_nor_saved() -> None:
    layer, x = UpsampleConv(4, 3, 5, bias=True), random_maps(1, 4, 6, 8)
    names, expected = set(layer.state_dict()), layer(x)
    settle(nn.Sequential(layer))
    assert set(layer.state_dict()) == names
    layer.conv.weight.zero_()
    assert torch.equal(layer(x), expected)


@needs_cuda
@pytest.mark.parametrize("layout", LAYOUTS)
@torch.no_grad()
def test_statistics_on_a_card_are_taken_in_float32(layout: torch.memory_format) -> None:
    """300 squared does not fit into half precision, and a sum over 256x256 of them still less."""
    x = (300 + 40 * random_maps(1, 16, 256, 256)).half().cuda().contiguous(memory_format=layout)
    scale, shift = torch.ones(16).cuda(), torch.zeros(16).cuda()
    expected = F.instance_norm(x.double()).float()
    torch.testing.assert_close(one_normalized(x, scale, shift).float(), expected, rtol=0.01, atol=0.01)


@needs_cuda
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("layout", LAYOUTS)
@torch.no_grad()
def test_a_whole_network_on_a_card(name: str, layout: torch.memory_format) -> None:
    image, style = random_maps(1, 3, 40, 64).sigmoid(), initial_styles(1, NetShape(8, 8, 12, 2))
    network = copy.deepcopy(NETWORKS[name])
    settle(network)
    painted = network.cuda().to(memory_format=layout)(image.cuda().contiguous(memory_format=layout), style.cuda())
    torch.testing.assert_close(painted.cpu(), NETWORKS[name](image, style), rtol=0.01, atol=0.01)
