"""Everything of a clip that is not its picture: sound, subtitles, chapters, fonts, titles.

Tracks are read from the input a second time, on the writer thread, in step with the frames that are written, so
that nothing but frames travels through the pipeline. A track is copied packet for packet; only where the container
cannot hold it is it transcoded, or dropped, and the report says so.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, cast

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.subtitles.stream import SubtitleStream

from fnst_live.frames.timing import TimeWindow

TRANSCODED_AUDIO = {"webm": "libopus", "mp4": "aac", "mov": "aac", "matroska": "libopus"}
TRANSCODED_SUBTITLES = {"webm": "webvtt", "mp4": "mov_text", "mov": "mov_text", "matroska": "subrip"}
BITMAP_SUBTITLES = frozenset({"dvd_subtitle", "dvb_subtitle", "hdmv_pgs_subtitle", "xsub"})
MILLISECOND = Fraction(1, 1000)
EMPTY_CAPTION = bytes(2)  # 3GPP TS 26.245: a text of no length
AUDIO_BIT_RATE_A_CHANNEL = 96_000
ENCODED_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
# QuickTime files number their languages by a list of Apple's, where FFmpeg knows these by other codes than ISO 639-2/T.
QUICKTIME_LANGUAGES = {
    "deu": "ger", "nld": "dut", "swe": "sve", "ell": "gre", "isl": "ice", "zho": "chi", "sqi": "alb", "hye": "arm",
    "kat": "geo", "cze": "ces", "rum": "ron", "slo": "slk", "fre": "fra",
}
TECHNICAL_METADATA = frozenset({
    "major_brand", "minor_version", "compatible_brands", "encoder", "duration", "handler_name", "vendor_id",
    "_statistics_writing_app", "_statistics_writing_date_utc", "_statistics_tags", "bps", "number_of_frames",
    "number_of_bytes", "rotate",
})


@dataclass(frozen=True)
class TrackReport:
    """What became of one track. kind: "audio" or "subtitles"; action: "copied", "transcoded" or "dropped"."""

    kind: str
    codec: str
    action: str
    detail: str = ""

    def as_json(self) -> dict[str, str]:
        return {key: value for key, value in asdict(self).items() if key != "kind"}

    @property
    def warning(self) -> str | None:
        """The sentence for whoever expected a copy."""
        return None if self.action == "copied" else f"{self.kind} ({self.codec}) {self.action}: {self.detail}"


class Track(Protocol):
    """One output track being fed."""

    def push(self, packet: av.Packet[Any], shift_s: Fraction) -> None: ...

    def flush(self) -> None: ...


class TrackCopier:
    """Feeds all tracks of `source` but the pictures into `output`, in step with the frames.

    Make it before the first frame is written, since it adds streams. `begin` when the time of the first frame is
    known, `copy_until` with each frame's time, `finish` after the last one. Times are the input's own.
    """

    def __init__(self, source: Path, output: OutputContainer, window: TimeWindow):
        self._input: InputContainer = av.open(str(source), metadata_errors="replace")
        self._output, self._window = output, window
        self._tracks: dict[int, Track] = {}
        self.reports: list[TrackReport] = []
        self._begin_s: Fraction | None = None
        self._shift_s = Fraction(0)
        for stream in self._input.streams:
            if stream.type in ("audio", "subtitle", "attachment"):
                self._add(stream)
        _copy_metadata(self._input.metadata, self._output)
        self._packets = self._wanted_packets()
        self._pending: av.Packet[Any] | None = None
        self.damaged_count = 0

    def describe_pictures(self, stream: Stream) -> None:
        """Give the painted track the language, title and default flag of the one it was painted from."""
        if self._input.streams.video:
            _describe_like(stream, self._input.streams.video[0], self._output)

    def begin(self, first_frame_s: Fraction) -> None:
        """The first frame's time in the input. A trimmed clip is moved so that it starts at nothing."""
        trimmed = self._window.start is not None
        self._begin_s = first_frame_s if trimmed else None
        self._shift_s = first_frame_s if trimmed else self._window.zero
        self._seek()
        _copy_chapters(self._input, self._output, self._window, self._shift_s)

    def copy_until(self, time_s: Fraction) -> None:
        """All packets that begin before this time."""
        while True:
            packet = self._pending or next(self._packets, None)
            self._pending = packet
            if packet is None or _begin_of(packet) > time_s:
                return
            self._pending = None
            self._tracks[packet.stream_index].push(packet, self._shift_s)

    def finish(self) -> None:
        """The rest, up to the window's end."""
        while (packet := self._pending or next(self._packets, None)) is not None:
            self._pending = None
            self._tracks[packet.stream_index].push(packet, self._shift_s)
        for track in self._tracks.values():
            track.flush()

    def close(self) -> None:
        self._input.close()

    def _add(self, stream: Stream) -> None:
        """Give the stream a track in the output, as it is if possible."""
        container_format = self._output.format.name.split(",")[0]
        if stream.codec_context is None and stream.type != "attachment":
            self._report(stream, "dropped", "its codec is unknown")
        elif can_hold(container_format, stream):
            self._tracks[stream.index] = CopiedTrack(stream, self._output)
            self._report(stream, "copied")
        elif isinstance(stream, AudioStream) and container_format in TRANSCODED_AUDIO:
            track = TranscodedAudio(stream, self._output, TRANSCODED_AUDIO[container_format])
            self._tracks[stream.index] = track
            detail = f"to {track.codec}{track.detail}, since {container_format} cannot hold it as it is"
            self._report(stream, "transcoded", detail)
        elif self._is_convertible_subtitle(stream, container_format):
            assert isinstance(stream, SubtitleStream)
            codec = TRANSCODED_SUBTITLES[container_format]
            self._tracks[stream.index] = ConvertedSubtitles(stream, self._output, codec)
            self._report(stream, "transcoded", f"to {codec}, since {container_format} cannot hold it")
        else:
            self._report(stream, "dropped", f"{container_format} cannot hold it; an .mkv output can")

    @staticmethod
    def _is_convertible_subtitle(stream: Stream, container_format: str) -> bool:
        return (
            isinstance(stream, SubtitleStream)
            and stream.codec_context.name not in BITMAP_SUBTITLES
            and container_format in TRANSCODED_SUBTITLES
        )

    def _report(self, stream: Stream, action: str, detail: str = "") -> None:
        if stream.type == "attachment":
            return
        codec = stream.codec_context.codec.canonical_name if stream.codec_context is not None else "unknown"
        self.reports.append(TrackReport("audio" if stream.type == "audio" else "subtitles", codec, action, detail))

    def _seek(self) -> None:
        if self._begin_s is not None:
            self._input.seek(max(0, int((self._begin_s - 1) * av.time_base)))

    def _wanted_packets(self) -> Iterator[av.Packet[Any]]:
        streams = [self._input.streams[index] for index in self._tracks]
        if not any(stream.type in ("audio", "subtitle") for stream in streams):
            return
        for packet in _demux(self._input, streams):
            if packet is None:
                self.damaged_count += 1
            elif packet.size and packet.pts is not None and self._is_wanted(packet):
                if packet.stream.type == "subtitle":
                    self._clip(packet)
                yield packet

    def _clip(self, subtitle: av.Packet[Any]) -> None:
        """A caption that is still up at the ends of the window is shown for the part inside."""
        begin, end = _begin_of(subtitle), _begin_of(subtitle) + _length_of(subtitle)
        begin = begin if self._begin_s is None else max(begin, self._begin_s)
        end = end if self._window.end is None else min(end, self._window.end)
        subtitle.pts = subtitle.dts = round(begin / subtitle.time_base)
        subtitle.duration = round((end - begin) / subtitle.time_base)

    def _is_wanted(self, packet: av.Packet[Any]) -> bool:
        begin = _begin_of(packet)
        if self._window.is_past(begin):
            return False
        if self._begin_s is None or begin >= self._begin_s:
            return True
        return packet.stream.type == "subtitle" and begin + _length_of(packet) > self._begin_s


class CopiedTrack:
    """The same packets with the same times, moved by the trim."""

    def __init__(self, stream: Stream, output: OutputContainer):
        self._output = output
        self._stream = output.add_stream_from_template(stream)
        _describe_like(self._stream, stream, output)

    def push(self, packet: av.Packet[Any], shift_s: Fraction) -> None:
        _shift(packet, shift_s)
        packet.stream = self._stream
        self._output.mux(packet)

    def flush(self) -> None:
        pass


class TranscodedAudio:
    """Decoded, resampled and encoded anew, on the same clock."""

    def __init__(self, stream: AudioStream, output: OutputContainer, codec: str):
        self.codec = "opus" if codec == "libopus" else codec
        self._output = output
        rate = 48_000 if codec == "libopus" else stream.codec_context.sample_rate
        encoder_format = "s16" if codec == "libopus" else "fltp"
        channels = stream.codec_context.layout.nb_channels
        layout = ENCODED_LAYOUTS.get(channels, "stereo")  # by their number: PCM often has no named one
        self.detail = "" if channels in ENCODED_LAYOUTS else f", its {channels} channels mixed down to stereo"
        self._stream = cast(AudioStream, output.add_stream(codec, rate=rate, layout=layout))
        self._stream.bit_rate = AUDIO_BIT_RATE_A_CHANNEL * self._stream.layout.nb_channels
        self._resampler = AudioResampler(encoder_format, layout, rate)
        _describe_like(self._stream, stream, output)

    def push(self, packet: av.Packet[Any], shift_s: Fraction) -> None:
        _shift(packet, shift_s)
        for frame in packet.decode():
            assert isinstance(frame, av.AudioFrame)
            for resampled in self._resampler.resample(frame):
                self._output.mux(self._stream.encode(resampled))

    def flush(self) -> None:
        for resampled in self._resampler.resample(None):
            self._output.mux(self._stream.encode(resampled))
        self._output.mux(self._stream.encode(None))


class ConvertedSubtitles:
    """Text subtitles in the container's own dialect."""

    def __init__(self, stream: SubtitleStream, output: OutputContainer, codec: str):
        self._output, self._decoder = output, stream.codec_context
        self._stream = cast(SubtitleStream, output.add_stream(codec))
        self._encoder = self._stream.codec_context
        self._is_gapless = codec == "mov_text"  # a caption stays until the next: its end is an empty one
        self._shown_until: Fraction | None = None
        self._decoder.open(strict=False)
        self._encoder.subtitle_header = self._decoder.subtitle_header
        _describe_like(self._stream, stream, output)

    def push(self, packet: av.Packet[Any], shift_s: Fraction) -> None:
        begin, end = _begin_of(packet), _begin_of(packet) + _length_of(packet)
        subtitle = self._decoder.decode2(packet)
        if subtitle is None:
            return
        if self._is_gapless and self._shown_until is not None and self._shown_until < begin:
            self._mux(av.Packet(EMPTY_CAPTION), self._shown_until - shift_s, begin - shift_s)
        self._mux(self._encoder.encode_subtitle(subtitle), begin - shift_s, end - shift_s)
        self._shown_until = end

    def _mux(self, caption: av.Packet[Any], begin: Fraction, end: Fraction) -> None:
        caption.time_base = MILLISECOND
        caption.pts = caption.dts = round(begin / MILLISECOND)
        caption.duration = round((end - begin) / MILLISECOND)
        caption.stream = self._stream
        self._output.mux(caption)

    def flush(self) -> None:
        pass


def can_hold(container_format: str, stream: Stream) -> bool:
    """Whether a container takes this track, found out by writing a header to memory: no table to go stale.

    But for sound whose header promises what fails later: raw samples in mp4, and AAC as broadcasts pack it.
    """
    if stream.type == "audio" and container_format in ("mp4", "mov"):
        context = stream.codec_context
        is_broadcast_aac = context.name == "aac" and not context.extradata
        if is_broadcast_aac or (container_format == "mp4" and context.name.startswith("pcm_")):
            return False
    probe = av.open(io.BytesIO(), "w", format=container_format)
    try:
        probe.add_stream_from_template(stream)
        probe.start_encoding()
    except (av.error.FFmpegError, ValueError):
        return False
    finally:
        probe.close()
    return True


def _demux(container: InputContainer, streams: list[Stream]) -> Iterator[av.Packet[Any] | None]:
    """Packets; None where the file breaks, which is where reading ends."""
    packets = container.demux(streams)
    while True:
        try:
            yield next(packets)
        except StopIteration:
            return
        except (av.error.FFmpegError, OSError):
            yield None
            return


def _begin_of(packet: av.Packet[Any]) -> Fraction:
    assert packet.pts is not None
    return packet.pts * packet.time_base


def _length_of(packet: av.Packet[Any]) -> Fraction:
    return (packet.duration or 0) * packet.time_base


def _shift(packet: av.Packet[Any], shift_s: Fraction) -> None:
    ticks = round(shift_s / packet.time_base)
    packet.pts = None if packet.pts is None else packet.pts - ticks
    packet.dts = None if packet.dts is None else packet.dts - ticks


def _describe_like(stream: Stream, original: Stream, output: OutputContainer) -> None:
    """Language, title and default flag."""
    _copy_metadata(original.metadata, stream)
    language = stream.metadata.get("language", "")
    if output.format.name == "mov" and language in QUICKTIME_LANGUAGES:
        stream.metadata["language"] = QUICKTIME_LANGUAGES[language]
    stream.disposition = original.disposition


def _copy_metadata(metadata: dict[str, str], to: OutputContainer | Stream) -> None:
    to.metadata.update({key: value for key, value in metadata.items() if key.lower() not in TECHNICAL_METADATA})


def _copy_chapters(source: InputContainer, output: OutputContainer, window: TimeWindow, shift_s: Fraction) -> None:
    kept = []
    for chapter in source.chapters():
        base = Fraction(chapter["time_base"] or Fraction(1, 1000))
        if window.is_past(chapter["start"] * base) or chapter["end"] * base <= shift_s:
            continue
        end_s = chapter["end"] * base if window.end is None else min(chapter["end"] * base, window.end)
        chapter["start"] = max(0, chapter["start"] - round(shift_s / base))
        chapter["end"] = round((end_s - shift_s) / base)
        kept.append(chapter)
    if kept:
        output.set_chapters(kept)
