"""What was dropped is told apart by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fnst_live.gui.dropped_files import sort_dropped


def test_models_paintable_files_and_the_rest() -> None:
    dropped = sort_dropped([Path("a.MP4"), Path("b.jpeg"), Path("c.safetensors"), Path("d.pth"), Path("e.txt")])
    assert dropped.paintable == (Path("a.MP4"), Path("b.jpeg"))
    assert dropped.models == (Path("c.safetensors"), Path("d.pth"))
    assert dropped.complaint == "e.txt cannot be used: drop videos, pictures or style models"


def test_a_folder_stands_for_what_can_be_painted_in_it(tmp_path: Path) -> None:
    for name in ("2.mp4", "1.png", "notes.txt"):
        (tmp_path / name).touch()
    assert sort_dropped([tmp_path]).paintable == (tmp_path / "1.png", tmp_path / "2.mp4")


def test_a_folder_with_nothing_to_paint_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "notes.txt").touch()
    assert sort_dropped([tmp_path / "letters"]).complaint.startswith("letters cannot be used")


def test_a_folder_that_may_not_be_read_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert sort_dropped([tmp_path]).unknown == (tmp_path,)


def test_forty_files() -> None:
    dropped = sort_dropped([Path(f"{number}.mov") for number in range(40)] + [Path("x.doc"), Path("y.doc")])
    assert len(dropped.paintable) == 40
    assert dropped.complaint.startswith("x.doc and 1 more cannot be used")


def test_nothing_to_complain_of() -> None:
    assert not sort_dropped([Path("a.mp4")]).complaint
