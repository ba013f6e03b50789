"""Which encoders work on this machine: each is really opened, and encodes a few pictures to memory.

Beside those the program writes with, the hardware's own are tried: that FFmpeg lists one says little.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.video.codeccontext import VideoCodecContext

from fnst_live.frames.frame import Pixels
from fnst_live.libav_messages import errors_of_libav
from fnst_live.sinks.encoders import ENCODERS, EncoderSpec

HARDWARE_FORMAT = "nv12"
HARDWARE_ENCODERS = {
    "h264_nvenc": "h264", "hevc_nvenc": "hevc", "av1_nvenc": "av1", "h264_qsv": "h264", "hevc_qsv": "hevc",
    "h264_vaapi": "h264", "h264_amf": "h264", "h264_videotoolbox": "h264",
}
TRIAL_FRAMES = 12
TRIAL_RATE = Fraction(25)
PIXELS_PER_FRAME = 4  # the picture moves, as it does in a video


@dataclass(frozen=True)
class EncoderReport:
    """What became of an encoder. milliseconds: per frame, where it works; reason: one line, where it does not."""

    codec: str
    encoder: str
    reason: str = ""
    milliseconds: float = math.inf

    @property
    def is_usable(self) -> bool:
        return not self.reason


def survey_encoders(picture: Pixels) -> list[EncoderReport]:
    """Every encoder, tried with a video of this picture: uint8 (H, W, 3), H and W even."""
    hardware = [(codec, EncoderSpec(encoder, HARDWARE_FORMAT)) for encoder, codec in HARDWARE_ENCODERS.items()]
    return [try_encoder(codec, spec, picture) for codec, spec in [*ENCODERS.items(), *hardware]]


def try_encoder(codec: str, spec: EncoderSpec, picture: Pixels) -> EncoderReport:
    """Open the encoder and encode a short video of the picture."""
    with errors_of_libav() as complaints:
        try:
            return EncoderReport(codec, spec.encoder, milliseconds=_milliseconds(codec, spec, picture))
        except UnknownCodecError:
            return EncoderReport(codec, spec.encoder, "not in this build of FFmpeg")
        except av.error.FFmpegError as error:
            trouble = error.strerror or type(error).__name__
    return EncoderReport(codec, spec.encoder, complaints[0] if complaints else trouble)


def _milliseconds(codec: str, spec: EncoderSpec, picture: Pixels) -> float:
    """Per frame, with what the encoder holds back until the end."""
    context = _opened(codec, spec, picture)
    frames = [_frame(picture, index, spec) for index in range(TRIAL_FRAMES)]
    started = time.perf_counter()
    for frame in [*frames, None]:
        context.encode(frame)
    return (time.perf_counter() - started) * 1000 / TRIAL_FRAMES


def _opened(codec: str, spec: EncoderSpec, picture: Pixels) -> VideoCodecContext:
    context = av.CodecContext.create(spec.encoder, "w")
    assert isinstance(context, VideoCodecContext)
    context.height, context.width = picture.shape[:2]
    context.pix_fmt = spec.pixel_format
    context.framerate, context.time_base = TRIAL_RATE, 1 / TRIAL_RATE
    context.thread_count = 0
    context.options = spec.options_for(codec, None)
    context.open()
    return context


def _frame(picture: Pixels, index: int, spec: EncoderSpec) -> av.VideoFrame:
    pixels = np.roll(picture, index * PIXELS_PER_FRAME, axis=1)
    if spec.pixel_format == "pal8":
        frame = _grey_palette_frame(np.ascontiguousarray(pixels[..., 1]))
    else:
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=spec.pixel_format)
    frame.pts, frame.time_base = index, 1 / TRIAL_RATE
    return frame


def _grey_palette_frame(levels: Pixels) -> av.VideoFrame:
    """uint8 (H, W); swscale would make no palette."""
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
    return av.VideoFrame.from_ndarray((levels, palette), format="pal8")  # type: ignore[arg-type]  # its stub is behind
