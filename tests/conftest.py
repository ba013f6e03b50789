"""What every test stands on: folders of its own, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

THREAD_PATIENCE_S = 10  # how long a thread that is on its way out may take


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing a test compiles, measures or installs is seen by another, or by the user's own program."""
    for variable in ("FNST_LIVE_CACHE", "FNST_LIVE_DATA", "FNST_LIVE_MODELS"):
        monkeypatch.setenv(variable, str(tmp_path_factory.mktemp(variable.lower())))


@pytest.fixture(autouse=True)
def no_thread_left_running() -> Iterator[None]:
    """A thread that outlives its run keeps the program from ending."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(THREAD_PATIENCE_S)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left running: {names}"
