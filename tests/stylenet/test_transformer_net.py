"""The network: any style, alone or in company, in any precision."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import (
    Affine,
    TransformerNet,
    UpsampleConv,
    conditional_affine,
    conditional_instance_norm,
    initial_styles,
    split_style_vector,
)

SHAPE = NetShape(half=8, quarter=8, eighth=12, residual_blocks=2)


@pytest.fixture
def network() -> TransformerNet:
    torch.manual_seed(1)
    return TransformerNet(SHAPE).eval()


def random_styles(count: int, seed: int = 2) -> Tensor:
    noise = torch.randn(count, SHAPE.style_length, generator=torch.Generator().manual_seed(seed))
    return initial_styles(count, SHAPE) + 0.3 * noise


def random_images(count: int, height: int = 32, width: int = 40) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 64), (40, 24), (48, 56)])
def test_the_picture_keeps_its_size(network: TransformerNet, height: int, width: int) -> None:
    assert height % network.multiple_of == width % network.multiple_of == 0
    stylized = network(random_images(2, height, width), random_styles(2))
    assert stylized.shape == (2, 3, height, width)
    assert stylized.isfinite().all()


def test_a_style_vector_has_a_scale_and_a_shift_for_every_affine_channel(network: TransformerNet) -> None:
    affines = split_style_vector(random_styles(3), SHAPE.affine_channels)
    assert [affine.scale.shape for affine in affines] == [(3, c, 1, 1) for c in SHAPE.affine_channels]
    assert SHAPE.style_length == sum(affine.scale.shape[1] + affine.shift.shape[1] for affine in affines)
    with pytest.raises(RuntimeError):
        network(random_images(1), random_styles(1)[:, :-1])


def test_the_style_vector_is_scale_then_shift_layer_by_layer() -> None:
    vector = torch.arange(10.0).unsqueeze(0)
    first, second = split_style_vector(vector, [2, 3])
    assert first.scale.flatten().tolist() == [0, 1]
    assert first.shift.flatten().tolist() == [2, 3]
    assert second.scale.flatten().tolist() == [4, 5, 6]
    assert second.shift.flatten().tolist() == [7, 8, 9]


def test_initial_styles_change_nothing() -> None:
    for affine in split_style_vector(initial_styles(2, SHAPE), SHAPE.affine_channels):
        x = torch.randn(2, affine.scale.shape[1], 4, 4)
        assert torch.equal(conditional_affine(x, affine), x)


def test_training_starts_from_grey(network: TransformerNet) -> None:
    stylized = network(random_images(1), initial_styles(1, SHAPE))
    assert (stylized - 0.5).abs().mean() < 0.1


def test_a_style_does_not_depend_on_its_neighbors_in_the_batch(network: TransformerNet) -> None:
    images, styles = random_images(3), random_styles(3)
    together = network(images, styles)
    for i in range(3):
        alone = network(images[i : i + 1], styles[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=0, atol=1e-5)


def test_styles_differ(network: TransformerNet) -> None:
    image = random_images(1)
    first, second = (network(image, row.unsqueeze(0)) for row in random_styles(2))
    assert (first - second).abs().mean() > 1e-3


def test_a_layer_is_linear_in_the_style() -> None:
    """Dumoulin et al. 2017, section 3.2: styles are mixed by mixing their vectors."""
    channels, x = [5], torch.randn(1, 5, 6, 6)
    a, b = torch.randn(1, 10), torch.randn(1, 10)
    for layer in (conditional_affine, conditional_instance_norm):
        mixed, = split_style_vector(0.25 * a + 0.75 * b, channels)
        (of_a,), (of_b,) = split_style_vector(a, channels), split_style_vector(b, channels)
        expected = 0.25 * layer(x, of_a) + 0.75 * layer(x, of_b)
        torch.testing.assert_close(layer(x, mixed), expected, rtol=1e-5, atol=1e-5)


def test_mixing_runs_from_one_style_to_the_other_without_a_jump(network: TransformerNet) -> None:
    image, (a, b) = random_images(1), random_styles(2)
    pictures = [network(image, torch.lerp(a, b, amount).unsqueeze(0)) for amount in torch.linspace(0, 1, 9)]
    assert torch.equal(pictures[0], network(image, a.unsqueeze(0)))
    torch.testing.assert_close(pictures[-1], network(image, b.unsqueeze(0)), rtol=0, atol=1e-5)
    steps = [(after - before).abs().mean() for before, after in itertools.pairwise(pictures)]
    assert max(steps) < (pictures[-1] - pictures[0]).abs().mean()


def test_instance_normalization_against_its_definition() -> None:
    x = torch.randn(2, 3, 5, 7, dtype=torch.float64).float() * 3 + 4
    affine = Affine(torch.full((2, 3, 1, 1), 2.0), torch.full((2, 3, 1, 1), -1.0))
    normalized = conditional_instance_norm(x, affine)
    for n in range(2):
        for c in range(3):
            plane = x[n, c].double()
            expected = (plane - plane.mean()) / (plane.var(unbiased=False) + 1e-5).sqrt() * 2 - 1
            torch.testing.assert_close(normalized[n, c].double(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_upsampling_and_convolution_in_one_against_the_two_in_turn(kernel_size: int) -> None:
    layer, x = UpsampleConv(4, 3, kernel_size, bias=True), torch.randn(2, 4, 5, 7)
    larger = F.interpolate(x, scale_factor=2.0, mode="nearest")
    padded = F.pad(larger, (kernel_size // 2,) * 4, mode="replicate")
    torch.testing.assert_close(layer(x), layer.conv(padded), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_statistics_are_taken_in_float32(dtype: torch.dtype) -> None:
    """300 squared does not fit into half precision, and a sum over 256x256 of them still less."""
    x = (300 + 40 * torch.randn(1, 2, 256, 256, generator=torch.Generator().manual_seed(5))).to(dtype)
    affine = Affine(torch.ones(1, 2, 1, 1, dtype=dtype), torch.zeros(1, 2, 1, 1, dtype=dtype))
    normalized = conditional_instance_norm(x, affine)
    assert normalized.dtype == dtype
    exact = conditional_instance_norm(x.float(), Affine(affine.scale.float(), affine.shift.float()))
    torch.testing.assert_close(normalized.float(), exact, rtol=0.01, atol=0.01)


def test_in_bfloat16_too_each_picture_is_normalized_by_itself_and_has_its_own_style() -> None:
    generator = torch.Generator().manual_seed(6)
    x = torch.randn(2, 3, 16, 24, generator=generator) * torch.tensor([1.0, 30.0]).view(2, 1, 1, 1) + 20
    x = x.to(torch.bfloat16, memory_format=torch.channels_last).requires_grad_()
    affine = Affine(*torch.randn(2, 2, 3, 1, 1, generator=generator).requires_grad_())
    expected = torch.cat([
        conditional_instance_norm(x[n : n + 1].float(), Affine(affine.scale[n : n + 1], affine.shift[n : n + 1]))
        for n in range(2)
    ])
    normalized = conditional_instance_norm(x, affine)
    torch.testing.assert_close(normalized.float(), expected, rtol=0.02, atol=0.02)
    assert normalized.is_contiguous(memory_format=torch.channels_last)
    toward = torch.randn(expected.shape, generator=generator)
    rough, exact = (
        torch.autograd.grad((y.float() * toward).sum(), [x, *affine], retain_graph=True) for y in (normalized, expected)
    )
    for ours, theirs in zip(rough, exact, strict=True):
        assert (ours.float() - theirs.float()).norm() < 0.02 * theirs.float().norm()


def test_bfloat16_gives_nearly_the_same_picture(network: TransformerNet) -> None:
    image, style = random_images(1), random_styles(1)
    exact = network(image, style)
    rough = network.to(torch.bfloat16)(image.bfloat16(), style.bfloat16())
    assert rough.isfinite().all()
    assert (rough.float() - exact).abs().mean() < 0.05
