"""Names for models and machines, so that what was compiled or measured for one is never used for another."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

from fnst_live.cores import usable_cores
from fnst_live.stylenet.model_file import StyleModel

CPU_INFO = Path("/proc/cpuinfo")


def model_fingerprint(model: StyleModel) -> str:
    """Of the network alone: styles are data that come and go."""
    digest = hashlib.sha256(repr((model.header.architecture, model.header.shape)).encode())
    for name, weight in sorted(model.weights.items()):
        digest.update(name.encode())
        digest.update(weight.tobytes())
    digest.update(repr(model.norm_eps).encode())
    return digest.hexdigest()[:16]


def styles_fingerprint(model: StyleModel) -> str:
    """Of the styles alone, in their order."""
    return hashlib.sha256(model.style_table.tobytes()).hexdigest()[:16]


def machine_fingerprint() -> str:
    """Processor, its instruction sets, core count, CUDA card, versions of the libraries and of this program."""
    threads = f"{usable_cores()} {os.environ.get('OMP_NUM_THREADS', '')}"
    parts = [cpu_name(), " ".join(cpu_flags()), threads, cuda_name() or "no cuda",
             *(f"{name} {library_version(name)}" for name in ("fnst-live", "torch", "openvino"))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def library_version(name: str) -> str | None:
    """Of an installed distribution, without importing it; None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def cpu_name() -> str:
    """As the system calls it."""
    return _cpu_info("model name") or platform.processor() or platform.machine()


def cpu_flags() -> list[str]:
    """The instruction sets that decide the speed of a network, as far as the system tells."""
    flags = set(_cpu_info("flags").split())
    return [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8") if flag in flags]


def cuda_name() -> str | None:
    """The first CUDA card, or None; where there is no driver, torch is not loaded to ask."""
    if not has_cuda_driver():
        return None
    import torch

    try:
        return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    except RuntimeError:  # it is there, and cannot be used
        return None


def has_cuda_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _cpu_info(key: str) -> str:
    if not CPU_INFO.exists():
        return ""
    for line in CPU_INFO.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""
