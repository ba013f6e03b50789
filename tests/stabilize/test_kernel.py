from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from fnst_live.stabilize.kernel import inlined, kernel


@pytest.mark.parametrize("decorator", [kernel, inlined])
def test_where_nothing_can_be_kept_kernels_are_compiled_at_every_start(
    monkeypatch: pytest.MonkeyPatch, decorator: Callable[[Any], Any]
) -> None:
    compile_it = numba.njit

    def njit(cache: bool = False, **settings: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return compile_it(**settings)

    def double(values: Any) -> None:
        for place in range(values.size):
            values[place] *= 2

    with monkeypatch.context() as patch:
        patch.setattr(numba, "njit", njit)
        compiled = decorator(double)
    values = np.arange(4, dtype=np.float32)
    compiled(values)
    assert values.tolist() == [0, 2, 4, 6]
