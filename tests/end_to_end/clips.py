"""Clips for the tests: small, lossless where it matters, and wrong only where a test wants them wrong.

A `Clip` says what is in the file; `write` makes the file. Colors are computed by `h273`, never by a scaler.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import OutputContainer
from av.stream import Stream
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import SubtitleSet
from av.video.stream import VideoStream

from . import h273
from .h273 import Floats, Levels

Rgb = npt.NDArray[np.uint8]

RATE = 25
SAMPLE_RATE = 48_000
PCM_CHUNK = 1024  # samples a packet, where the codec does not mind
MILLISECOND = Fraction(1, 1000)
PATCHES = (
    (200, 60, 30), (40, 150, 60), (50, 70, 190), (190, 180, 60),
    (20, 20, 20), (128, 128, 128), (235, 235, 235), (180, 90, 160),
)
BITS = 8
ASS_HEADER = b"[Script Info]\n[V4+ Styles]\n[Events]\n"
LOSSLESS_H264 = {"preset": "ultrafast", "qp": "0"}


@dataclass(frozen=True)
class Coding:
    """How pictures become a video track.

    Tags are names; None leaves a tag out of the file, whatever the numbers really mean.
    """

    encoder: str = "libx264"
    pixel_format: str = "yuv420p"
    matrix: str = "bt709"
    color_range: str = "tv"
    tags: Mapping[str, str] | None = field(
        default_factory=lambda: {"matrix": "bt709", "range": "tv", "primaries": "bt709", "transfer": "bt709"}
    )
    options: Mapping[str, str] = field(default_factory=lambda: LOSSLESS_H264)
    flags: int = 0

    @property
    def levels(self) -> Levels:
        return Levels(self.color_range, 10 if "10" in self.pixel_format else 8)


@dataclass(frozen=True)
class Sound:
    """An audio track. samples: (n,) in -1..1, from time 0 on."""

    samples: Floats
    codec: str = "aac"
    language: str = ""
    title: str = ""


@dataclass(frozen=True)
class Captions:
    """A subtitle track of (begin_s, end_s, text)."""

    lines: Sequence[tuple[float, float, str]]
    codec: str = "subrip"
    language: str = ""


@dataclass(frozen=True)
class Clip:
    """What a test puts into a file.

    pictures: RGB (H, W, 3), uint8 levels or floats of 0..1. times: one per picture in units of time_base; by default
    one frame after another. last_duration: of the last picture, in the same units.
    """

    pictures: Sequence[npt.NDArray[Any]]
    coding: Coding = Coding()
    time_base: Fraction = Fraction(1, RATE)
    times: Sequence[int] | None = None
    last_duration: int = 1
    pixel_aspect: Fraction = Fraction(1)
    rotation: int = 0  # degrees counterclockwise that a player must turn the picture by
    sounds: Sequence[Sound] = ()
    captions: Sequence[Captions] = ()
    chapters: Sequence[tuple[float, float, str]] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    container_options: Mapping[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        """Make the file."""
        with av.open(str(path), "w", options=dict(self.container_options)) as output:
            output.metadata.update(self.metadata)
            video = self._add_video(output)
            sounds = [(add_sound(output, sound), sound) for sound in self.sounds]
            captions = [(add_captions(output, track), track) for track in self.captions]
            output.set_chapters([chapter(i, *entry) for i, entry in enumerate(self.chapters)])
            packets = [*self._encode(video)]
            for stream, sound in sounds:
                packets += encode_sound(stream, sound)
            for subtitles, track in captions:
                packets += encode_captions(subtitles, track)
            for packet in sorted(packets, key=decoding_time):
                output.mux(packet)
        return path

    def with_coding(self, **changes: Any) -> Clip:
        return replace(self, coding=replace(self.coding, **changes))

    @property
    def frame_times(self) -> list[int]:
        return list(self.times) if self.times is not None else list(range(len(self.pictures)))

    @property
    def times_s(self) -> list[Fraction]:
        return [time * self.time_base for time in self.frame_times]

    def stored_rgb(self, index: int) -> Floats:
        """The picture as a right reading of the file shows it: (H, W, 3) in 0..1, rounded as the file's numbers are."""
        if not self.coding.pixel_format.startswith("yuv"):
            return unit_rgb(self.pictures[index])
        yuv = h273.yuv_of(unit_rgb(self.pictures[index]), self.coding.matrix, self.coding.levels)
        return h273.rgb_of(np.rint(yuv), self.coding.matrix, self.coding.levels)

    def _add_video(self, output: OutputContainer) -> VideoStream:
        stream = cast(VideoStream, output.add_stream(self.coding.encoder, rate=RATE, options=dict(self.coding.options)))
        height, width = self.pictures[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, self.coding.pixel_format
        stream.time_base = stream.codec_context.time_base = self.time_base
        stream.codec_context.sample_aspect_ratio = self.pixel_aspect
        stream.codec_context.flags |= Flags.frame_duration | self.coding.flags
        tag_stream(stream, self.coding.tags)
        if self.rotation:
            stream.set_display_rotation(self.rotation)
        return stream

    def _encode(self, stream: VideoStream) -> list[av.Packet[Any]]:
        times = self.frame_times
        packets: list[av.Packet[Any]] = []
        for picture, begin, end in zip(self.pictures, times, [*times[1:], times[-1] + self.last_duration], strict=True):
            frame = coded_picture(picture, self.coding)
            frame.pts, frame.duration, frame.time_base = begin, end - begin, self.time_base
            packets += stream.encode(frame)
        return packets + stream.encode(None)


def tag_stream(stream: VideoStream, tags: Mapping[str, str] | None) -> None:
    """Write color tags where there are any, and "unspecified" where not."""
    tags = tags or {}
    context = stream.codec_context
    context.colorspace = h273.MATRIX_CODES[tags["matrix"]] if "matrix" in tags else h273.UNTAGGED
    context.color_primaries = h273.PRIMARIES_CODES[tags["primaries"]] if "primaries" in tags else h273.UNTAGGED
    context.color_trc = h273.TRANSFER_CODES[tags["transfer"]] if "transfer" in tags else h273.UNTAGGED
    context.color_range = h273.RANGE_CODES[tags["range"]] if "range" in tags else 0


def coded_picture(rgb: npt.NDArray[Any], coding: Coding) -> av.VideoFrame:
    """RGB to a picture in the encoder's own format."""
    if not coding.pixel_format.startswith("yuv"):
        return av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format=coding.pixel_format)
    picture = av.VideoFrame(rgb.shape[1], rgb.shape[0], coding.pixel_format)
    yuv = h273.yuv_of(unit_rgb(rgb), coding.matrix, coding.levels)
    for index, plane in enumerate(picture.planes):
        fill_plane(plane, shrink(yuv[..., index], plane.width, plane.height), coding.levels.bits)
    picture.colorspace = h273.UNTAGGED
    return picture


def unit_rgb(rgb: npt.NDArray[Any]) -> Floats:
    """Levels or floats to floats of 0..1."""
    return rgb / 255 if rgb.dtype == np.uint8 else rgb


def shrink(values: Floats, width: int, height: int) -> Floats:
    """The mean of each block, odd edges repeated: how color differences are subsampled."""
    across, down = -(-values.shape[1] // width), -(-values.shape[0] // height)
    padding = ((0, height * down - values.shape[0]), (0, width * across - values.shape[1]))
    padded = np.pad(values, padding, mode="edge")
    means: Floats = padded.reshape(height, down, width, across).mean(axis=(1, 3))
    return means


def fill_plane(plane: Any, values: Floats, bits: int) -> None:
    """Values into a plane whose lines may be longer than the picture."""
    sample = np.uint16 if bits > 8 else np.uint8
    lines = np.zeros((plane.height, plane.line_size // sample(0).itemsize), sample)
    lines[:, : plane.width] = np.rint(values)
    plane.update(lines.tobytes())


def add_sound(output: OutputContainer, sound: Sound) -> AudioStream:
    stream = cast(AudioStream, output.add_stream(sound.codec, rate=SAMPLE_RATE, layout="mono"))
    describe(stream, language=sound.language, title=sound.title)
    return stream


def encode_sound(stream: AudioStream, sound: Sound) -> list[av.Packet[Any]]:
    frame = av.AudioFrame.from_ndarray(sound.samples[None].astype(np.float32), "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
    context = stream.codec_context
    chunks = AudioResampler(context.format.name, "mono", SAMPLE_RATE, context.frame_size or PCM_CHUNK)
    packets: list[av.Packet[Any]] = []
    for chunk in [*chunks.resample(frame), *chunks.resample(None)]:
        packets += stream.encode(chunk)
    return packets + stream.encode(None)


def add_captions(output: OutputContainer, captions: Captions) -> SubtitleStream:
    stream = cast(SubtitleStream, output.add_stream(captions.codec))
    stream.codec_context.subtitle_header = ASS_HEADER
    describe(stream, language=captions.language)
    return stream


def encode_captions(stream: SubtitleStream, captions: Captions) -> list[av.Packet[Any]]:
    packets: list[av.Packet[Any]] = []
    for index, (begin_s, end_s, text) in enumerate(captions.lines):
        length_ms = round((end_s - begin_s) * 1000)
        dialogue = f"{index},0,Default,,0,0,0,,{text}".encode()
        packet = stream.codec_context.encode_subtitle(SubtitleSet.create(dialogue, 0, length_ms))
        packet.stream, packet.time_base = stream, MILLISECOND
        packet.pts = packet.dts = round(begin_s * 1000)
        packet.duration = length_ms
        packets.append(packet)
    return packets


def describe(stream: Stream, **metadata: str) -> None:
    stream.metadata.update({key: value for key, value in metadata.items() if value})


def chapter(index: int, begin_s: float, end_s: float, title: str) -> Any:
    return {
        "id": index + 1, "start": round(begin_s * 1000), "end": round(end_s * 1000), "time_base": MILLISECOND,
        "metadata": {"title": title},
    }


def decoding_time(packet: av.Packet[Any]) -> Fraction:
    ticks = packet.dts if packet.dts is not None else packet.pts
    return Fraction(0) if ticks is None else ticks * packet.time_base


# Pictures


def patches(width: int = 64, height: int = 48) -> Rgb:
    """`PATCHES` in two rows of four flat fields."""
    colors = np.array(PATCHES, np.uint8).reshape(2, 4, 3)
    return np.ascontiguousarray(colors[np.arange(height) * 2 // height][:, np.arange(width) * 4 // width])


def numbered(index: int, width: int = 64, height: int = 48) -> Rgb:
    """A picture that tells which one it is: the bits of `index` as eight bars, dark or bright."""
    bars = np.array([200 if index >> bit & 1 else 50 for bit in range(BITS)], np.uint8)
    line = bars[np.arange(width) * BITS // width]
    return np.repeat(np.repeat(line[None, :, None], height, axis=0), 3, axis=2)


def number_of(rgb: Floats | Rgb) -> int:
    """Which `numbered` picture this is."""
    columns = unit_rgb(rgb).mean(axis=(0, 2))
    bars = [bar.mean() for bar in np.array_split(columns, BITS)]
    return sum(1 << bit for bit, bar in enumerate(bars) if bar > 125 / 255)


def corner(width: int, height: int) -> Rgb:
    """A picture that tells which way up it is: red top left, green top right, blue bottom left, dark bottom right."""
    picture = np.full((height, width, 3), 30, np.uint8)
    picture[: height // 2, : width // 2] = (220, 40, 40)
    picture[: height // 2, width // 2 :] = (40, 200, 40)
    picture[height // 2 :, : width // 2] = (40, 40, 220)
    return picture


def noise(width: int, height: int, seed: int) -> Rgb:
    """A picture that no encoder can make small."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def flat(level: int, width: int = 64, height: int = 48) -> Rgb:
    return np.full((height, width, 3), level, np.uint8)


# Sounds


def tone(seconds: float, hertz: float = 440.0) -> Floats:
    """A quiet sine."""
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


def beep_at(begin_s: float, seconds: float, hertz: float = 1000.0) -> Floats:
    """Silence, then a tone from `begin_s` to the end."""
    samples = tone(seconds, hertz)
    samples[: round(begin_s * SAMPLE_RATE)] = 0
    return samples


def numbered_clip(count: int, **more: Any) -> Clip:
    """Pictures 0, 1, 2 ..., one 25th of a second each."""
    return Clip([numbered(i) for i in range(count)], **more)
