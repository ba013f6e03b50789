"""A camera for other programs: what is written here, calls and streams see as a webcam's picture.

Linux has such cameras by v4l2loopback: a node that takes pictures at one end gives them at the other. It is told size
and format (V4L2, VIDIOC_S_FMT), then each picture is one write. YUYV in limited range by BT.601 is what webcams give
and every program reads.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import sys
from fractions import Fraction
from typing import Self

import cv2
import numpy as np

from fnst_live.errors import OutputError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.resize import fit
from fnst_live.video_nodes import Ioctl, VideoNode, kernel_ioctl, list_nodes, problem_of

# linux/videodev2.h. struct v4l2_format: type, then of v4l2_pix_format: width, height, pixelformat, field,
# bytesperline, sizeimage, colorspace; the rest of the union
FORMAT = struct.Struct("=I4xII4s4I172x")
VIDIOC_S_FMT = 0xC0D05605
TAKES_PICTURES = 2   # V4L2_BUF_TYPE_VIDEO_OUTPUT
WHOLE_PICTURES = 1   # V4L2_FIELD_NONE
SRGB = 8             # V4L2_COLORSPACE_SRGB
YUYV = b"YUYV"
BYTES_PER_PIXEL = 2

# struct v4l2_streamparm: type, then of v4l2_outputparm: capability, outputmode, timeperframe; the rest of the union
RATE = struct.Struct("=5I184x")
VIDIOC_S_PARM = 0xC0CC5616
HAS_RATE = 0x1000    # V4L2_CAP_TIMEPERFRAME

HOW_TO_HAVE_ONE = (
    "there is no virtual camera here: install v4l2loopback, then run "
    "sudo modprobe v4l2loopback exclusive_caps=1 card_label=fnst-live"
)
NOT_ON_THIS_SYSTEM = "virtual cameras are Linux's so far: let OBS capture this window, and start its virtual camera"


def find_virtual_camera(nodes: list[VideoNode] | None = None) -> VideoNode:
    """The first that can be used. Raises OutputError, which says how to have one."""
    for node in list_nodes() if nodes is None else nodes:
        if node.takes_pictures and not node.problem:
            return node
    raise OutputError(HOW_TO_HAVE_ONE if sys.platform == "linux" else NOT_ON_THIS_SYSTEM)


class VirtualCameraSink:
    """Satisfies `pipeline.stages.Sink`. size: as other programs see it; pictures of another shape get black bars."""

    def __init__(self, node: VideoNode, size: FrameSize, frame_rate: Fraction = Fraction(30),
                 ioctl: Ioctl = kernel_ioctl):
        """frame_rate: what it claims to have. Raises OutputError."""
        self.name, self._path, self._ioctl = node.name, node.path, ioctl
        try:
            self._descriptor = os.open(node.path, os.O_RDWR)
        except OSError as error:
            raise self._trouble(error) from error
        try:
            self.size = self._agreed_size(FrameSize(size.width + size.width % 2, size.height))
            self._claim_rate(frame_rate)
        except BaseException:
            os.close(self._descriptor)
            raise

    def write(self, frame: Frame) -> None:
        """Raises OutputError."""
        try:
            os.write(self._descriptor, as_yuyv(fit(frame.pixels, self.size)).tobytes())
        except OSError as error:
            raise self._trouble(error) from error

    def finish(self) -> None:
        """Other programs see no camera, or its last picture, from here on."""
        os.close(self._descriptor)

    abandon = finish

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def _agreed_size(self, wanted: FrameSize) -> FrameSize:
        """The wanted one, or what it has while another program looks at it. Raises OutputError."""
        width, height = wanted
        row_bytes = BYTES_PER_PIXEL * width
        answer = bytearray(FORMAT.pack(
            TAKES_PICTURES, width, height, YUYV, WHOLE_PICTURES, row_bytes, row_bytes * height, SRGB
        ))
        try:
            self._ioctl(self._descriptor, VIDIOC_S_FMT, answer)
        except OSError as error:
            raise self._trouble(error) from error
        _, width, height, pixel_format, *_ = FORMAT.unpack(answer)
        if pixel_format != YUYV:
            raise OutputError(f"the virtual camera {self._path} takes no YUYV pictures: close the programs that use it")
        return FrameSize(width, height)

    def _claim_rate(self, frame_rate: Fraction) -> None:
        """Not every driver lets it be said."""
        rate = RATE.pack(TAKES_PICTURES, HAS_RATE, 0, frame_rate.denominator, frame_rate.numerator)
        with contextlib.suppress(OSError):
            self._ioctl(self._descriptor, VIDIOC_S_PARM, bytearray(rate))

    def _trouble(self, error: OSError) -> OutputError:
        if error.errno == errno.ENODEV:
            return OutputError(f"the virtual camera {self._path} is gone: load v4l2loopback again")
        return OutputError(f"the virtual camera {self._path} cannot be used: {problem_of(error)}")


def as_yuyv(pixels: Pixels) -> Pixels:
    """uint8 (H, W, 3) RGB, W even, to (H, W, 2): Y of every pixel, U and V of every other."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2YUV_YUYV), np.uint8)
