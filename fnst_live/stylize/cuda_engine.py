"""CUDA in half precision, with normalization statistics in float32.

Bytes cross the bus, from and to pinned memory, where the result stays. What is done to a picture is captured once for
each size as a CUDA graph and replayed with one call: the kernels of a small network are done sooner than Python can
name them. A lane is a stream with buffers of its own, so with two of them one picture is copied while the other is
painted.
"""

from __future__ import annotations

import contextlib
import copy
import queue
import time
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fnst_live.cuda_graph import captured, own_stream
from fnst_live.errors import EngineError
from fnst_live.frames.frame import Pixels
from fnst_live.frames.pixels import from_levels, to_levels
from fnst_live.pinned import Departure, fetched
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylenet.transformer_net import settle
from fnst_live.stylize.device_strokes import painted_coarse_to_fine
from fnst_live.stylize.engine import StyleVector, taken_side

DEVICE = torch.device("cuda")
DTYPE = torch.float16
LAYOUTS = (torch.contiguous_format, torch.channels_last)
TRIAL_SIZE = (720, 1280)
TRIAL_RUNS = 5
SIZES_KEPT = 6  # by each lane: what broad strokes take for one picture, and whoever goes back to a size


class CudaEngine:
    """Satisfies `stylize.engine.BroadEngine`."""

    name, precision = "cuda", "f16"

    def __init__(self, model: StyleModel, lanes: int = 1):
        """lanes: see `Engine.lanes`. Raises EngineError where there is no card."""
        if not torch.cuda.is_available():
            raise EngineError(f"no CUDA device: {why_no_cuda()}; use --engine auto")
        self.lanes = lanes
        network = copy.deepcopy(model.network).eval()
        settle(network)
        network = in_faster_layout(network.to(DEVICE, DTYPE), model.styles.shape[1])
        self._idle_lanes: queue.LifoQueue[Lane] = queue.LifoQueue()  # the one used last knows the size
        for _ in range(lanes):
            self._idle_lanes.put(Lane(SizedNetwork(network, model.multiple_of, model.min_side)))

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        """See `Engine.run`. Raises EngineError where the card fails: it has no memory left, or is gone."""
        return self.run_broad(pixels, style, stroke_size=1)

    def run_broad(self, pixels: Pixels, style: StyleVector, stroke_size: int) -> Pixels:
        """See `BroadEngine.run_broad`. Raises EngineError as `run` does."""
        lane = self._idle_lanes.get()
        try:
            return lane.paint(pixels, style, stroke_size)
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            raise EngineError(
                f"the card fails: {reason}; give a smaller --work-height, or use --engine openvino"
            ) from error
        finally:
            self._idle_lanes.put(lane)


class Lane:
    """Paints one picture at a time, on a stream of its own."""

    def __init__(self, network: SizedNetwork):
        self._network = network
        self._stream = own_stream(self)
        self._easels: OrderedDict[tuple[int, ...], Easel] = OrderedDict()

    @torch.no_grad()
    def paint(self, pixels: Pixels, style: StyleVector, stroke_size: int) -> Pixels:
        """Where memory runs out, what is kept for other sizes is given up."""
        with torch.cuda.stream(self._stream):
            with contextlib.suppress(torch.OutOfMemoryError):
                return self._easel_for(pixels.shape, stroke_size, len(style)).paint(pixels, style)
            self._easels.clear()  # not earlier: an error that is being handled keeps alive what it failed with
            return self._easel_for(pixels.shape, stroke_size, len(style)).paint(pixels, style)

    def _easel_for(self, shape: tuple[int, ...], stroke_size: int, style_length: int) -> Easel:
        """The one used last stands last."""
        key = (*shape, stroke_size)
        if key not in self._easels:
            if len(self._easels) == SIZES_KEPT:
                self._easels.popitem(last=False)
            self._easels[key] = Easel(self._network, self._stream, shape, stroke_size, style_length)
        self._easels.move_to_end(key)
        return self._easels[key]


class Easel:
    """Buffers, and the captured work of one picture, for one size and one breadth of strokes."""

    def __init__(
        self, network: SizedNetwork, stream: torch.cuda.Stream, shape: tuple[int, ...], stroke_size: int,
        style_length: int,
    ):
        """shape: (H, W, 3). The stream is the current one."""
        self._network, self._stream, self._stroke_size = network, stream, stroke_size
        self._levels = torch.zeros(shape, dtype=torch.uint8, device=DEVICE)
        self._departure = Departure(self._levels)
        self._style = torch.zeros((1, style_length), dtype=DTYPE, device=DEVICE)
        self._style_there: StyleVector | None = None
        self._repaint: Callable[[], Tensor] | None = None
        self._was_used = False

    def paint(self, pixels: Pixels, style: StyleVector) -> Pixels:
        """The result is in pinned memory of its own."""
        self._send_style(style)
        self._departure.send(pixels)
        return fetched(self._painting())

    def _send_style(self, style: StyleVector) -> None:
        """A new one only: on its way from ordinary memory it is waited for."""
        if self._style_there is None or not np.array_equal(style, self._style_there):
            self._style.copy_(torch.from_numpy(style).unsqueeze(0))
            self._style_there = style.copy()

    def _painting(self) -> Tensor:
        """Captured when it is wanted a second time: a lone picture is painted sooner than that is done."""
        if self._repaint is not None:
            return self._repaint()
        if self._was_used:
            self._repaint = captured(self._painted, self._stream)
            return self._repaint()
        self._was_used = True
        return self._painted()

    def _painted(self) -> Tensor:
        """uint8 (H, W, 3), of what lies in the buffers."""
        return to_levels(painted_coarse_to_fine(from_levels(self._levels, DTYPE), self._paint, self._stroke_size))

    def _paint(self, image: Tensor) -> Tensor:
        return self._network.painted(image, self._style)


class SizedNetwork:
    """A network that takes pictures of any size: extended to the right and down until it can, and cropped again."""

    def __init__(self, network: nn.Module, multiple_of: int, min_side: int):
        self._network, self._multiple_of, self._min_side = network, multiple_of, min_side

    def painted(self, image: Tensor, style: Tensor) -> Tensor:
        """(1, 3, H, W) in [0, 1] to the same, nominally."""
        height, width = image.shape[2:]
        bottom, right = (taken_side(side, self._multiple_of, self._min_side) - side for side in (height, width))
        if bottom or right:
            can_mirror = bottom < height and right < width
            image = functional.pad(image, (0, right, 0, bottom), mode="reflect" if can_mirror else "replicate")
        painted: Tensor = self._network(image, style)
        return painted[:, :, :height, :width]


@torch.no_grad()
def in_faster_layout(network: nn.Module, style_length: int) -> nn.Module:
    """Planes or channels-last, by trial: convolutions like the one, normalizations the other.

    Captured, as it will be used: else a fast card waits for Python with either. The whole card is never waited for,
    since another thread may be capturing.
    """
    stream = own_stream(network)
    stream.wait_stream(torch.cuda.current_stream())  # which the network came by
    with torch.cuda.stream(stream):
        image = torch.zeros((1, 3, *TRIAL_SIZE), dtype=DTYPE, device=DEVICE)
        style = torch.zeros((1, style_length), dtype=DTYPE, device=DEVICE)

        def seconds(layout: torch.memory_format) -> float:
            network.to(memory_format=layout)
            laid_out = image.contiguous(memory_format=layout)
            repaint = captured(lambda: network(laid_out, style), stream)
            stream.synchronize()
            started = time.perf_counter()
            for _ in range(TRIAL_RUNS):
                repaint()
            stream.synchronize()
            return time.perf_counter() - started

        network.to(memory_format=min(LAYOUTS, key=seconds))
        stream.synchronize()
    return network


def why_no_cuda() -> str:
    """For the user, where `torch.cuda.is_available()` says no."""
    if torch.version.cuda is None:
        return "this torch was built without CUDA"
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
    except (RuntimeError, AssertionError) as error:
        return str(error).partition(". ")[0].strip()
    return "no NVIDIA card was found"
