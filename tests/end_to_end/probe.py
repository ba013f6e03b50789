"""Readers of finished files, as exact as ffprobe: every picture, time, tag, packet and title.

Pictures are turned into RGB by `h273` according to the file's own tags, so a wrong tag shows as a wrong color.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from . import h273
from .h273 import Floats, Levels

NAMES = {
    "matrix": h273.MATRIX_CODES, "range": h273.RANGE_CODES, "primaries": h273.PRIMARIES_CODES,
    "transfer": h273.TRANSFER_CODES,
}


STYLING = re.compile(r"\{\\[^}]*\}")  # fonts and sizes in a line of ASS


@dataclass(frozen=True)
class Picture:
    """One decoded picture. rgb: (H, W, 3) in 0..1, as a player shows it but for the pixels' shape."""

    time_s: Fraction
    duration_s: Fraction
    rgb: Floats
    is_interlaced: bool


@dataclass(frozen=True)
class Video:
    """The picture track of a file. size: as coded; shown_aspect: width over height on the screen."""

    codec: str
    pixel_format: str
    size: tuple[int, int]
    shown_aspect: Fraction
    rotation: int
    tags: dict[str, str | None]
    pictures: list[Picture]
    duration_s: Fraction

    @property
    def times_s(self) -> list[Fraction]:
        return [picture.time_s for picture in self.pictures]


@dataclass(frozen=True)
class PacketMark:
    """Enough of a packet to know it again."""

    time_s: Fraction
    duration_s: Fraction
    payload: str


@dataclass(frozen=True)
class TrackMark:
    """A track that is no picture, with all its packets."""

    kind: str
    codec: str
    metadata: dict[str, str]
    is_default: bool
    packets: list[PacketMark]

    @property
    def payloads(self) -> list[str]:
        return [packet.payload for packet in self.packets]

    @property
    def times_s(self) -> list[Fraction]:
        return [packet.time_s for packet in self.packets]

    @property
    def end_s(self) -> Fraction:
        return self.packets[-1].time_s + self.packets[-1].duration_s


def read_video(path: Path, *, is_cut_off: bool = False) -> Video:
    """Decode the whole picture track; of a file that was cut off, up to the picture that is only half there."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [*decoded(container, stream, is_cut_off=is_cut_off)]
        tags = read_tags(stream, frames[0])
        aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
        shown = Fraction(frames[0].width, frames[0].height) * aspect
        return Video(
            codec=stream.codec_context.codec.canonical_name,
            pixel_format=frames[0].format.name,
            size=(frames[0].width, frames[0].height),
            shown_aspect=1 / shown if frames[0].rotation % 180 else shown,
            rotation=frames[0].rotation,
            tags=tags,
            pictures=[shown_picture(frame, tags) for frame in frames],
            duration_s=told_duration_s(stream),
        )


def decoded(container: InputContainer, stream: VideoStream, *, is_cut_off: bool) -> Iterator[av.VideoFrame]:
    try:
        yield from container.decode(stream)
    except av.error.InvalidDataError:
        if not is_cut_off:
            raise


def told_duration_s(stream: VideoStream) -> Fraction:
    """The track's own length, or the file's where tracks have none (Matroska)."""
    if stream.duration is not None and stream.time_base is not None:
        return stream.duration * stream.time_base
    return Fraction(cast(InputContainer, stream.container).duration or 0, av.time_base)


def read_tags(stream: VideoStream, frame: av.VideoFrame) -> dict[str, str | None]:
    """Names of the color tags, None where a file does not tell."""
    context = stream.codec_context
    codes = {
        "matrix": frame.colorspace, "range": frame.color_range, "primaries": context.color_primaries,
        "transfer": context.color_trc,
    }
    return {kind: next((n for n, code in NAMES[kind].items() if code == int(codes[kind])), None) for kind in codes}


def shown_picture(frame: av.VideoFrame, tags: dict[str, str | None]) -> Picture:
    assert frame.pts is not None
    assert frame.time_base is not None
    rgb = np.rot90(rgb_of_frame(frame, tags), frame.rotation // 90)
    return Picture(frame.pts * frame.time_base, frame.duration * frame.time_base, rgb, frame.interlaced_frame)


def rgb_of_frame(frame: av.VideoFrame, tags: dict[str, str | None]) -> Floats:
    """RGB (H, W, 3) in 0..1, by the file's tags and nothing else."""
    if not frame.format.name.startswith("yuv"):
        rgb: Floats = frame.to_ndarray(format="rgb24") / 255
        return rgb
    assert tags["matrix"], "the file does not say which matrix its numbers were made with"
    levels = Levels(tags["range"] or "tv", 10 if "10" in frame.format.name else 8)
    planes = [enlarge(read_plane(plane, levels.bits), frame.width, frame.height) for plane in frame.planes]
    return h273.rgb_of(np.stack(planes, axis=-1), tags["matrix"], levels)


def read_plane(plane: Any, bits: int) -> Floats:
    values = np.frombuffer(bytes(plane), np.uint16 if bits > 8 else np.uint8)
    return values.reshape(plane.height, -1)[:, : plane.width].astype(np.float64)


def enlarge(values: Floats, width: int, height: int) -> Floats:
    """Each value repeated, as far as the picture goes."""
    down, across = -(-height // values.shape[0]), -(-width // values.shape[1])
    return values.repeat(down, axis=0).repeat(across, axis=1)[:height, :width]


def read_tracks(path: Path, kind: str) -> list[TrackMark]:
    """All tracks of a kind ("audio", "subtitle"), packet by packet."""
    with av.open(str(path)) as container:
        streams = [stream for stream in container.streams if stream.type == kind]
        packets: dict[int, list[PacketMark]] = {stream.index: [] for stream in streams}
        for packet in container.demux(streams):
            if packet.size and packet.pts is not None:
                packets[packet.stream_index].append(mark(packet))
        return [
            TrackMark(
                kind, stream.codec_context.codec.canonical_name, dict(stream.metadata),
                bool(int(stream.disposition) & 1), packets[stream.index],
            )
            for stream in streams
        ]


def mark(packet: av.Packet[Any]) -> PacketMark:
    assert packet.pts is not None
    payload = hashlib.sha1(bytes(packet)).hexdigest()
    return PacketMark(packet.pts * packet.time_base, length_of(packet), payload)


def length_of(packet: av.Packet[Any]) -> Fraction:
    return (packet.duration or 0) * packet.time_base


def read_captions(path: Path, track: int = 0) -> list[tuple[float, float, str]]:
    """(begin_s, end_s, text) of a subtitle track, as a player would show them."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[track]
        captions = []
        for packet in container.demux(stream):
            if not packet.size or packet.pts is None:
                continue
            texts = [STYLING.sub("", cast(Any, rect).dialogue.decode()) for rect in packet.decode()]
            if any(texts):
                begin = packet.pts * packet.time_base
                captions.append((float(begin), float(begin + length_of(packet)), "".join(texts)))
        return captions


def read_chapters(path: Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as container:
        return [
            (
                float(entry["start"] * (entry["time_base"] or Fraction(1))),
                float(entry["end"] * (entry["time_base"] or Fraction(1))),
                entry["metadata"].get("title", ""),
            )
            for entry in container.chapters()
        ]


def read_metadata(path: Path) -> dict[str, str]:
    with av.open(str(path)) as container:
        return dict(container.metadata)


def sound_begins_s(path: Path, loudness: float = 0.1) -> float:
    """When the first audio track first gets loud, on the file's own clock."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = np.abs(as_floats(frame)).max(axis=0)
            loud = np.flatnonzero(samples > loudness)
            if len(loud):
                assert frame.pts is not None
                assert frame.time_base is not None
                return float(frame.pts * frame.time_base) + float(loud[0]) / frame.sample_rate
    raise AssertionError(f"{path} is silent")


def as_floats(frame: av.AudioFrame) -> Floats:
    samples = frame.to_ndarray()
    return samples / 32768 if samples.dtype == np.int16 else samples.astype(np.float64)


def sound_length_s(path: Path) -> float:
    """Decoded seconds of the first audio track."""
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


