"""Sound without a sound card: chunks are decoded ahead, nothing blocks, nothing is left running."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PyQt6.QtMultimedia import QMediaDevices
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fnst_live.errors import InputError
from fnst_live.gui.chunk_reader import QUEUED_CHUNKS, ChunkReader, SoundChunk
from fnst_live.gui.sound import BYTES_A_SECOND, RETRY_S, ClipSpeaker, default_speaker


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


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class FakeDevice:
    """Takes up to `space` bytes; what was heard is what a test says."""

    def __init__(self) -> None:
        self.written = b""
        self.space = 10 * BYTES_A_SECOND
        self.was_heard_s = 0.0
        self.is_stopped = False

    def room(self) -> int:
        return self.space - len(self.written)

    def write(self, samples: bytes) -> int:
        self.written += samples
        return len(samples)

    def heard_s(self) -> float:
        return self.was_heard_s

    def stop(self) -> None:
        self.is_stopped = True


class Booth:
    """A speaker whose clip has a sample for each tenth of a second, told apart by its value."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.devices: list[FakeDevice] = []
        self.opened_at: list[float] = []
        self.has_device = True
        self.speaker = ClipSpeaker(self._open_sound, open_device=self._open_device, now=self.clock)

    def _open_sound(self, start_s: float) -> Iterator[SoundChunk]:
        self.opened_at.append(start_s)
        tenth = BYTES_A_SECOND // 10
        return iter([Chunk(bytes([number]) * tenth) for number in range(round(start_s * 10), 100)])

    def _open_device(self) -> FakeDevice | None:
        if not self.has_device:
            return None
        self.devices.append(FakeDevice())
        return self.devices[-1]

    def feed_until_heard(self, qtbot: QtBot) -> None:
        def is_heard() -> bool:
            self.speaker.feed()
            return bool(self.devices[-1].written)

        qtbot.waitUntil(is_heard)


@pytest.fixture
def booth(qtbot: QtBot) -> Iterator[Booth]:
    booth = Booth()
    yield booth
    booth.speaker.stop()


def test_sound_begins_where_the_picture_is(booth: Booth, qtbot: QtBot) -> None:
    booth.speaker.follow(2.0)
    booth.feed_until_heard(qtbot)
    assert booth.opened_at == [2.0]
    assert booth.devices[0].written[0] == 20


def test_what_the_opening_took_is_left_out(booth: Booth, qtbot: QtBot) -> None:
    booth.speaker.follow(2.0)
    booth.clock.now_s += 0.5
    booth.feed_until_heard(qtbot)
    assert booth.devices[0].written[0] == 25
    assert abs(booth.speaker.drift_s()) < 0.001
    assert booth.opened_at == [2.0]


def test_a_small_drift_is_left_and_a_large_one_begins_anew(booth: Booth, qtbot: QtBot) -> None:
    booth.speaker.follow(2.0)
    booth.feed_until_heard(qtbot)
    booth.clock.now_s += 3
    booth.devices[0].was_heard_s = 3.1
    booth.speaker.follow(5.0)
    assert booth.opened_at == [2.0]
    booth.speaker.follow(6.0)
    assert booth.opened_at == [2.0, 6.0]
    assert booth.devices[0].is_stopped


def test_what_has_just_begun_is_not_judged(booth: Booth, qtbot: QtBot) -> None:
    booth.speaker.follow(2.0)
    for _ in range(5):
        booth.clock.now_s += 0.1
        booth.speaker.follow(9.0)
    assert booth.opened_at == [2.0]


def test_a_full_device_is_not_overrun(booth: Booth, qtbot: QtBot) -> None:
    booth.speaker.follow(0.0)
    booth.devices[0].space = 1000
    booth.feed_until_heard(qtbot)
    booth.speaker.feed()
    assert len(booth.devices[0].written) == 1000


def test_stopped_and_followed_again_it_begins_there(booth: Booth, qtbot: QtBot) -> None:
    booth.speaker.follow(1.0)
    booth.speaker.stop()
    booth.speaker.follow(4.0)
    assert booth.opened_at == [1.0, 4.0]


def test_without_a_speaker_a_clip_plays_silently_and_one_that_is_plugged_in_is_found(booth: Booth) -> None:
    booth.has_device = False
    booth.speaker.follow(1.0)
    booth.has_device = True
    booth.speaker.follow(1.1)
    assert not booth.opened_at
    booth.clock.now_s += RETRY_S
    booth.speaker.follow(6.1)
    assert booth.opened_at == [6.1]


def test_the_systems_speaker_may_be_absent(qapp: QApplication) -> None:
    device = default_speaker()
    assert (device is None) == QMediaDevices.defaultAudioOutput().isNull()
    if device is not None:
        device.stop()
