"""The stabilizer's kernels (device_flow.cu, device_motion.cu, device_blend.cu), made ready for a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import torch

from fnst_live.cuda_kernels import CudaKernels, Kernels, source_of

BUILDERS: dict[str, Callable[[str], Kernels]] = {"cuda": CudaKernels}  # by the device's type, from the source

FOLDER = Path(__file__).parent
PLACES = 64  # that each sum over a picture is taken in, since many threads add to it


def kernels_of(part: str, constants: Mapping[str, float], torch_device: torch.device) -> Kernels:
    """part: "flow", "motion" or "blend". Raises RuntimeError where the device runs none."""
    files = [FOLDER / "device_common.cuh", FOLDER / f"device_{part}.cu"]
    return _built(source_of(files, {**constants, "PLACES": PLACES}), torch_device.type)


@cache
def _built(source: str, device_type: str) -> Kernels:
    if device_type not in BUILDERS:
        raise RuntimeError(f"there are no kernels for {device_type}")
    return BUILDERS[device_type](source)
