"""The sound of a clip as chunks for a sound device: s16, stereo, 48 kHz, each with its time in the clip.

It knows nothing of the pictures: whoever plays it compares the times with the player's position.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.resampler import AudioResampler

from fnst_live.errors import InputError
from fnst_live.sources.video_decoder import open_input, origin_of, pick_video_stream

SAMPLE_RATE = 48_000
CHANNELS = 2
BYTES_A_SAMPLE = 2 * CHANNELS


@dataclass(frozen=True)
class SoundChunk:
    """samples: s16le, channels interleaved. time_s: where in the clip it begins."""

    samples: bytes
    time_s: float


class ClipSound:
    """Iterated once, on any thread; `close` may be called from another, and ends the iteration."""

    def __init__(self, path: Path, start_s: float = 0.0):
        """Raises InputError. A clip without sound gives no chunks."""
        self._start_s = start_s
        self._container = open_input(path)
        self._stream = next((s for s in self._container.streams.audio if s.codec_context is not None), None)
        self._origin_s = self._pictures_begin_s(path)
        self._is_closed = False
        if start_s > 0:
            self._container.seek(max(0, int((self._origin_s + Fraction(start_s)) * av.time_base)))

    @property
    def has_sound(self) -> bool:
        return self._stream is not None

    def __iter__(self) -> Iterator[SoundChunk]:
        resampler = AudioResampler("s16", "stereo", SAMPLE_RATE)
        try:
            for sound in self._decoded():
                for resampled in resampler.resample(sound):
                    chunk = self._chunk_of(resampled)
                    if self._is_closed:
                        return
                    if chunk.samples:
                        yield chunk
        finally:
            self._container.close()

    def close(self) -> None:
        self._is_closed = True

    def _pictures_begin_s(self, path: Path) -> Fraction:
        """Where the clip's own time begins: with its first picture."""
        try:
            return origin_of(pick_video_stream(self._container, path))
        except InputError:
            return Fraction(0)

    def _decoded(self) -> Iterator[av.AudioFrame]:
        """Up to where the file breaks, if it does; damage in between is silence."""
        if self._stream is None:
            return
        packets = self._container.demux(self._stream)
        while not self._is_closed:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError, OSError):
                return
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                continue

    def _chunk_of(self, sound: av.AudioFrame) -> SoundChunk:
        """What of it comes at the start or later."""
        samples = bytes(sound.planes[0])[: sound.samples * BYTES_A_SAMPLE]
        assert sound.time_base is not None
        time_s = float((sound.pts or 0) * sound.time_base - self._origin_s)
        early = max(0, round((self._start_s - time_s) * SAMPLE_RATE))
        return SoundChunk(samples[early * BYTES_A_SAMPLE :], max(time_s, self._start_s))
