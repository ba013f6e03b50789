"""OpenVINO on the CPU: float32, or bfloat16 where the processor has it.

Bytes go in and come out: conversion, scaling, clamping and rounding are part of the compiled graph. One compiled model
serves every size, since on this plugin dynamic shapes cost nothing and a new size no stall. Conversion from torch takes
seconds, so its result is kept in the cache folder.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import tempfile
from pathlib import Path

import numpy as np
import openvino as ov
import torch
from openvino import opset13 as ops
from openvino.preprocess import PrePostProcessor

from fnst_live import paths
from fnst_live.errors import EngineError
from fnst_live.frames.frame import Pixels
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.engine import StyleVector
from fnst_live.stylize.fingerprint import model_fingerprint

# The binding sets up a table when a tensor's memory is first looked at, and two threads that do so at once wait for
# ever: one for the table, with the interpreter's lock in its hand, the other for that lock. Here there is but one.
_TOUCHED = ov.Tensor(np.zeros(1, np.uint8)).data

GRAPH_VERSION = 1  # raise it when the graph made from the same weights changes
EXAMPLE_SIDE = 64
PRECISION_HINTS = {"f32": "f32", "bf16": "bf16"}


class OpenVinoEngine:
    """Satisfies `stylize.engine.Engine`."""

    name = "openvino"

    def __init__(self, model: StyleModel, precision: str = "f32", lanes: int = 1):
        """precision: "f32" or "bf16". lanes: see `Engine.lanes`. Raises EngineError."""
        if precision not in available_precisions():
            raise EngineError(f"this processor has no {precision} instructions; use --engine auto")
        self.precision = precision
        self.lanes = lanes
        self._has_style = model.styles.shape[1] > 0
        compiled = ov.Core().compile_model(_cached_graph(model), "CPU", _configuration(precision, lanes))
        self._idle_requests: queue.SimpleQueue[ov.InferRequest] = queue.SimpleQueue()
        for _ in range(lanes):
            self._idle_requests.put(compiled.create_infer_request())

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        inputs = [pixels[None], style[None]] if self._has_style else [pixels[None]]
        request = self._idle_requests.get()
        try:
            result: Pixels = request.infer(inputs)[0][0].copy()  # its next run writes into the same memory
        finally:
            self._idle_requests.put(request)
        return result


def _configuration(precision: str, lanes: int) -> dict[str, str | int]:
    """One lane: all cores on one picture. Several: the cores are shared out, and none waits for another's share."""
    hint = "LATENCY" if lanes == 1 else "THROUGHPUT"
    return {
        "INFERENCE_PRECISION_HINT": PRECISION_HINTS[precision], "PERFORMANCE_HINT": hint, "NUM_STREAMS": lanes,
    }


def available_precisions() -> list[str]:
    """What this processor computes natively, the fastest first."""
    capabilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ["bf16", "f32"] if "BF16" in capabilities else ["f32"]


def _cached_graph(model: StyleModel) -> ov.Model:
    """The converted network, from the cache if it is there and whole."""
    key = f"{model_fingerprint(model)}-ov{ov.get_version().split('-')[0]}-g{GRAPH_VERSION}"
    folder = paths.cache_dir() / "openvino" / key
    with contextlib.suppress(RuntimeError):  # not there, or damaged: made anew below
        return ov.Core().read_model(folder / "model.xml")
    graph = _convert(model)
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, nothing else
        _save_whole(graph, folder)
    return graph


def _save_whole(graph: ov.Model, folder: Path) -> None:
    """Two processes may start at once: each writes aside, the last one's whole folder stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        ov.save_model(graph, aside / "model.xml", compress_to_fp16=False)
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _convert(model: StyleModel) -> ov.Model:
    """Torch network to an OpenVINO graph that takes and gives bytes."""
    step, length = model.multiple_of, model.styles.shape[1]
    sides = {2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}
    if step > 1:
        sides = {2: step * torch.export.Dim("rows"), 3: step * torch.export.Dim("columns")}
    example = (torch.zeros(1, 3, EXAMPLE_SIDE, EXAMPLE_SIDE + 32), torch.zeros(1, length))
    exported = torch.export.export(model.network.eval(), example, dynamic_shapes=(sides, None))
    graph = ov.convert_model(exported)
    graph.reshape({0: [1, 3, -1, -1], **({1: [1, length]} if length else {})})
    return _with_bytes(graph)


def _with_bytes(graph: ov.Model) -> ov.Model:
    """uint8 NHWC at both ends."""
    processor = PrePostProcessor(graph)
    image = processor.input(0)
    image.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    image.preprocess().convert_element_type(ov.Type.f32).scale(255.0)
    image.model().set_layout(ov.Layout("NCHW"))
    output = processor.output(0)
    output.model().set_layout(ov.Layout("NCHW"))
    output.postprocess().custom(_to_levels).convert_element_type(ov.Type.u8).convert_layout(ov.Layout("NHWC"))
    return processor.build()


def _to_levels(image: ov.Output) -> ov.Output:
    levels = ops.round(ops.multiply(image, ops.constant(255.0, ov.Type.f32)), "half_to_even")
    clamped: ov.Output = ops.clamp(levels, 0.0, 255.0).output(0)
    return clamped
