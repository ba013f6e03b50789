"""What learns on a card gives what torch's own steps give, gradients too; here on the processor, where both run."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from fnst_live.stylenet import layers, transformer_net
from fnst_live.stylenet.channels_last import framed, instance_normalized, learns_on_card
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles

SHAPE = NetShape(8, 16, 8, 2)
SIZES = [(2, 8, 6, 9), (3, 3, 4, 4), (2, 16, 3, 2), (1, 5, 17, 5), (2, 4, 2, 2)]


def assert_same_with_gradients(one: Tensor, other: Tensor, inputs: list[Tensor], others: list[Tensor]) -> None:
    torch.testing.assert_close(one, other)
    gradient = torch.randn(other.shape, dtype=other.dtype, generator=torch.Generator().manual_seed(5))
    torch.autograd.backward([one, other], [gradient, gradient])
    for a, b in zip(inputs, others, strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def twice(*tensors: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    one, other = ([tensor.clone().requires_grad_() for tensor in tensors] for _ in range(2))
    return one, other


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    ("mode", "size"),
    [(mode, size) for mode in ("replicate", "reflect") for size in SIZES]
    + [("replicate", (2, 6, 1, 1)), ("replicate", (2, 8, 1, 7))],
)
def test_a_frame_is_torchs_padding(
    mode: str, size: tuple[int, ...], memory_format: torch.memory_format, dtype: torch.dtype
) -> None:
    x = torch.randn(size, dtype=dtype, generator=torch.Generator().manual_seed(1))
    (one,), (other,) = twice(x.contiguous(memory_format=memory_format))
    y = framed(one, mode)
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert_same_with_gradients(y, F.pad(other, (1,) * 4, mode=mode), [one], [other])


def test_half_precision_is_moved_as_it_is() -> None:
    x = torch.randn(2, 8, 6, 5).bfloat16()
    assert torch.equal(framed(x, "reflect"), F.pad(x, (1,) * 4, mode="reflect"))
    assert torch.equal(framed(x[1:, :, 1:, :3], "replicate"), F.pad(x[1:, :, 1:, :3], (1,) * 4, mode="replicate"))


def test_a_frame_is_in_the_precision_of_the_convolution_after_it() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert framed(torch.rand(1, 4, 8, 8), "reflect").dtype == torch.bfloat16


@pytest.mark.parametrize("mean", [0.0, 50.0])
def test_instance_normalization_is_torchs(mean: float) -> None:
    generator = torch.Generator().manual_seed(2)
    x = mean + 3 * torch.randn(3, 8, 9, 7, dtype=torch.float64, generator=generator)
    scale, shift = torch.randn(2, 3, 8, 1, 1, dtype=torch.float64, generator=generator)
    one, other = twice(x, scale, shift)
    expected = torch.addcmul(other[2], F.instance_norm(other[0]), other[1])
    assert_same_with_gradients(instance_normalized(one[0], one[1], one[2]), expected, one, other)


def test_one_scale_for_all_pictures() -> None:
    x, scale, shift = torch.randn(3, 4, 5, 5), torch.rand(1, 4, 1, 1), torch.rand(1, 4, 1, 1)
    one, other = twice(x, scale, shift)
    expected = torch.addcmul(other[2], F.instance_norm(other[0]), other[1])
    assert_same_with_gradients(instance_normalized(one[0], one[1], one[2]), expected, one, other)


def test_statistics_of_half_precision_are_exact() -> None:
    """A mean of 50 leaves bfloat16 no room for what is beside it."""
    x = (50 + torch.randn(1, 4, 32, 32, generator=torch.Generator().manual_seed(3))).bfloat16()
    y = instance_normalized(x, torch.ones(1, 4, 1, 1), torch.zeros(1, 4, 1, 1))
    torch.testing.assert_close(y, F.instance_norm(x.float()), atol=1e-4, rtol=1e-4)


def test_the_whole_network_learns_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(4)
    network = TransformerNet(SHAPE)
    image, style = torch.rand(2, 3, 32, 48), initial_styles(2, SHAPE)

    def gradients() -> list[Tensor]:
        leaf = style.clone().requires_grad_()
        loss = network(image, leaf).square().sum()
        return list(torch.autograd.grad(loss, [*network.parameters(), leaf]))

    expected = gradients()
    for module in (layers, transformer_net):
        monkeypatch.setattr(module, "learns_on_card", lambda _: True)
    for one, other in zip(gradients(), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3 * float(other.abs().max()))


def test_a_processor_keeps_its_own_way() -> None:
    assert not learns_on_card(torch.rand(1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA card")
def test_on_a_card_only_what_learns_goes_this_way() -> None:
    on_card = torch.rand(1, device="cuda")
    assert learns_on_card(on_card)
    with torch.no_grad():
        assert not learns_on_card(on_card)
