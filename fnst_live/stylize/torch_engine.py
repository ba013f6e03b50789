"""Plain torch: float32 on the CPU, half precision on CUDA with normalization statistics in float32.

The reference that the other engines are held against.
"""

from __future__ import annotations

import copy

import torch

from fnst_live.errors import EngineError
from fnst_live.frames.frame import Pixels
from fnst_live.frames.pixels import to_pixels, to_tensor
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.engine import StyleVector


class TorchEngine:
    """Channels-last throughout: twice as fast as planes on a CPU, and what tensor cores want."""

    lanes = 1

    def __init__(self, model: StyleModel, name: str = "torch"):
        """name: "torch" for the CPU, "cuda" for the first CUDA card. Raises EngineError."""
        if name == "cuda" and not torch.cuda.is_available():
            raise EngineError(f"no CUDA device: {why_no_cuda()}; use --engine auto")
        self.name = name
        self.precision = "f16" if name == "cuda" else "f32"
        self._device = torch.device("cuda" if name == "cuda" else "cpu")
        self._dtype = torch.float16 if name == "cuda" else torch.float32
        network = copy.deepcopy(model.network).eval().to(self._device, self._dtype)
        self._network = network.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        image = to_tensor(pixels, self._device, self._dtype)
        vector = torch.from_numpy(style).to(self._device, self._dtype).unsqueeze(0)
        return to_pixels(self._network(image, vector))


def why_no_cuda() -> str:
    """For the user, where `torch.cuda.is_available()` says no."""
    if torch.version.cuda is None:
        return "this torch was built without CUDA"
    return "no NVIDIA driver or card was found"
