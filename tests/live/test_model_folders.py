"""Model folders are watched; a model that is dropped is checked and taken over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fnst_live import paths
from fnst_live.errors import OutputError, StyleError
from fnst_live.live.model_folders import FolderWatch, contents_of, take_over
from fnst_live.style_library import list_styles

PATIENCE_S = 20
WriteModel = Callable[..., Path]


def test_what_comes_changes_or_goes_is_seen() -> None:
    folder = paths.user_models_dir()
    file = folder / "new.safetensors"
    is_changed = threading.Event()
    watch = FolderWatch(is_changed.set, every_s=0.01)
    watch.start()
    for change in (lambda: file.write_bytes(b"1"), lambda: file.write_bytes(b"22"), file.unlink):
        change()
        assert is_changed.wait(PATIENCE_S)
        is_changed.clear()
    watch.close()


def test_a_watch_that_was_never_started_can_be_closed() -> None:
    FolderWatch(lambda: None).close()


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert contents_of([tmp_path / "none"]) == frozenset()


def test_a_model_is_taken_over_and_listed(write_model: WriteModel) -> None:
    assert take_over(write_model(None, "meadow", "brook")) == ("meadow", "brook")
    assert {"meadow", "brook"} <= {entry.name for entry in list_styles()}
    assert [file.name for file in paths.user_models_dir().iterdir()] == ["tiny.safetensors"]


def test_the_folder_is_made_if_need_be(write_model: WriteModel) -> None:
    paths.user_models_dir().rmdir()
    take_over(write_model())
    assert paths.user_models_dir().is_dir()


def test_the_same_model_again_is_no_second_one_but_another_of_its_name_is(
    write_model: WriteModel, tmp_path: Path
) -> None:
    first, second = (write_model(tmp_path / f"{seed}" / "m.safetensors", seed=seed) for seed in (1, 2))
    for file in (first, first, second, second):
        take_over(file)
    assert {file.name for file in paths.user_models_dir().iterdir()} == {"m.safetensors", "m-2.safetensors"}


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\xff" * 64])
def test_what_is_no_model_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "wrong.safetensors"
    file.write_bytes(content)
    with pytest.raises(StyleError):
        take_over(file)
    assert list(paths.user_models_dir().iterdir()) == []


def test_a_model_whose_weights_are_cut_short_is_refused(write_model: WriteModel) -> None:
    file = write_model()
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(StyleError):
        take_over(file)


def test_a_folder_that_cannot_be_written_is_said_so(
    write_model: WriteModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FNST_LIVE_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(OutputError, match="cannot be copied"):
        take_over(write_model())
