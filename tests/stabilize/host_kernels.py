"""The card's kernels as C++ for the processor: the same source, where a kernel is a loop."""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from torch import Tensor

from fnst_live.cuda_kernels import Argument

COMPILER = shutil.which("g++") or shutil.which("clang++")


class HostKernels:
    """Satisfies `cuda_kernels.Kernels`, for tensors of the CPU."""

    def __init__(self, source: str):
        self._library = ctypes.CDLL(str(_compiled(source)))

    def launch(self, name: str, count: int, *arguments: Argument) -> None:
        getattr(self._library, name)(ctypes.c_int(count), *map(_as_parameter, arguments))


def _as_parameter(argument: Argument) -> ctypes.c_void_p | ctypes.c_int | ctypes.c_float:
    if isinstance(argument, Tensor):
        assert argument.is_contiguous()
        return ctypes.c_void_p(argument.data_ptr())
    return ctypes.c_int(argument) if isinstance(argument, int) else ctypes.c_float(argument)


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="fnst_live_kernels_")  # gone when the interpreter ends


@functools.cache
def _compiled(source: str) -> Path:
    assert COMPILER is not None
    library = Path(_folder().name, f"kernels_{abs(hash(source))}.so")
    options = ["-O2", "-std=c++17", "-shared", "-fPIC", "-DON_HOST", "-x", "c++", "-", "-o", str(library)]
    subprocess.run([COMPILER, *options], input=source, text=True, check=True, capture_output=True)
    return library
