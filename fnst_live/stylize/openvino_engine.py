"""OpenVINO on the CPU: float32, bfloat16 where the processor has it, or int8.

Bytes go in and come out: conversion, scaling, clamping and rounding are part of the compiled graph. A graph is compiled
for one size, in a tenth of a second; a graph of any size would take twice as long for every picture.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict

import numpy as np
import openvino as ov

from fnst_live.errors import EngineError
from fnst_live.frames.frame import Pixels
from fnst_live.openvino_core import openvino_core
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.engine import StyleVector
from fnst_live.stylize.openvino_graph import graph_of
from fnst_live.stylize.quantization import input_ranges, saturates_sums

# The binding sets up a table when a tensor's memory is first looked at, and two threads that do so at once wait for
# ever: one for the table, with the interpreter's lock in its hand, the other for that lock. Here there is but one.
_TOUCHED = ov.Tensor(np.zeros(1, np.uint8)).data

SIZES_KEPT = 6  # compiled: what broad strokes take for one picture, and whoever goes back to a size

Requests = queue.SimpleQueue[ov.InferRequest]


class OpenVinoEngine:
    """Satisfies `stylize.engine.Engine`."""

    name = "openvino"

    def __init__(self, model: StyleModel, precision: str = "f32", lanes: int = 1):
        """precision: "f32", "bf16" or "int8". lanes: see `Engine.lanes`. Raises EngineError."""
        if precision not in available_precisions():
            raise EngineError(f"this processor has no {precision} instructions; use --engine auto")
        self.precision = precision
        self.lanes = lanes
        self._model = model
        self._ranges = input_ranges(model) if precision == "int8" else None
        self._spares_bit = precision == "int8" and saturates_sums()
        self._has_style = model.style_table.shape[1] > 0
        self._requests: OrderedDict[tuple[int, int], Requests] = OrderedDict()
        self._compiling = threading.Lock()

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        inputs = [pixels[None], style[None]] if self._has_style else [pixels[None]]
        idle_requests = self._requests_for(*pixels.shape[:2])
        request = idle_requests.get()
        try:
            result: Pixels = request.infer(inputs)[0][0].copy()  # its next run writes into the same memory
        finally:
            idle_requests.put(request)
        return result

    def _requests_for(self, height: int, width: int) -> Requests:
        """One request a lane, of the graph that is compiled for this size."""
        with self._compiling:
            if (height, width) not in self._requests:
                self._requests[height, width] = self._compiled(height, width)
            self._requests.move_to_end((height, width))
            if len(self._requests) > SIZES_KEPT:
                self._requests.popitem(last=False)
            return self._requests[height, width]

    def _compiled(self, height: int, width: int) -> Requests:
        graph = graph_of(self._model, height, width, self._ranges, spares_bit=self._spares_bit)
        compiled = openvino_core().compile_model(graph, "CPU", _configuration(self.precision, self.lanes))
        idle_requests: Requests = queue.SimpleQueue()
        for _ in range(self.lanes):
            idle_requests.put(compiled.create_infer_request())
        return idle_requests


def _configuration(precision: str, lanes: int) -> dict[str, str | int]:
    """One lane: all cores on one picture. Several: the cores are shared out, and none waits for another's share."""
    hint = "LATENCY" if lanes == 1 else "THROUGHPUT"
    rest = available_precisions()[0] if precision == "int8" else precision
    return {"INFERENCE_PRECISION_HINT": rest, "PERFORMANCE_HINT": hint, "NUM_STREAMS": lanes}


def available_precisions() -> list[str]:
    """What this processor computes natively, the fastest in floating point first."""
    capabilities = openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ["bf16", "f32", "int8"] if "BF16" in capabilities else ["f32", "int8"]
