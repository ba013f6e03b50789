"""Decoded pictures to RGB: the right matrix and range, upright, standard dynamic range."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from fnst_live.frames.color import MATRIX_CODES, RANGE_CODES, ColorTags, RawTags, resolve_tags
from fnst_live.frames.frame import FrameSize, Pixels
from fnst_live.sources.hdr import tone_map
from fnst_live.sources.orientation import Orientation, orientation_of

ACCURATE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


class PictureConverter:
    """Decoded pictures to upright RGB, all by the rules that the first one set."""

    def __init__(self, first: av.VideoFrame, stream: VideoStream, input_color: str | None):
        self.coded_size = FrameSize(first.width, first.height)
        self.orientation: Orientation = orientation_of(first)
        self.color = _color_tags(first, stream, input_color)
        self._reformatter = VideoReformatter()
        self._rgb_size, self._interpolation = self.coded_size, ACCURATE

    def convert_quickly(self, size: FrameSize) -> None:
        """To another size, upright; a sixth of the time, and less smooth in its colors."""
        is_turned = self.orientation.is_transposed
        self._rgb_size = FrameSize(size.height, size.width) if is_turned else size
        is_smaller = self._rgb_size.height < self.coded_size.height
        self._interpolation = Interpolation.AREA if is_smaller else Interpolation.BICUBIC

    def to_pixels(self, picture: av.VideoFrame) -> Pixels:
        """uint8 (H, W, 3) full-range RGB, upright; HDR tone-mapped."""
        is_hdr = self.color.is_hdr
        rgb: Any = self._reformatter.reformat(
            self._tagged(picture),
            *self._rgb_size,
            "rgb48le" if is_hdr else "rgb24",
            dst_color_range=RANGE_CODES["pc"],
            interpolation=self._interpolation,
        ).to_ndarray()
        pixels = tone_map(rgb, self.color.transfer) if is_hdr else rgb
        return np.ascontiguousarray(self.orientation.upright(pixels))

    def _tagged(self, picture: av.VideoFrame) -> av.VideoFrame:
        """With the tags that shall count. On the picture itself: FFmpeg's scaler believes it more than arguments."""
        if picture.format.name.startswith("yuvj") and self.color.range == "tv":
            picture = _in_plain_format(picture)
        if self.color.matrix != "gbr":
            picture.colorspace = MATRIX_CODES[self.color.matrix]
        picture.color_range = RANGE_CODES[self.color.range]
        return picture


def _in_plain_format(picture: av.VideoFrame) -> av.VideoFrame:
    """yuvj420p as yuv420p and so on, levels untouched: the "j" says full range, whatever a tag says."""
    plain = av.VideoFrame(picture.width, picture.height, picture.format.name.replace("yuvj", "yuv"))
    for old, new in zip(picture.planes, plain.planes, strict=True):
        lines = np.frombuffer(memoryview(old), np.uint8).reshape(-1, old.line_size)[: new.height, : new.width]
        padded = np.zeros((new.buffer_size // new.line_size, new.line_size), np.uint8)
        padded[: new.height, : new.width] = lines
        new.update(padded.tobytes())
    return plain


def _color_tags(picture: av.VideoFrame, stream: VideoStream, input_color: str | None) -> ColorTags:
    context, pixel_format = stream.codec_context, picture.format.name
    return resolve_tags(
        RawTags(int(picture.colorspace), int(picture.color_range), int(context.color_primaries),
                int(context.color_trc)),
        FrameSize(picture.width, picture.height),
        is_rgb=picture.format.is_rgb or pixel_format.startswith("pal"),
        is_full_range_format=pixel_format.startswith(("yuvj", "gray")),
        override=input_color,
    )
