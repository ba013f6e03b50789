"""Every loss against a case small enough for paper, or against its definition."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from trainer.losses import (
    BORDER,
    BORDER_WEIGHT,
    INNER_WEIGHT,
    LEAST_SPREAD,
    content_loss,
    feature_energies,
    gram_matrix,
    grid_loss,
    palette_loss,
    palette_of,
    random_motion,
    style_loss,
    temporal_loss,
    total_variation_loss,
    warp,
)


def noise(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def identity_grid(count: int, height: int, width: int) -> Tensor:
    return F.affine_grid(torch.eye(2, 3).repeat(count, 1, 1), [count, 1, height, width], align_corners=False)


def test_gram_matrix_against_its_definition() -> None:
    n, c, h, w = 2, 3, 4, 5
    features = noise(n, c, h, w)
    gram = gram_matrix(features)
    for image in range(n):
        for i in range(c):
            for j in range(c):
                a, b = features[image, i].flatten().tolist(), features[image, j].flatten().tolist()
                products = sum(x * y for x, y in zip(a, b, strict=True))
                assert float(gram[image, i, j]) == pytest.approx(products / (c * h * w))


def test_the_gradient_of_the_gram_matrix() -> None:
    assert torch.autograd.gradcheck(gram_matrix, noise(2, 3, 4, 5).requires_grad_())


def test_gram_matrix_in_half_precision_adds_up_in_float32() -> None:
    """Activations of some hundred on a picture of many pixels: their sums are beyond what bfloat16 resolves."""
    features = (200 * noise(1, 4, 160, 160).abs()).float()
    torch.testing.assert_close(gram_matrix(features.bfloat16()), gram_matrix(features), rtol=0.01, atol=0)


def test_gram_matrix_beyond_the_range_of_float16() -> None:
    """Autocast would add the products up to infinity, and a loss that is no number rolls the run back for ever."""
    features = torch.full((1, 4, 8, 8), 3000.0, dtype=torch.float16, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.float16):
        gram = gram_matrix(features)
    torch.testing.assert_close(gram, torch.full((1, 4, 4), 3000.0**2 / 4))
    (gradient,) = torch.autograd.grad(gram.sum(), features)
    assert gradient.isfinite().all()


def test_gram_matrix_forgets_where_things_are_and_how_large_the_picture_is() -> None:
    features = noise(1, 3, 4, 6)
    shuffled = features.flatten(2)[:, :, torch.randperm(24)].view(1, 3, 4, 6)
    torch.testing.assert_close(gram_matrix(shuffled), gram_matrix(features))
    torch.testing.assert_close(gram_matrix(features.repeat(1, 1, 2, 3)), gram_matrix(features))


def test_style_loss_by_hand() -> None:
    """One channel of constant 2 has the Gram 4; against a painting's 3 that is (4 - 3)^2 / 3^2."""
    features = {"relu1_1": torch.full((1, 1, 2, 2), 2.0), "relu2_1": torch.full((1, 1, 2, 2), 1.0)}
    grams = {"relu1_1": torch.tensor([[[3.0]]]), "relu2_1": torch.tensor([[[1.0]]])}
    assert float(style_loss(features, grams)) == pytest.approx((1 / 9 + 0) / 2)


def test_style_loss_is_1_for_a_picture_without_features_and_0_for_the_painting() -> None:
    painting = {"relu1_1": noise(2, 4, 6, 6)}
    grams = {name: gram_matrix(f) for name, f in painting.items()}
    assert float(style_loss({"relu1_1": torch.zeros_like(painting["relu1_1"])}, grams)) == pytest.approx(1)
    assert float(style_loss(painting, grams)) == 0


def test_every_picture_is_held_against_its_own_style() -> None:
    a, b = noise(1, 3, 5, 5, seed=2), noise(1, 3, 5, 5, seed=3)
    grams = {"relu1_1": gram_matrix(torch.cat([a, b]))}
    assert float(style_loss({"relu1_1": torch.cat([a, b])}, grams)) == 0
    assert float(style_loss({"relu1_1": torch.cat([b, a])}, grams)) > 0.1


def test_a_picture_has_its_own_palette_wherever_its_colors_lie() -> None:
    picture = noise(1, 3, 64, 64).sigmoid()
    assert float(palette_loss(picture, palette_of(picture))) < 1e-4
    moved = picture.roll((16, 32), (2, 3)).flip(2)
    assert float(palette_loss(moved, palette_of(picture))) < 1e-4


def test_a_picture_of_one_color_lacks_nearly_all_of_a_palette() -> None:
    """That of the painting's mean: of what its colors spread, along each axis, nothing is there."""
    painting = noise(1, 3, 16, 16).sigmoid().repeat_interleave(16, 2).repeat_interleave(16, 3)
    grey = painting.mean((2, 3), keepdim=True).expand_as(painting)
    assert float(palette_loss(grey, palette_of(painting))) == pytest.approx(1 / (1 + LEAST_SPREAD), abs=0.1)
    half_as_far = (painting + grey) / 2
    assert float(palette_loss(half_as_far, palette_of(painting))) == pytest.approx(0.25 / (1 + LEAST_SPREAD), abs=0.03)


def test_a_palette_does_not_depend_on_the_size_of_the_picture() -> None:
    painting = noise(1, 3, 128, 96).sigmoid()
    twice = torch.cat([painting, painting], 3)
    assert float(palette_loss(twice, palette_of(painting))) < 0.01
    assert float(palette_loss(painting[:, :, :8, :8], palette_of(painting))) > 0  # smaller than a spot


def test_the_gradient_of_the_palette_leads_to_it() -> None:
    painting = noise(1, 3, 32, 32).sigmoid()
    picture = torch.full_like(painting, 0.5) + 0.01 * noise(1, 3, 32, 32, seed=2)
    palette = palette_of(painting)
    before = float(palette_loss(picture, palette))
    picture.requires_grad_()
    optimizer = torch.optim.Adam([picture], lr=0.02)
    for _ in range(50):
        optimizer.zero_grad()
        loss = palette_loss(picture, palette)
        torch.autograd.backward(loss)
        optimizer.step()
    assert float(palette_loss(picture.detach(), palette)) < 0.05 * before


def test_a_painting_of_one_color_has_a_palette_too() -> None:
    flat = torch.full((1, 3, 32, 32), 0.25)
    assert float(palette_loss(flat, palette_of(flat))) == 0


def test_content_loss_by_hand() -> None:
    """Features 1 and 3 of a content of 2 and 4: mean square error 1, mean square 10."""
    stylized = {"relu3_1": torch.tensor([1.0, 3.0]).view(1, 2, 1, 1)}
    content = {"relu3_1": torch.tensor([2.0, 4.0]).view(1, 2, 1, 1)}
    assert float(content_loss(stylized, content)) == pytest.approx(0.1)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_content_loss_of_half_precision_is_summed_up_in_float32(dtype: torch.dtype) -> None:
    """300 squared does not fit into float16, and of a long sum in bfloat16 little would be left."""
    exact = {"relu3_1": 300 * noise(1, 8, 64, 64).float()}, {"relu3_1": 300 * noise(1, 8, 64, 64, seed=2).float()}
    stylized, content = ({name: feature.to(dtype) for name, feature in features.items()} for features in exact)
    loss = content_loss(stylized, content)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, content_loss(*exact), rtol=0.01, atol=0)


def test_parts_with_the_energy_of_the_whole_add_up_to_it() -> None:
    """A batch in pieces must have the loss of the whole."""
    brightness = torch.tensor([1.0, 2.0, 9.0]).view(3, 1, 1, 1)
    stylized, content = noise(3, 2, 4, 4, seed=2), noise(3, 2, 4, 4, seed=3) * brightness
    energies = feature_energies({"a": content})
    parts = [content_loss({"a": stylized[i : i + 1]}, {"a": content[i : i + 1]}, energies) for i in range(3)]
    torch.testing.assert_close(torch.stack(parts).mean(), content_loss({"a": stylized}, {"a": content}))


def test_content_loss_of_a_black_photo_is_a_number() -> None:
    content = {"relu3_1": torch.zeros(1, 2, 3, 3)}
    assert content_loss({"relu3_1": torch.zeros(1, 2, 3, 3)}, content).isfinite()


def test_total_variation_by_hand() -> None:
    image = torch.tensor([[0.0, 1.0], [0.0, 0.5]]).view(1, 1, 2, 2)
    down, right = (0.0 + 0.5) / 2, (1.0 + 0.5) / 2
    assert float(total_variation_loss(image)) == pytest.approx((down + right) / 2)
    assert float(total_variation_loss(torch.full((1, 3, 4, 4), 0.3))) == 0


def test_temporal_loss_by_hand() -> None:
    stylized, moved = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.5)
    mask = torch.tensor([[1.0, 0.0], [1.0, 1.0]]).view(1, 1, 2, 2)
    assert float(temporal_loss(stylized, moved, identity_grid(1, 2, 2), mask)) == pytest.approx(0.25 * 3 / 4)


def test_a_network_that_commutes_with_motion_has_no_temporal_loss() -> None:
    image = noise(2, 3, 16, 16).float()
    grid, mask = random_motion(2, 16, torch.Generator().manual_seed(4))

    def darken(picture: Tensor) -> Tensor:
        return picture * 0.5

    assert float(temporal_loss(darken(image), darken(warp(image, grid)), grid, mask)) < 1e-12


def test_warp_by_nothing_is_the_picture_itself() -> None:
    image = noise(2, 3, 7, 9).float()
    torch.testing.assert_close(warp(image, identity_grid(2, 7, 9)), image, rtol=0, atol=1e-5)


def test_warp_moves_by_whole_pixels() -> None:
    image = noise(1, 1, 4, 8).float()
    grid = identity_grid(1, 4, 8) + torch.tensor([2 * 2 / 8, 0.0])  # two pixels of eight, of a width of 2
    torch.testing.assert_close(warp(image, grid)[..., :6], image[..., 2:], rtol=0, atol=1e-5)


def test_random_motion_is_limited_and_differs_from_picture_to_picture() -> None:
    grid, mask = random_motion(16, 32, torch.Generator().manual_seed(5))
    assert grid.shape == (16, 32, 32, 2)
    assert mask.shape == (16, 1, 32, 32)
    moved = (grid - identity_grid(16, 32, 32)).abs()
    largest = 1 / 3 + 0.03 + math.radians(3) * 1.03  # shift, zoom and turn at the picture's edge
    assert moved.max() <= largest + 1e-6
    assert len({round(float(g.sum()), 6) for g in grid}) == 16


def test_the_mask_is_where_the_warp_looks_inside_the_picture() -> None:
    grid, mask = random_motion(8, 96, torch.Generator().manual_seed(6))
    seen = F.grid_sample(torch.ones(8, 1, 96, 96), grid, mode="nearest", padding_mode="zeros", align_corners=False)
    inside = (grid.abs() <= 1 - 2 / 96).all(3).unsqueeze(1)  # away from the last row of pixels
    assert set(mask.flatten().tolist()) == {0, INNER_WEIGHT, BORDER_WEIGHT}
    assert mask[inside].all()
    assert not mask[seen == 0].any()
    assert (mask > 0).float().mean() > 0.6


def test_what_is_near_the_border_of_either_picture_counts_for_more() -> None:
    grid, mask = random_motion(8, 96, torch.Generator().manual_seed(6))
    there = (48 * grid.abs().amax(3) > 48 - BORDER).unsqueeze(1)
    here = torch.ones_like(mask, dtype=torch.bool)
    here[:, :, BORDER:-BORDER, BORDER:-BORDER] = False
    known = mask > 0
    assert (mask[known & (here | there)] == BORDER_WEIGHT).all()
    assert (mask[known & ~here & ~there] == INNER_WEIGHT).all()


def test_random_motion_follows_from_its_generator() -> None:
    first, second = (random_motion(3, 16, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


@pytest.mark.parametrize("name", ["style", "content", "total variation", "temporal", "grid"])
def test_gradients_against_finite_differences(name: str) -> None:
    target = noise(2, 3, 4, 4, seed=8)
    grid, mask = (t.double() for t in random_motion(2, 4, torch.Generator().manual_seed(9)))
    losses = {
        "style": lambda x: style_loss({"a": x}, {"a": gram_matrix(target)}),
        "content": lambda x: content_loss({"a": x}, {"a": target}),
        "total variation": total_variation_loss,
        "temporal": lambda x: temporal_loss(x, target, grid, mask),
        "grid": lambda x: grid_loss(x, target, 2),
    }
    assert torch.autograd.gradcheck(losses[name], noise(2, 3, 4, 4).requires_grad_())


@pytest.mark.parametrize("factor", [2, 4])
def test_grid_loss_by_hand(factor: int) -> None:
    """One pixel of each square is 0.1 too bright: of factor² phases one is off by 0.1, less the mean of all."""
    true = noise(1, 3, 8 * factor, 8 * factor)
    enlarged = true.clone()
    enlarged[:, :, ::factor, ::factor] += 0.1
    count = factor**2
    expected = 0.1 * (1 - 1 / count) * 2 / count
    assert float(grid_loss(enlarged, true, factor)) == pytest.approx(expected, rel=1e-4)


def test_what_errs_everywhere_alike_or_by_chance_is_no_grid() -> None:
    true, chance = noise(1, 3, 64, 64), noise(1, 3, 64, 64, seed=2)
    assert float(grid_loss(true + 0.1, true, 4)) == pytest.approx(0, abs=1e-6)
    assert float(grid_loss(true + chance, true, 4)) < 0.35 * float(chance.abs().mean())


def test_grid_loss_of_less_than_a_cell() -> None:
    true = noise(2, 3, 8, 12)
    assert float(grid_loss(true, true, 4)) == 0
