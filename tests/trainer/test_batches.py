"""Batches: the same for the same step, cut without loss, and moved as the mask says."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch

from trainer.batches import Batch, BatchesAhead, make_batch, move
from trainer.data import PhotoBatches, find_photos
from trainer.errors import DataError
from trainer.losses import warp


@pytest.fixture
def batches(photos: Path) -> PhotoBatches:
    return PhotoBatches(find_photos(photos), 5, 32, seed=3)


def assert_same(one: Batch, other: Batch) -> None:
    assert torch.equal(one.content, other.content)
    assert torch.equal(one.rows, other.rows)
    assert one.motion is not None
    assert other.motion is not None
    for name in ("content", "grid", "mask"):
        assert torch.equal(getattr(one.motion, name), getattr(other.motion, name))


def test_a_batch_follows_from_seed_and_step(batches: PhotoBatches) -> None:
    first = make_batch(batches, 4, 3, with_motion=True)
    torch.rand(7)  # what else is drawn is of no matter
    make_batch(batches, 5, 3, with_motion=True)
    assert_same(make_batch(batches, 4, 3, with_motion=True), first)
    assert len(first) == 5
    assert set(first.rows.tolist()) <= {0, 1, 2}


def test_without_motion(batches: PhotoBatches) -> None:
    assert make_batch(batches, 0, 1, with_motion=False).motion is None


@pytest.mark.parametrize(("count", "sizes"), [(1, [5]), (2, [3, 2]), (4, [2, 2, 1]), (5, [1] * 5), (9, [1] * 5)])
def test_pieces_are_the_batch(batches: PhotoBatches, count: int, sizes: list[int]) -> None:
    batch = make_batch(batches, 0, 3, with_motion=True)
    pieces = batch.pieces(count)
    assert [len(piece) for piece in pieces] == sizes
    motions = [piece.motion for piece in pieces if piece.motion is not None]
    assert torch.equal(torch.cat([piece.content for piece in pieces]), batch.content)
    assert torch.equal(torch.cat([piece.rows for piece in pieces]), batch.rows)
    assert batch.motion is not None
    assert torch.equal(torch.cat([motion.mask for motion in motions]), batch.motion.mask)


def test_the_moved_picture_is_the_picture_moved() -> None:
    content = torch.rand(2, 3, 32, 32)
    motion = move(content, torch.Generator().manual_seed(1))
    difference = motion.content - warp(content, motion.grid)
    assert 0.009 < float(difference.std()) < 0.011  # the sensor's noise, and nothing else


def test_batches_ahead_are_those_of_their_steps(batches: PhotoBatches) -> None:
    """Whatever the order: a rollback goes back."""
    make = partial(make_batch, batches, style_count=2, with_motion=True)
    with BatchesAhead(make) as ahead:
        for step in (0, 1, 2, 1, 2, 3, 7):
            assert_same(ahead.take(step), make(step))


def test_trouble_with_a_batch_comes_when_it_is_taken() -> None:
    def make(step: int) -> Batch:
        if step == 1:
            raise DataError("none of the training photos can be read")
        return Batch(torch.zeros(1, 3, 8, 8), torch.tensor([0]), None)

    with BatchesAhead(make) as ahead:
        assert len(ahead.take(0)) == 1
        with pytest.raises(DataError):
            ahead.take(1)
