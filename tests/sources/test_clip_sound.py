"""The sound of a clip, on the clip's own clock."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fnst_live.errors import InputError
from fnst_live.sources.clip_sound import BYTES_A_SAMPLE, SAMPLE_RATE, ClipSound, SoundChunk

WriteClip = Callable[..., Path]


def length_s(chunks: list[SoundChunk]) -> float:
    return sum(len(chunk.samples) for chunk in chunks) / BYTES_A_SAMPLE / SAMPLE_RATE


def test_all_of_it_comes_in_order(write_clip: WriteClip) -> None:
    sound = ClipSound(write_clip(with_sound=True))
    assert sound.has_sound
    chunks = list(sound)
    assert chunks[0].time_s == pytest.approx(0, abs=0.03)
    assert length_s(chunks) == pytest.approx(1, abs=0.05)
    for before, after in itertools.pairwise(chunks):
        assert after.time_s == pytest.approx(before.time_s + length_s([before]), abs=1e-3)


def test_it_begins_where_it_is_wanted_to_the_sample(write_clip: WriteClip) -> None:
    chunks = list(ClipSound(write_clip(with_sound=True), 0.5123))
    assert chunks[0].time_s == pytest.approx(0.5123, abs=1e-4)
    assert length_s(chunks) == pytest.approx(1 - 0.5123, abs=0.05)


def test_it_sounds(write_clip: WriteClip) -> None:
    chunks = list(ClipSound(write_clip(with_sound=True), 0.2))
    levels = np.frombuffer(b"".join(chunk.samples for chunk in chunks), np.int16).reshape(-1, 2)
    assert 7000 < np.abs(levels[:4000].astype(int)).max() < 9500
    assert np.abs(levels[:, 0].astype(int) - levels[:, 1]).max() < 500  # AAC codes the channels apart


def test_a_silent_clip_has_no_chunks(write_clip: WriteClip) -> None:
    sound = ClipSound(write_clip())
    assert not sound.has_sound
    assert list(sound) == []


def test_closing_ends_it(write_clip: WriteClip) -> None:
    sound = ClipSound(write_clip(with_sound=True))
    chunks = iter(sound)
    next(chunks)
    sound.close()
    assert next(chunks, None) is None


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        ClipSound(tmp_path / "gone.mp4")
