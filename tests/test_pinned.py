"""Pictures to the device and back, on the CPU: where memory counts as pinned is said by the tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fnst_live import pinned
from fnst_live.frames.frame import Pixels
from fnst_live.pinned import Departure, beside, fetched


def random_pixels(seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)


def place() -> Tensor:
    return torch.zeros((6, 8, 3), dtype=torch.uint8)


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """Memory that pictures were to go by way of."""
    made: list[Tensor] = []

    def noted(levels: Tensor) -> Tensor:
        made.append(beside(levels))
        return made[-1]

    monkeypatch.setattr(pinned, "beside", noted)
    return made


def test_pictures_go_by_way_of_one_and_the_same_memory(staged: list[Tensor]) -> None:
    levels = place()
    departure = Departure(levels)
    for seed in range(3):
        departure.send(random_pixels(seed))
        assert np.array_equal(levels.numpy(), random_pixels(seed))
    assert len(staged) == 1


def test_pinned_ones_go_straight(staged: list[Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tensor, "is_pinned", lambda _: True)
    levels = place()
    Departure(levels).send(random_pixels())
    assert np.array_equal(levels.numpy(), random_pixels())
    assert staged == []


def test_read_only_turned_and_mirrored_pictures() -> None:
    levels = place()
    departure = Departure(levels)
    picture = random_pixels()
    for pixels in (picture, picture[::-1], picture[:, ::-1], picture[..., ::-1]):
        pixels.flags.writeable = False
        departure.send(pixels)
        assert np.array_equal(levels.numpy(), pixels)


def test_what_was_fetched_stays_as_it_is() -> None:
    levels = torch.from_numpy(random_pixels(0))
    first = fetched(levels)
    levels.copy_(torch.from_numpy(random_pixels(1)))
    second = fetched(levels)
    assert np.array_equal(first, random_pixels(0))
    assert np.array_equal(second, random_pixels(1))
    assert first.flags.c_contiguous


def test_where_no_memory_can_be_pinned_any_other_does_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plain = torch.empty

    def none_pinned(*shape: Any, pin_memory: bool = False, **options: Any) -> Any:
        if pin_memory:
            raise RuntimeError("CUDA error: out of memory\nmore")
        return plain(*shape, **options)

    caplog.set_level("INFO")
    pinned._tell.cache_clear()
    monkeypatch.setattr(torch, "empty", none_pinned)
    monkeypatch.setattr(Tensor, "is_cuda", True)
    assert [beside(place()).shape for _ in range(2)] == [(6, 8, 3)] * 2
    assert caplog.messages == [
        "copying by way of ordinary memory, since none could be pinned: CUDA error: out of memory"
    ]
