"""Names with dates, never one that is taken."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from fnst_live.errors import OutputError
from fnst_live.sinks.dated import dated_path
from fnst_live.sinks.provisional import provisional_path

MOMENT = datetime(2026, 3, 1, 14, 5, 9).astimezone()


def test_the_name_tells_the_moment_and_the_folder_is_made(tmp_path: Path) -> None:
    path = dated_path(tmp_path / "Pictures" / "fnst", ".png", at=MOMENT)
    assert path == tmp_path / "Pictures" / "fnst" / "fnst-live 2026-03-01 14.05.09.png"
    assert path.parent.is_dir()


def test_a_second_one_in_the_same_second_is_numbered(tmp_path: Path) -> None:
    for count in ("", " (2)", " (3)"):
        path = dated_path(tmp_path, ".png", at=MOMENT)
        assert path.name == f"fnst-live 2026-03-01 14.05.09{count}.png"
        path.touch()


def test_what_a_crash_left_is_not_written_over(tmp_path: Path) -> None:
    provisional_path(dated_path(tmp_path, ".mp4", at=MOMENT)).touch()
    assert dated_path(tmp_path, ".mp4", at=MOMENT).name == "fnst-live 2026-03-01 14.05.09 (2).mp4"


def test_now_is_the_usual_moment(tmp_path: Path) -> None:
    assert dated_path(tmp_path, ".png").name.startswith(f"fnst-live {datetime.now().astimezone().year}")


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        dated_path(tmp_path / "file" / "folder", ".png")
