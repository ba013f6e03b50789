"""Sound in and out through Qt: the microphone for recordings, the speaker for clips. Either may be absent.

Imported late: asking the system for sound devices takes a moment, and most starts need none.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from PyQt6.QtCore import QIODevice, QObject, QTimer
from PyQt6.QtMultimedia import QAudioFormat, QAudioSink, QAudioSource, QMediaDevices

from fnst_live.errors import InputError

SAMPLE_RATE = 48_000
CLIP_CHANNELS = 2
BYTES_A_SECOND = SAMPLE_RATE * CLIP_CHANNELS * 2
DEVICE_BUFFER_S = 0.2
QUEUED_CHUNKS = 32
FEED_MS = 40
DRIFT_S = 0.15  # a difference of sound and picture that is heard



class SoundChunk(Protocol):
    """samples: s16le, stereo, 48 kHz."""

    @property
    def samples(self) -> bytes: ...


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


class ClipSpeaker(QObject):
    """Plays a clip's sound beside its pictures, which set the pace: where they drift apart, sound begins anew."""

    def __init__(self, open_sound: OpenSound, parent: QObject | None = None):
        super().__init__(parent)
        self._open_sound = open_sound
        self._sink: QAudioSink | None = None
        self._stream: QIODevice | None = None
        self._reader: ChunkReader | None = None
        self._rest = b""
        self._start_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(FEED_MS)
        self._timer.timeout.connect(self._feed)

    def follow(self, position_s: float) -> None:
        """Called with every picture of a clip that plays."""
        if self._reader is None or abs(self.heard_s() - position_s) > DRIFT_S:
            self._begin(position_s)

    def stop(self) -> None:
        self._timer.stop()
        if self._sink is not None:
            self._sink.stop()
        if self._reader is not None:
            self._reader.close()
        self._sink = self._stream = self._reader = None

    def heard_s(self) -> float:
        """Where in the clip the ear is."""
        return self._start_s + (self._sink.processedUSecs() / 1e6 if self._sink is not None else 0.0)

    def _begin(self, position_s: float) -> None:
        self.stop()
        device = QMediaDevices.defaultAudioOutput()
        if device.isNull():
            return
        self._sink = QAudioSink(device, _sixteen_bit(CLIP_CHANNELS), self)
        self._sink.setBufferSize(int(DEVICE_BUFFER_S * BYTES_A_SECOND))
        self._reader = ChunkReader(self._open_sound(position_s))
        self._rest, self._start_s = b"", position_s
        self._stream = self._sink.start()
        self._timer.start()

    def _feed(self) -> None:
        """As much as the device takes; what it does not is kept for the next time."""
        while self._sink is not None and self._stream is not None and self._reader is not None:
            self._rest = self._rest or self._reader.take()
            room = self._sink.bytesFree()
            if not self._rest or room <= 0:
                return
            written = self._stream.write(self._rest[:room])
            self._rest = self._rest[max(0, written):]
            if written <= 0:
                return


class ChunkReader:
    """Decodes ahead on a thread of its own, so that the window never waits for a file."""

    def __init__(self, sound: Iterator[SoundChunk]):
        self._sound = sound
        self._chunks: queue.Queue[bytes] = queue.Queue(QUEUED_CHUNKS)
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._read, name="clip sound")
        self._thread.start()

    def take(self) -> bytes:
        """The next chunk, or nothing yet."""
        try:
            return self._chunks.get_nowait()
        except queue.Empty:
            return b""

    def close(self) -> None:
        self._is_closed.set()
        self._thread.join()

    def _read(self) -> None:
        with contextlib.suppress(InputError):  # a clip whose sound cannot be read plays without it
            for chunk in self._sound:
                if not self._put(chunk.samples):
                    return

    def _put(self, samples: bytes) -> bool:
        while not self._is_closed.is_set():
            with contextlib.suppress(queue.Full):
                self._chunks.put(samples, timeout=0.05)
                return True
        return False


def _sixteen_bit(channels: int) -> QAudioFormat:
    form = QAudioFormat()
    form.setSampleRate(SAMPLE_RATE)
    form.setChannelCount(channels)
    form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
    return form
