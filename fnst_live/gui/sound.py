"""Sound in and out through Qt: the microphone for recordings, the speaker for clips. Either may be absent.

Imported late: asking the system for sound devices takes a moment, and most starts need none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from PyQt6.QtCore import QIODevice, QObject, QTimer
from PyQt6.QtMultimedia import QAudioFormat, QAudioSink, QAudioSource, QMediaDevices

from fnst_live.errors import InputError
from fnst_live.gui.chunk_reader import ChunkReader, SoundChunk

SAMPLE_RATE = 48_000
CLIP_CHANNELS = 2
BYTES_A_SAMPLE = 2 * CLIP_CHANNELS
BYTES_A_SECOND = SAMPLE_RATE * BYTES_A_SAMPLE
DEVICE_BUFFER_S = 0.2
FEED_MS = 40
DRIFT_S = 0.15  # a difference of sound and picture that is heard
SETTLE_S = 1.0  # a sound that has just begun is not judged
RETRY_S = 5.0  # where there is no device, one may be plugged in

OpenSound = Callable[[float], Iterator[SoundChunk]]  # from a time in the clip on
WriteSound = Callable[[bytes, int, int], None]


class Microphone(QObject):
    """Hands over what the default microphone hears, from `start` to `stop`."""

    def __init__(self, write: WriteSound, parent: QObject | None = None):
        """Raises InputError where there is none."""
        super().__init__(parent)
        device = QMediaDevices.defaultAudioInput()
        if device.isNull():
            raise InputError("no microphone was found: connect one and switch it on again")
        self._format = _sixteen_bit(min(2, max(1, device.maximumChannelCount())))
        if not device.isFormatSupported(self._format):
            raise InputError(f"the microphone {device.description()} gives no 48 kHz sound: choose another as default")
        self._write = write
        self._source = QAudioSource(device, self._format, self)
        self._stream: QIODevice | None = None

    def start(self) -> None:
        self._stream = self._source.start()
        if self._stream is not None:
            self._stream.readyRead.connect(self._hand_over)

    def stop(self) -> None:
        self._source.stop()
        self._stream = None

    def _hand_over(self) -> None:
        if self._stream is not None:
            self._write(self._stream.readAll().data(), SAMPLE_RATE, self._format.channelCount())


class SoundDevice(Protocol):
    """A speaker that takes s16 stereo at 48 kHz, as much at a time as it has room for."""

    def room(self) -> int: ...
    def write(self, samples: bytes) -> int: ...
    def heard_s(self) -> float: ...
    def stop(self) -> None: ...


class ClipSpeaker(QObject):
    """Plays a clip's sound beside its pictures, which set the pace: where they drift apart, sound begins anew."""

    def __init__(self, open_sound: OpenSound, parent: QObject | None = None, *,
                 open_device: Callable[[], SoundDevice | None] | None = None,
                 now: Callable[[], float] = time.monotonic):
        super().__init__(parent)
        self._open_sound = open_sound
        self._open_device = open_device or default_speaker
        self._now = now
        self._device: SoundDevice | None = None
        self._reader: ChunkReader | None = None
        self._rest = b""
        self._is_heard = False
        self._start_s = 0.0  # where in the clip the first sample that was written stands
        self._begun_s = self._retry_s = float("-inf")
        self._picture_s, self._told_s = 0.0, 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(FEED_MS)
        self._timer.timeout.connect(self.feed)

    def follow(self, position_s: float) -> None:
        """Called with every picture of a clip that plays."""
        self._picture_s, self._told_s = position_s, self._now()
        if self._device is None:
            if self._now() >= self._retry_s:
                self._begin(position_s)
        elif self._is_heard and self._now() - self._begun_s > SETTLE_S and abs(self.drift_s()) > DRIFT_S:
            self._begin(position_s)

    def stop(self) -> None:
        self._timer.stop()
        if self._device is not None:
            self._device.stop()
        if self._reader is not None:
            self._reader.close()
        self._device = self._reader = None

    def drift_s(self) -> float:
        """How far the ear is ahead of the eye."""
        heard_s = 0.0 if self._device is None else self._device.heard_s()
        return self._start_s + heard_s - self._seen_s()

    def feed(self) -> None:
        """As much as the device takes; what it does not is kept for the next time."""
        if self._device is None or self._reader is None or not (self._is_heard or self._catch_up(self._reader)):
            return
        while (room := self._device.room()) > 0:
            self._rest = self._rest or self._reader.take()
            written = self._device.write(self._rest[:room]) if self._rest else 0
            if written <= 0:
                return
            self._is_heard = True
            self._rest = self._rest[written:]

    def _begin(self, position_s: float) -> None:
        self.stop()
        self._device = self._open_device()
        if self._device is None:
            self._retry_s = self._now() + RETRY_S
            return
        self._reader = ChunkReader(self._open_sound(position_s))
        self._rest, self._is_heard = b"", False
        self._start_s, self._begun_s = position_s, self._now()
        self._timer.start()

    def _catch_up(self, reader: ChunkReader) -> bool:
        """Opening the sound took a while, in which pictures went on: that much is left out. False: not there yet."""
        late = int((self._seen_s() - self._start_s) * SAMPLE_RATE) * BYTES_A_SAMPLE
        while late > 0:
            self._rest = self._rest or reader.take()
            if not self._rest:
                return False
            left_out = min(late, len(self._rest))
            self._rest = self._rest[left_out:]
            self._start_s += left_out / BYTES_A_SECOND
            late -= left_out
        return True

    def _seen_s(self) -> float:
        """Where the picture is at this moment."""
        return self._picture_s + self._now() - self._told_s


def default_speaker() -> SoundDevice | None:
    device = QMediaDevices.defaultAudioOutput()
    return None if device.isNull() else QtSpeaker(QAudioSink(device, _sixteen_bit(CLIP_CHANNELS)))


class QtSpeaker:
    """A QAudioSink as `SoundDevice`."""

    def __init__(self, sink: QAudioSink):
        self._sink = sink
        sink.setBufferSize(int(DEVICE_BUFFER_S * BYTES_A_SECOND))
        self._stream = sink.start()

    def room(self) -> int:
        return self._sink.bytesFree()

    def write(self, samples: bytes) -> int:
        return 0 if self._stream is None else self._stream.write(samples)

    def heard_s(self) -> float:
        return self._sink.processedUSecs() / 1e6

    def stop(self) -> None:
        self._sink.stop()


def _sixteen_bit(channels: int) -> QAudioFormat:
    form = QAudioFormat()
    form.setSampleRate(SAMPLE_RATE)
    form.setChannelCount(channels)
    form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
    return form
