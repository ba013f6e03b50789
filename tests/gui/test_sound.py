"""Sound without a sound card: chunks are decoded ahead, nothing blocks, nothing is left running."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PyQt6.QtMultimedia import QMediaDevices
from pytestqt.qtbot import QtBot

from fnst_live.errors import InputError
from fnst_live.gui.sound import QUEUED_CHUNKS, ChunkReader, ClipSpeaker, SoundChunk


@dataclass(frozen=True)
class Chunk:
    samples: bytes


def endless(started: threading.Event) -> Iterator[SoundChunk]:
    number = 0
    while True:
        started.set()
        yield Chunk(bytes([number % 256]))
        number += 1


def unreadable() -> Iterator[SoundChunk]:
    raise InputError("no sound")
    yield Chunk(b"")


def test_chunks_come_in_order(qtbot: QtBot) -> None:
    reader = ChunkReader(iter([Chunk(b"a"), Chunk(b"b")]))
    taken: list[bytes] = []

    def take() -> bool:
        chunk = reader.take()
        taken.extend([chunk] if chunk else [])
        return len(taken) == 2

    qtbot.waitUntil(take)
    reader.close()
    assert taken == [b"a", b"b"]


def test_a_reader_with_a_full_queue_can_be_closed() -> None:
    started = threading.Event()
    reader = ChunkReader(endless(started))
    assert started.wait(10)
    reader.close()
    assert sum(bool(reader.take()) for _ in range(2 * QUEUED_CHUNKS)) <= QUEUED_CHUNKS


def test_a_clip_whose_sound_cannot_be_read_is_silent() -> None:
    reader = ChunkReader(unreadable())
    reader.close()
    assert not reader.take()


def test_without_a_speaker_a_clip_plays_on_silently(qtbot: QtBot) -> None:
    if not QMediaDevices.defaultAudioOutput().isNull():
        pytest.skip("this machine has a speaker")
    asked: list[float] = []

    def open_sound(start_s: float) -> Iterator[SoundChunk]:
        asked.append(start_s)
        return iter(())

    speaker = ClipSpeaker(open_sound)
    speaker.follow(1.0)
    speaker.follow(2.0)
    speaker.stop()
    assert not asked
