"""What kernels are kept in: a cache that may be missing, full or damaged."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnst_live.stabilize import kernel as under_test
from fnst_live.stabilize.kernel import inlined, kernel

SOURCE = """
from fnst_live.stabilize.kernel import kernel

@kernel
def double(values):
    for place in range(values.size):
        values[place] *= 2
"""


def works(compiled: Callable[[Any], Any]) -> bool:
    values = np.arange(4, dtype=np.float32)
    compiled(values)
    return values.tolist() == [0, 2, 4, 6]


@pytest.mark.parametrize("decorator", [kernel, inlined])
def test_where_nothing_can_be_kept_kernels_are_compiled_at_every_start(
    monkeypatch: pytest.MonkeyPatch, decorator: Callable[[Any], Any]
) -> None:
    def refuse(_: Any) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    def double(values: Any) -> None:
        for place in range(values.size):
            values[place] *= 2

    monkeypatch.setattr(under_test, "KernelCache", refuse)
    assert works(decorator(double))


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Imports a module with a kernel as a new start of the program does."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    file = tmp_path / "doubling.py"
    file.write_text(SOURCE)

    def started() -> Any:
        spec = importlib.util.spec_from_file_location("doubling", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.double

    return started


def loaded_count(compiled: Any) -> int:
    return sum(compiled.stats.cache_hits.values())


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:200])


@pytest.mark.parametrize("damage", [emptied, cut_short])
@pytest.mark.parametrize("kind", ["*.nbi", "*.nbc"])
def test_a_damaged_cache_is_written_anew(
    damage: Callable[[Path], None], kind: str, start: Callable[[], Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(tmp_path)  # what is kept names its module
    assert works(start())
    (file,) = (tmp_path / "__pycache__").glob(kind)
    damage(file)
    mended = start()
    assert works(mended)
    assert loaded_count(mended) == 0
    third = start()
    assert works(third)
    assert loaded_count(third) == 1


def test_a_full_disk_stops_nobody(start: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile._save_data", refuse)
    assert works(start())
