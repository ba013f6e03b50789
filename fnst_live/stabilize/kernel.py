"""Loops over pixels, compiled to machine code by Numba when they are first called, and kept on disk for the next start.

For what OpenCV has no single call: each of its calls goes through memory once, and a chain of ten small ones costs ten
times what the arithmetic does. Kernels hold no interpreter lock, write only into arrays they are given, and trust their
caller with the shapes: nothing is checked in there. They take arrays, numbers and plain tuples of them: a class of ours
would be named in what lies on disk, which nobody could read any more when it has gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Sums may be taken in any order, and no value is a NaN."""
    return _compiled(function)


def inlined(function: Function) -> Function:
    """A kernel that becomes part of those that call it."""
    return _compiled(function, forceinline=True)


def _compiled(function: Function, **options: bool) -> Function:
    settings: dict[str, Any] = {"fastmath": True, "nogil": True, "error_model": "numpy", **options}
    try:
        return cast(Function, numba.njit(cache=True, **settings)(function))
    except RuntimeError:  # neither beside this file nor in the user's cache anything can be written
        return cast(Function, numba.njit(**settings)(function))
