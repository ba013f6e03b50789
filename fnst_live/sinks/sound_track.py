"""A track for sound that is being recorded: samples as they come, encoded on the pictures' clock.

An encoder wants samples without gaps. So where a microphone falls silent or stumbles there is silence, and where it
runs ahead of the clock by more than can be heard its samples are left out.
"""

from __future__ import annotations

from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

from fnst_live.sinks.tracks import AUDIO_BIT_RATE_A_CHANNEL, TRANSCODED_AUDIO

SAMPLE_RATE = 48_000
CHANNELS = 2
TOLERANCE = SAMPLE_RATE // 10       # sound and lips may be apart so far
LONGEST_LAG = SAMPLE_RATE           # of the sound behind the pictures, before it counts as silence
LAG_LEFT = SAMPLE_RATE // 2

Samples = npt.NDArray[np.int16]  # (N, 2)


class SoundTrack:
    """Made before the first frame is written, since it adds a stream. Used on the writer thread."""

    def __init__(self, output: OutputContainer):
        self._output = output
        codec = TRANSCODED_AUDIO[output.format.name.split(",")[0]]
        self._stream = cast(AudioStream, output.add_stream(codec, rate=SAMPLE_RATE, layout="stereo"))
        self._stream.bit_rate = AUDIO_BIT_RATE_A_CHANNEL * CHANNELS
        self._resampler: AudioResampler | None = None
        self._input = (0, 0)
        self._written = 0

    def write(self, samples: bytes, sample_rate: int, channels: int, begin_s: float) -> None:
        """s16le, channels interleaved; begin_s: when the first was heard, after the first picture."""
        stereo = self._resampled(samples, sample_rate, channels)
        gap = round(begin_s * SAMPLE_RATE) - self._written
        if gap > TOLERANCE:
            self._encode(np.zeros((gap, CHANNELS), np.int16))
        self._encode(stereo[-gap:] if gap < -TOLERANCE else stereo)

    def keep_up(self, time_s: float) -> None:
        """Pictures have got so far: without sound for long, silence follows, so that neither waits for the other."""
        lag = round(time_s * SAMPLE_RATE) - self._written
        if lag > LONGEST_LAG:
            self._encode(np.zeros((lag - LAG_LEFT, CHANNELS), np.int16))

    def flush(self) -> None:
        self._output.mux(self._stream.encode(None))

    def _resampled(self, samples: bytes, sample_rate: int, channels: int) -> Samples:
        """To (N, 2) at 48 kHz; of more than two channels the first two."""
        levels = np.frombuffer(samples, "<i2").reshape(-1, channels)[:, :CHANNELS]
        if self._resampler is None or self._input != (sample_rate, channels):
            self._resampler, self._input = AudioResampler("s16", "stereo", SAMPLE_RATE), (sample_rate, channels)
        layout = "mono" if levels.shape[1] == 1 else "stereo"
        sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(levels).reshape(1, -1), format="s16", layout=layout)
        sound.sample_rate = sample_rate
        pieces = [piece.to_ndarray().reshape(-1, CHANNELS) for piece in self._resampler.resample(sound)]
        return np.concatenate(pieces) if pieces else np.zeros((0, CHANNELS), np.int16)

    def _encode(self, stereo: Samples) -> None:
        if not len(stereo):
            return
        sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(stereo).reshape(1, -1), format="s16", layout="stereo")
        sound.sample_rate, sound.pts = SAMPLE_RATE, self._written
        self._written += len(stereo)
        self._output.mux(self._stream.encode(sound))
