"""Which codecs and containers go together, and what each encoder is told.

One row per codec; a container lists the codecs that players accept in it, the usual one first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from fnst_live.errors import OutputError, SettingError

LARGE_PIXELS = 4096 * 2304  # of a picture: more than any in 4K has


@dataclass(frozen=True)
class EncoderSpec:
    """How one codec is encoded.

    encoder: FFmpeg's name. pixel_format: what it is fed. width_step, height_step: sizes must be multiples of these.
    quality_option: where its constant quality number goes; None for a lossless codec. qualities: lowest, highest.
    live_options: beside the others, where pictures must not wait in the encoder. large_options: where they have more
    than LARGE_PIXELS, and it must not hold many of them.
    """

    encoder: str
    pixel_format: str
    width_step: int = 1
    height_step: int = 1
    min_side: int = 1
    quality_option: str | None = "crf"
    default_quality: int | None = None
    qualities: tuple[int, int] = (0, 63)
    options: Mapping[str, str] = field(default_factory=dict)
    live_options: Mapping[str, str] = field(default_factory=dict)
    large_options: Mapping[str, str] = field(default_factory=dict)
    codec_tag: Mapping[str, str] = field(default_factory=dict)  # container format -> four letters

    @property
    def is_rgb(self) -> bool:
        return not self.pixel_format.startswith("yuv")

    def options_for(self, codec: str, quality: int | None) -> dict[str, str]:
        """Encoder options with the quality in its place. Raises SettingError."""
        options = dict(self.options)
        chosen = self.default_quality if quality is None else quality
        if chosen is None:
            return options
        low, high = self.qualities
        if self.quality_option is None:
            raise SettingError(f"--quality has no meaning for {codec}: leave it out")
        if not low <= chosen <= high:
            raise SettingError(f"--quality {chosen} is out of range: {codec} takes {low} (best) to {high}")
        options[self.quality_option] = str(chosen)
        return options


# No B-frames: in a file that is written in fragments, times and durations are only exact where pictures are decoded in
# the order in which they are shown.
ENCODERS: Mapping[str, EncoderSpec] = {
    "h264": EncoderSpec(
        "libx264", "yuv420p", 2, 2, default_quality=18, qualities=(0, 51), options={"preset": "veryfast", "bf": "0"},
        live_options={"preset": "superfast", "tune": "zerolatency"}, large_options={"rc-lookahead": "2"},
    ),
    "hevc": EncoderSpec(
        "libx265", "yuv420p", 2, 2, 16, default_quality=20, qualities=(0, 51),
        options={"preset": "fast", "x265-params": "log-level=none:bframes=0"}, codec_tag={"mp4": "hvc1", "mov": "hvc1"},
        large_options={"x265-params": "log-level=none:bframes=0:rc-lookahead=2:frame-threads=1"},
    ),
    "av1": EncoderSpec("libsvtav1", "yuv420p", 2, 2, default_quality=28, options={"preset": "9"}),
    "vp9": EncoderSpec(
        "libvpx-vp9", "yuv420p", 2, 2, default_quality=28,
        options={"b": "0", "deadline": "realtime", "cpu-used": "5", "row-mt": "1"},
    ),
    "prores": EncoderSpec(
        "prores_ks", "yuv422p10le", 2, 1, quality_option="global_quality", qualities=(1, 31),
        options={"profile": "hq", "vendor": "apl0"},
    ),
    "ffv1": EncoderSpec("ffv1", "bgr0", quality_option=None, options={"level": "3", "slices": "4"}),
    "gif": EncoderSpec("gif", "pal8", quality_option=None),
}

# NVIDIA's, on the card. A constant quality, as of the encoders above, is a variable rate without a target ("b": 0).
CARD_ENCODERS: Mapping[str, EncoderSpec] = {
    codec: EncoderSpec(
        f"{codec}_nvenc", "yuv420p", 2, 2, quality_option="cq", default_quality=default_quality, qualities=(1, 51),
        options={"preset": "p5", "tune": "hq", "rc": "vbr", "b": "0", "bf": "0"}, codec_tag=ENCODERS[codec].codec_tag,
    )
    for codec, default_quality in (("h264", 19), ("hevc", 21), ("av1", 26))
}


@dataclass(frozen=True)
class ContainerSpec:
    """A file format. codecs: those it holds, the usual one first. options: for its muxer."""

    format: str
    codecs: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)

    def options_for(self, time_base: Fraction) -> dict[str, str]:
        """mp4 counts the length of the whole in milliseconds, unless it is told of a finer clock."""
        if self.format not in ("mp4", "mov"):
            return dict(self.options)
        ticks_a_second = time_base.denominator * math.ceil(1000 / time_base.denominator)
        return {**self.options, "movie_timescale": str(ticks_a_second)}


# A fragmented file can be played up to where a crash left it; when all is well it becomes a plain one at the end.
CRASH_SAFE_MP4 = {"movflags": "+hybrid_fragmented+delay_moov", "frag_duration": "1000000", "flush_packets": "1"}

# Sound may begin a little before the first picture (encoders need a run-up): that must not delay the pictures.
EXACT_TIMES = {"avoid_negative_ts": "disabled", "cluster_time_limit": "1000", "flush_packets": "1"}

CONTAINERS: Mapping[str, ContainerSpec] = {
    ".mp4": ContainerSpec("mp4", ("h264", "hevc", "av1", "vp9"), CRASH_SAFE_MP4),
    ".m4v": ContainerSpec("mp4", ("h264", "hevc", "av1"), CRASH_SAFE_MP4),
    ".mov": ContainerSpec("mov", ("h264", "hevc", "prores"), CRASH_SAFE_MP4),
    ".mkv": ContainerSpec("matroska", ("h264", "hevc", "av1", "vp9", "prores", "ffv1"), EXACT_TIMES),
    ".webm": ContainerSpec("webm", ("vp9", "av1"), EXACT_TIMES),
    ".gif": ContainerSpec("gif", ("gif",), {"loop": "0"}),
}


def container_for(output: Path) -> ContainerSpec:
    """By suffix. Raises OutputError."""
    spec = CONTAINERS.get(output.suffix.lower())
    if spec is None:
        raise OutputError(f"{output} has no suffix of a video format: use {', '.join(CONTAINERS)}")
    return spec


def codec_for(output: Path, codec: str | None) -> str:
    """The wanted codec if the container holds it, else the container's usual one. Raises OutputError."""
    container = container_for(output)
    if codec is None:
        return container.codecs[0]
    if codec not in container.codecs:
        homes = [suffix for suffix, spec in CONTAINERS.items() if codec in spec.codecs]
        is_named = container.codecs != ("gif",)  # that is what a GIF holds, without being asked
        advice = f"use --codec {' or '.join(container.codecs)}" if is_named else "leave --codec out"
        raise OutputError(f"{output.suffix} files do not hold {codec}: {advice}, "
                          f"or name the output {' or '.join(homes)}")
    return codec
