"""Plain torch in float32 on the CPU: the reference that the other engines are held against."""

from __future__ import annotations

import copy

import torch

from fnst_live.frames.frame import Pixels
from fnst_live.frames.pixels import to_pixels, to_tensor
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.engine import StyleVector

CPU = torch.device("cpu")


class TorchEngine:
    """Satisfies `stylize.engine.Engine`. Channels-last throughout: twice as fast as planes."""

    name, precision = "torch", "f32"
    lanes = 1

    def __init__(self, model: StyleModel):
        self._network = copy.deepcopy(model.network).eval().to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        return to_pixels(self._network(to_tensor(pixels, CPU), torch.from_numpy(style).unsqueeze(0)))
