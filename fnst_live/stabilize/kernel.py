"""Loops over pixels, compiled to machine code by Numba when they are first called, and kept on disk for the next start.

For what OpenCV has no single call: each of its calls goes through memory once, and a chain of ten small ones costs ten
times what the arithmetic does. Kernels hold no interpreter lock, write only into arrays they are given, and trust their
caller with the shapes: nothing is checked in there. They take arrays, numbers and plain tuples of them: a class of ours
would be named in what lies on disk, which nobody could read any more when it has gone.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache

Function = TypeVar("Function", bound=Callable[..., Any])

log = logging.getLogger(__name__)


def kernel(function: Function) -> Function:
    """Sums may be taken in any order, and no value is a NaN."""
    return _compiled(function)


def inlined(function: Function) -> Function:
    """A kernel that becomes part of those that call it."""
    return _compiled(function, forceinline=True)


def _compiled(function: Function, **options: bool) -> Function:
    settings: dict[str, Any] = {"fastmath": True, "nogil": True, "error_model": "numpy", **options}
    compiled: Any = numba.njit(**settings)(function)
    with contextlib.suppress(RuntimeError):  # neither beside this file nor in the user's cache anything can be written
        compiled._cache = KernelCache(function)  # type: ignore[no-untyped-call]
    return cast(Function, compiled)


class KernelCache(FunctionCache):
    """Numba's own, but for what it takes to be whole: files that a power cut left empty, and a disk that is full."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """None where there is nothing that can be read; then it is compiled, and written anew."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception as error:  # noqa: BLE001  (whatever unpickling damage raises)
            log.info("compiling anew what the cache holds damaged: %r", error)
        with contextlib.suppress(OSError):
            self.flush()  # type: ignore[no-untyped-call]
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except Exception as error:  # noqa: BLE001  (it reads the index before it writes)
            log.info("not kept for the next start: %r", error)
