"""Kernels on all cores: what is done row by row is done in bands of rows at once, since kernels hold no lock.

How many bands there are goes by the rows alone, so that every machine gets the same picture, however many cores it has.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

from fnst_live.cores import usable_cores

ROWS = 96         # of a band, or a little more; less is done sooner than handed over
CHEAP_ROWS = 192  # the same, where there is little to be done with each
MOST_HELPERS = 15

Work = Callable[[int, int], object]


def in_bands(work: Work, rows: int, least: int = ROWS) -> None:
    """Call work(top, bottom) for bands of at least so many rows, and return when all are done. Raises what it raises.

    What no helper has begun with when the caller has done its own, the caller does, too: where all cores are busy
    anyway, nobody waits.
    """
    count = max(1, rows // least)
    mine, *others = itertools.pairwise(rows * number // count for number in range(count + 1))
    helpers = _helpers()
    if helpers is None or not others:
        for band in (mine, *others):
            work(*band)
        return
    given = [(band, helpers.submit(work, *band)) for band in others]
    try:
        work(*mine)
        for band, future in reversed(given):
            if future.cancel():
                work(*band)
    finally:  # no band may still be written to when the caller goes on, whatever happened
        begun = [future for _, future in given if not future.cancel()]
        wait(begun)
    for future in begun:
        future.result()


@cache
def _helpers() -> ThreadPoolExecutor | None:
    """One for each core but the caller's; None where there is no other."""
    cores = usable_cores()
    return ThreadPoolExecutor(min(cores - 1, MOST_HELPERS), "band") if cores > 1 else None
