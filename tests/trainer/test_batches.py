"""Batches: the same for the same step, cut without loss, and moved as the mask says."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch

from trainer.batches import Batch, BatchesAhead, joined, make_batch, move
from trainer.data import PhotoCrops, find_photos
from trainer.errors import DataError
from trainer.losses import warp


@pytest.fixture
def batches(photos: Path) -> PhotoCrops:
    return PhotoCrops(find_photos(photos), 5, 32, seed=3)


def assert_same(one: Batch, other: Batch) -> None:
    assert torch.equal(one.content, other.content)
    assert torch.equal(one.rows, other.rows)
    assert one.motion is not None
    assert other.motion is not None
    for name in ("content", "grid", "mask"):
        assert torch.equal(getattr(one.motion, name), getattr(other.motion, name))


def test_a_batch_follows_from_seed_and_step(batches: PhotoCrops) -> None:
    first = make_batch(batches, 4, 3, with_motion=True)
    torch.rand(7)  # what else is drawn is of no matter
    make_batch(batches, 5, 3, with_motion=True)
    assert_same(make_batch(batches, 4, 3, with_motion=True), first)
    assert len(first) == 5
    assert set(first.rows.tolist()) <= {0, 1, 2}


def test_shares_are_the_batch(batches: PhotoCrops) -> None:
    """Whoever makes a picture, it is the same."""
    batch = make_batch(batches, 4, 3, with_motion=True)
    shares = [make_batch(batches, 4, 3, with_motion=True, share=share) for share in (range(2), range(2, 5))]
    assert [share.share for share in shares] == [2 / 5, 3 / 5]
    motion = joined([share.motion for share in shares if share.motion is not None])
    content, rows = (torch.cat([getattr(share, name) for share in shares]) for name in ("content", "rows"))
    assert_same(Batch(content, rows, motion, whole=5), batch)


def test_without_motion(batches: PhotoCrops) -> None:
    assert make_batch(batches, 0, 1, with_motion=False).motion is None


@pytest.mark.parametrize(("count", "sizes"), [(1, [5]), (2, [3, 2]), (4, [2, 2, 1]), (5, [1] * 5), (9, [1] * 5)])
def test_pieces_are_the_batch(batches: PhotoCrops, count: int, sizes: list[int]) -> None:
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


def test_a_card_sees_the_motion_that_a_processor_sees(batches: PhotoCrops) -> None:
    """All but the noise, which it draws itself: the same for the same picture."""
    cpu = torch.device("cpu")
    drawn = make_batch(batches, 4, 3, with_motion=True, on_card=True)
    assert drawn.motion is None
    made, expected = drawn.to(cpu), make_batch(batches, 4, 3, with_motion=True)
    assert made.motion is not None
    assert expected.motion is not None
    assert torch.equal(made.content, expected.content)
    assert torch.equal(made.rows, expected.rows)
    torch.testing.assert_close(made.motion.grid, expected.motion.grid)
    assert torch.equal(made.motion.mask, expected.motion.mask)
    noise = made.motion.content - warp(made.content, made.motion.grid)
    assert 0.009 < float(noise.std()) < 0.011
    assert_same(drawn.to(cpu), made)


def test_pieces_see_the_motion_of_the_whole(batches: PhotoCrops) -> None:
    drawn, cpu = make_batch(batches, 4, 3, with_motion=True, on_card=True), torch.device("cpu")
    pieces = [piece.to(cpu) for piece in drawn.pieces(2)]
    motion = joined([piece.motion for piece in pieces if piece.motion is not None])
    content, rows = (torch.cat([getattr(piece, name) for piece in pieces]) for name in ("content", "rows"))
    whole = drawn.to(cpu)
    assert motion is not None
    assert whole.motion is not None
    assert torch.equal(content, whole.content)
    assert torch.equal(rows, whole.rows)
    for name in ("content", "grid", "mask"):
        torch.testing.assert_close(getattr(motion, name), getattr(whole.motion, name))


def test_batches_ahead_are_those_of_their_steps(batches: PhotoCrops) -> None:
    """Whatever the order: a rollback goes back."""
    make = partial(make_batch, batches, style_count=2, with_motion=True)
    with BatchesAhead(make) as ahead:
        for step in (0, 1, 2, 1, 2, 3, 7):
            assert_same(ahead.take(step), make(step))


def test_trouble_with_a_batch_comes_when_it_is_taken() -> None:
    def make(step: int) -> Batch:
        if step == 1:
            raise DataError("none of the training photos can be read")
        return Batch(torch.zeros(1, 3, 8, 8), torch.tensor([0]), None, whole=1)

    with BatchesAhead(make) as ahead:
        assert len(ahead.take(0)) == 1
        with pytest.raises(DataError):
            ahead.take(1)
