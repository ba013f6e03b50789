"""A layer of the loss network as one step: what torch's own steps give, gradients too."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from trainer.frozen_layer import can_fuse, frozen_layer
from trainer.loss_network import LossNetwork, load_loss_network

LAYERS = ("relu1_1", "relu1_2", "relu2_1", "relu3_1", "relu4_1")
needs_card = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA card")


@pytest.mark.parametrize("pools", [False, True])
@pytest.mark.parametrize("size", [(2, 3, 16, 12), (2, 8, 9, 7), (1, 8, 2, 2)])
def test_a_layer_is_torchs_steps(size: tuple[int, ...], pools: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    x, weight, bias = (
        torch.randn(shape, dtype=torch.float64, generator=generator) for shape in (size, (8, size[1], 3, 3), (8,))
    )
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    y = frozen_layer(one, weight, bias, pools=pools)
    expected = F.relu(F.conv2d(F.pad(other, (1,) * 4, mode="replicate"), weight, bias))
    expected = F.max_pool2d(expected, 2) if pools else expected
    torch.testing.assert_close(y, expected)
    gradient = torch.randn(expected.shape, dtype=torch.float64, generator=generator)
    torch.autograd.backward([y, expected], [gradient, gradient])
    torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize("size", [(2, 3, 32, 48), (1, 3, 21, 9)])
def test_the_loss_network_sees_the_same_on_a_card(
    vgg_dir: Path, size: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = load_loss_network(vgg_dir, LAYERS).to(memory_format=torch.channels_last)
    pictures = [torch.rand(size, generator=torch.Generator().manual_seed(2)).requires_grad_() for _ in range(2)]
    expected = network(pictures[0])
    monkeypatch.setattr(LossNetwork, "_on_cpu", LossNetwork._on_card)
    features = network(pictures[1])
    assert features.keys() == expected.keys()
    for name, feature in features.items():
        torch.testing.assert_close(feature, expected[name], rtol=1e-4, atol=1e-4)
    for seen in (features, expected):
        torch.autograd.backward([feature.square().sum() for feature in seen.values()])
    torch.testing.assert_close(pictures[1].grad, pictures[0].grad, rtol=1e-3, atol=1e-2)


def test_weights_are_kept_in_each_precision(vgg_dir: Path) -> None:
    network = load_loss_network(vgg_dir, LAYERS)
    cpu = torch.device("cpu")
    half = network._weights(cpu, torch.bfloat16)
    assert network._weights(cpu, torch.bfloat16) is half
    assert {tensor.dtype for pair in half for tensor in pair} == {torch.bfloat16}
    assert {tensor.dtype for pair in network._weights(cpu, torch.float32) for tensor in pair} == {torch.float32}


@needs_card
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_card_can_be_asked_whether_it_fuses(dtype: torch.dtype) -> None:
    assert can_fuse(torch.device("cuda", 0), dtype) in (True, False)


@needs_card
def test_a_card_gives_what_the_processor_gives(vgg_dir: Path) -> None:
    network = load_loss_network(vgg_dir, LAYERS).to(memory_format=torch.channels_last)
    picture = torch.rand(2, 3, 64, 48, generator=torch.Generator().manual_seed(2))
    on_cpu, on_card = picture.clone().requires_grad_(), picture.cuda().requires_grad_()
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        expected, features = network(on_cpu), copy.deepcopy(network).cuda()(on_card)
        for seen in (expected, features):
            torch.autograd.backward([feature.mean() for feature in seen.values()])
    for name, feature in features.items():
        torch.testing.assert_close(feature.cpu(), expected[name], rtol=1e-3, atol=1e-3)
    assert on_card.grad is not None
    torch.testing.assert_close(on_card.grad.cpu(), on_cpu.grad, rtol=1e-2, atol=1e-5)
