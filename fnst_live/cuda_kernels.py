"""Kernels in CUDA C++, compiled for the card at hand by the compiler that comes with torch (NVRTC), and launched on
torch's tensors: where a picture takes hundreds of small steps, one kernel a step is what torch's operations are not.

A kernel's first parameter is `count`, the number of things it does its work for; the others are tensors of the device,
whole numbers and float32.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping, Sequence
from ctypes import byref, c_char_p, c_float, c_int, c_size_t, c_void_p
from functools import cache
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

Argument = Tensor | int | float

BLOCK = 128  # threads


class Kernels(Protocol):
    def launch(self, name: str, count: int, *arguments: Argument) -> None:
        """Queue the work. The tensors must stay until it is done, and those it is replayed on as long as that."""
        ...


def source_of(files: Sequence[Path], constants: Mapping[str, float]) -> str:
    """The files one after the other, behind the constants: whole numbers, and float32 for all others."""
    lines = [f"#define {name} {_literal(value)}" for name, value in constants.items()]
    return "\n".join([*lines, *(file.read_text(encoding="utf-8") for file in files)])


def _literal(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{float(value)!r}f"


class CudaKernels:
    """Satisfies `Kernels`. Raises RuntimeError where they cannot be compiled or loaded."""

    def __init__(self, source: str):
        torch.cuda.init()  # type: ignore[no-untyped-call]
        torch.zeros(1, device="cuda")  # from here on this thread has the context that kernels are loaded into
        self._driver = _driver()
        self._context, self._module = c_void_p(), c_void_p()
        self._check(self._driver.cuCtxGetCurrent(byref(self._context)))
        self._binary = compiled(source, *torch.cuda.get_device_capability())
        self._check(self._driver.cuModuleLoadData(byref(self._module), self._binary))
        self._functions: dict[str, c_void_p] = {}

    def launch(self, name: str, count: int, *arguments: Argument) -> None:
        """On the current stream."""
        if count == 0:
            return
        values = [c_int(count), *map(_as_parameter, arguments)]
        parameters = (c_void_p * len(values))(*(ctypes.cast(byref(value), c_void_p) for value in values))
        stream = c_void_p(torch.cuda.current_stream().cuda_stream)
        blocks = -(-count // BLOCK)
        self._check(self._driver.cuCtxSetCurrent(self._context))  # a thread may not have any yet
        self._check(
            self._driver.cuLaunchKernel(self._function(name), blocks, 1, 1, BLOCK, 1, 1, 0, stream, parameters, None)
        )

    def _function(self, name: str) -> c_void_p:
        if name not in self._functions:
            function = c_void_p()
            self._check(self._driver.cuModuleGetFunction(byref(function), self._module, name.encode()))
            self._functions[name] = function
        return self._functions[name]

    def _check(self, result: int) -> None:
        if result:
            reason = c_char_p()
            self._driver.cuGetErrorString(result, byref(reason))
            raise RuntimeError(f"CUDA error: {(reason.value or b'unknown').decode()}")


def _as_parameter(argument: Argument) -> c_void_p | c_int | c_float:
    if isinstance(argument, Tensor):
        return c_void_p(argument.data_ptr())
    return c_int(argument) if isinstance(argument, int) else c_float(argument)


def compiled(source: str, major: int, minor: int) -> bytes:
    """For cards of that compute capability: their own code, or, if the compiler is older than they are, what their
    driver makes such code of. Raises RuntimeError."""
    compiler = _compiler()
    newest = max(number for number in _architectures(compiler) if number <= 10 * major + minor)
    is_exact = newest == 10 * major + minor
    options = [f"--gpu-architecture={'sm' if is_exact else 'compute'}_{newest}", "--std=c++17"]
    program = c_void_p()
    _require(compiler.nvrtcCreateProgram(byref(program), source.encode(), b"kernels.cu", 0, None, None))
    try:
        given = (c_char_p * len(options))(*(option.encode() for option in options))
        if compiler.nvrtcCompileProgram(program, len(options), given):
            raise RuntimeError(f"the kernels cannot be compiled: {_log_of(compiler, program)}")
        result = "CUBIN" if is_exact else "PTX"
        size = c_size_t()
        _require(getattr(compiler, f"nvrtcGet{result}Size")(program, byref(size)))
        code = ctypes.create_string_buffer(size.value)
        _require(getattr(compiler, f"nvrtcGet{result}")(program, code))
        return code.raw
    finally:
        compiler.nvrtcDestroyProgram(byref(program))


def _architectures(compiler: ctypes.CDLL) -> list[int]:
    """As 10 * major + minor."""
    count = c_int()
    _require(compiler.nvrtcGetNumSupportedArchs(byref(count)))
    numbers = (c_int * count.value)()
    _require(compiler.nvrtcGetSupportedArchs(numbers))
    return list(numbers)


def _log_of(compiler: ctypes.CDLL, program: c_void_p) -> str:
    size = c_size_t()
    compiler.nvrtcGetProgramLogSize(program, byref(size))
    log = ctypes.create_string_buffer(size.value)
    compiler.nvrtcGetProgramLog(program, log)
    return log.value.decode(errors="replace").strip()


def _require(result: int) -> None:
    if result:
        raise RuntimeError(f"the kernels cannot be compiled: NVRTC error {result}")


@cache
def _compiler() -> ctypes.CDLL:
    """Torch has loaded it, or knows where it is."""
    major = (torch.version.cuda or "").partition(".")[0]
    return _library(f"nvrtc64_{major}0_0.dll" if sys.platform == "win32" else f"libnvrtc.so.{major}")


@cache
def _driver() -> ctypes.CDLL:
    return _library("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")


def _library(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise RuntimeError(f"{name} cannot be loaded: {error}") from error
