"""Where there is no card, its kernels run on the processor."""

from __future__ import annotations

import pytest

from fnst_live.stabilize.device_kernels import BUILDERS
from tests.stabilize.host_kernels import COMPILER, HostKernels


@pytest.fixture
def host_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device "cpu" is a card as far as the stabilizer knows."""
    if COMPILER is None:
        pytest.skip("no C++ compiler here, which the card's kernels are built with for the processor")
    monkeypatch.setitem(BUILDERS, "cpu", HostKernels)
