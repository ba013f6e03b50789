"""Processes make the batches a thread would make, tell what is wrong in its own words, and end with the run."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from fnst_live.stylenet.model_file import load_model
from trainer import batch_workers, training
from trainer.batch_workers import batches_ahead, process_count
from trainer.batches import make_batch
from trainer.config import TrainConfig
from trainer.data import PhotoCrops, find_photos
from trainer.errors import DataError, ProcessesError
from trainer.photo_shelf import shelved

CARD = torch.device("cuda", 0)


def test_a_thread_does_where_the_processor_learns() -> None:
    assert process_count(torch.device("cpu")) == 0


@pytest.mark.parametrize(
    ("cores", "sharing", "count"), [(2, "1", 0), (4, "1", 0), (5, "1", 3), (16, "1", 14), (16, "4", 0), (256, "1", 24)]
)
def test_processes_by_the_cores_there_are(
    cores: int, sharing: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_workers, "usable_cores", lambda: cores)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", sharing)
    assert process_count(CARD) == count


def test_batches_are_those_of_their_steps_and_nobody_stays(photos: Path) -> None:
    """Whatever the order: a rollback goes back."""
    files = find_photos(photos)
    contents = PhotoCrops(files, 3, 32, seed=3, load=shelved(files, 1))
    make = partial(make_batch, contents, style_count=2, with_motion=True, on_card=True)
    with batches_ahead(make, 2, pinned=False) as ahead:
        for step in (0, 1, 2, 1, 2, 9):
            batch, expected = ahead.take(step), make(step)
            assert torch.equal(batch.content, expected.content)
            assert torch.equal(batch.rows, expected.rows)
            assert batch.camera is not None
            assert expected.camera is not None
            assert torch.equal(batch.camera.turns, expected.camera.turns)
            assert torch.equal(batch.camera.seeds, expected.camera.seeds)
        assert multiprocessing.active_children()
    assert not multiprocessing.active_children()


def test_trouble_comes_in_its_own_words(photos: Path) -> None:
    for file in find_photos(photos):
        file.write_bytes(b"no photo")
    contents = PhotoCrops(find_photos(photos), 2, 32, seed=1)
    make = partial(make_batch, contents, style_count=1, with_motion=False)
    with batches_ahead(make, 1, pinned=False) as ahead, pytest.raises(DataError) as told:
        ahead.take(0)
    assert str(told.value) == "none of the training photos can be read"
    assert not multiprocessing.active_children()


def test_a_process_that_is_killed_is_told_of() -> None:
    make: Any = os._exit
    with (
        batches_ahead(make, 1, pinned=False) as ahead,
        pytest.raises(ProcessesError, match="a process that made batches has ended, mostly for want of memory"),
    ):
        ahead.take(0)
    assert not multiprocessing.active_children()


def test_a_run_with_processes_is_the_run_of_a_thread(
    make_config: Callable[..., TrainConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = []
    for count in (0, 2):
        monkeypatch.setattr(training, "process_count", lambda _, count=count: count)
        models.append(load_model(training.train(make_config(steps=2, save_model_dir=tmp_path / str(count)))))
    for one, other in zip(*(model.network.state_dict().values() for model in models), strict=True):
        assert torch.equal(one, other)
    assert torch.equal(models[0].styles, models[1].styles)
    assert not multiprocessing.active_children()
