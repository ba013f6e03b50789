"""Made-up pictures: the same for the same step, lively, and never flat."""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.batches import make_batch
from trainer.dead_leaves import DeadLeaves


def content_of(contents: DeadLeaves, step: int) -> Tensor:
    return make_batch(contents, step, 1, with_motion=False).content


def test_pictures_follow_from_seed_and_place() -> None:
    first, second = DeadLeaves(2, 32, seed=1), DeadLeaves(2, 32, seed=1)
    later = content_of(first, 3)
    assert later.shape == (2, 3, 32, 32)
    assert torch.equal(content_of(second, 3), later)
    assert not torch.equal(content_of(first, 4), later)
    assert not torch.equal(content_of(DeadLeaves(2, 32, seed=2), 3), later)


def test_pictures_are_in_range_with_edges_and_areas() -> None:
    pictures = content_of(DeadLeaves(8, 64, seed=0), 0)
    assert 0 <= pictures.min() <= pictures.max() <= 1
    assert (pictures.std((1, 2, 3)) > 0.02).all()
    difference = pictures.diff(dim=3).abs().mean()
    assert difference < 0.5 * pictures.diff(dim=0).abs().mean()  # neighbors are alike, pictures are not
