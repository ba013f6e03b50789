"""Between which limits a network's layers work, so that their inputs can be had in 256 levels (Jacob et al. 2018).

Found by looking: the network paints the built-in scene in all its styles, in a second, and remembered. What other
pictures bring beyond those limits is clipped, which costs less than finer limits would: the picture stays within some
40 dB of float32.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from fnst_live.frames.frame import FrameSize
from fnst_live.openvino_core import openvino_core
from fnst_live.scene.landscape import Landscape
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.fingerprint import machine_fingerprint, model_fingerprint, styles_fingerprint
from fnst_live.stylize.memory import recalled, remember
from fnst_live.stylize.openvino_graph import Convolutions, Range, ranges_graph_of

SCENE = FrameSize(320, 240)
PHASES = (0.0, 0.5)  # of the scene's loop
RANGES_FILE = "ranges.json"


def input_ranges(model: StyleModel) -> list[Range]:
    """Of every convolution, in the order of its graph."""
    key = f"{machine_fingerprint()} {model_fingerprint(model)} {styles_fingerprint(model)}"
    ranges = _as_ranges(recalled(RANGES_FILE, key), _convolution_count(model))
    if not ranges:
        ranges = measured_ranges(model)
        remember(RANGES_FILE, key, ranges)
    return ranges


def _convolution_count(model: StyleModel) -> int:
    return sum(weight.ndim == 4 for weight in model.weights.values())


def _as_ranges(found: Any, count: int) -> list[Range]:
    """What was remembered; nothing where it is something else than so many."""
    try:
        ranges = [(float(low), float(high)) for low, high in found]
    except (TypeError, ValueError):
        return []
    are_right = len(ranges) == count and all(low < high and math.isfinite(high - low) for low, high in ranges)
    return ranges if are_right else []


def measured_ranges(model: StyleModel) -> list[Range]:
    """The same, whatever is remembered."""
    graph = ranges_graph_of(model, SCENE.height, SCENE.width)
    watching = openvino_core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    landscape = Landscape(SCENE)
    limits = []
    for phase in PHASES:
        pixels = landscape.picture(phase)[None].copy()
        pixels[0, 0, :2] = (0,), (255,)  # a picture's own limits
        for style in model.style_table:
            inputs = [pixels, style[None]] if style.size else [pixels]
            found = watching(inputs)
            limits.append([float(found[i]) for i in range(len(found))])
    low, high = np.array(limits)[:, ::2].min(0), np.array(limits)[:, 1::2].max(0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


@cache
def saturates_sums() -> bool:
    """Whether this processor adds two products of bytes in 16 bits, which then stop at the largest number: before VNNI
    they all do. Weights of 7 bits leave room for the sum. Found by trying."""
    channels = 64
    x = ops.parameter([1, channels, 4, 4], ov.Type.f32)
    y = Convolutions([(0.0, 255.0)])(x, np.ones((channels, channels, 1, 1), np.float32))
    trial = openvino_core().compile_model(ov.Model([y], [x]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = trial([np.full((1, channels, 4, 4), 255, np.float32)])[0]
    return float(found.min()) < 0.99 * channels * 255
