"""Kernels for a card: compiled here, where torch brings its compiler; launched on a fake driver, or on a card."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest
import torch

from fnst_live import cuda_kernels
from fnst_live.cuda_kernels import CudaKernels, compiled, source_of
from fnst_live.stabilize import device_blend, device_flow, device_motion
from fnst_live.stabilize.device_kernels import FOLDER, PLACES

SOURCES = {
    part: source_of(
        [FOLDER / "device_common.cuh", FOLDER / f"device_{part}.cu"], {**module.CONSTANTS, "PLACES": PLACES}
    )
    for part, module in (("flow", device_flow), ("motion", device_motion), ("blend", device_blend))
}
SCALE = """
extern "C" __global__ void scale(int count, const float *from, float *to, float factor, int shift) {
    const int index = blockIdx.x * blockDim.x + threadIdx.x;
    if (index < count) to[index] = FACTOR * factor * from[index] + shift;
}
"""

needs_compiler = pytest.mark.skipif(torch.version.cuda is None, reason="this torch was built without CUDA")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def test_constants_come_first_whole_numbers_as_such_and_all_others_in_float32(tmp_path: Any) -> None:
    (tmp_path / "one.cu").write_text("first")
    (tmp_path / "two.cu").write_text("second")
    source = source_of([tmp_path / "one.cu", tmp_path / "two.cu"], {"STEP": 3, "EDGE": 1e-4, "LEVEL": 2.0})
    assert source.splitlines() == ["#define STEP 3", "#define EDGE 0.0001f", "#define LEVEL 2.0f", "first", "second"]


@needs_compiler
@pytest.mark.parametrize("part", SOURCES)
@pytest.mark.parametrize("capability", [(7, 5), (8, 6), (9, 0)])
def test_what_ships_compiles_for_cards_old_and_new(part: str, capability: tuple[int, int]) -> None:
    assert compiled(SOURCES[part], *capability).startswith(b"\x7fELF")


@needs_compiler
def test_for_a_card_newer_than_the_compiler_its_driver_is_left_the_rest() -> None:
    assert b".target" in compiled(SCALE.replace("FACTOR", "2"), 99, 0)


@needs_compiler
def test_what_does_not_compile_says_where() -> None:
    with pytest.raises(RuntimeError, match=r'compiled: kernels.cu\(4\): error: identifier "FACTOR" is undefined'):
        compiled(SCALE, 9, 0)


def test_without_the_compiler_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "7.0")
    cuda_kernels._compiler.cache_clear()
    with pytest.raises(RuntimeError, match="cannot be loaded"):
        cuda_kernels._compiler()


class FakeDriver:
    """Notes what is launched, with the values that stand where the parameters point; fails from the given call on."""

    def __init__(self, failing: str = ""):
        self.failing = failing
        self.launched: list[tuple[int, int, list[int]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_: int(name == self.failing)

    def cuLaunchKernel(self, _: Any, blocks: int, *rest: Any) -> int:  # noqa: N802  (the driver's name)
        parameters = rest[-2]
        values = [ctypes.cast(place, ctypes.POINTER(ctypes.c_int)).contents.value for place in parameters]
        self.launched.append((blocks, rest[2], values))
        return 0

    def cuGetErrorString(self, _: int, reason: Any) -> None:  # noqa: N802
        reason._obj.value = b"out of memory"


class FakeStream:
    cuda_stream = 0


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    fake = FakeDriver()
    monkeypatch.setattr(cuda_kernels, "compiled", lambda *_: b"")
    monkeypatch.setattr(cuda_kernels, "_driver", lambda: fake)
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    monkeypatch.setattr(torch.cuda, "current_stream", FakeStream)
    monkeypatch.setattr(torch, "zeros", lambda *_, **__: None)
    return fake


def test_as_many_blocks_as_the_work_takes_and_every_parameter_in_its_place(driver: FakeDriver) -> None:
    kernels = CudaKernels("")
    kernels.launch("scale", 300, 7, 1.0)
    kernels.launch("scale", 0, 7, 1.0)
    one = int.from_bytes(bytes(ctypes.c_float(1.0)), "little")
    assert driver.launched == [(3, 128, [300, 7, one])]  # nothing to do is nothing launched


def test_what_the_driver_refuses_is_told(driver: FakeDriver) -> None:
    driver.failing = "cuModuleGetFunction"
    with pytest.raises(RuntimeError, match="CUDA error: out of memory"):
        CudaKernels("").launch("scale", 1)


@needs_cuda
def test_on_a_card() -> None:
    numbers, scaled = torch.arange(1000.0, device="cuda"), torch.zeros(1000, device="cuda")
    CudaKernels(SCALE.replace("FACTOR", "2")).launch("scale", 1000, numbers, scaled, 0.5, 3)
    assert torch.equal(scaled, numbers + 3)
