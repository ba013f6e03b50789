"""What is remembered: all of it, and nothing that is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnst_live import paths
from fnst_live.gui.picture_layout import Comparison
from fnst_live.gui.window_state import WindowState, load_state, save_state, state_file
from fnst_live.live_settings import LiveLook, SourceSpec

FULL = WindowState(
    SourceSpec("camera", Path("/dev/video2"), 1280, 720, 29.97, "MJPG"),
    LiveLook("udnie", "great-wave", 0.3, 0.5, 0.2, True, 480, 24.0, True, "torch"),
    "AAEC", Comparison.WIPE, 0.25, False, False, True, False, False, True, "/films",
)


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "new" / "window.json"
    save_state(file, FULL)
    assert load_state(file) == FULL
    assert [path.name for path in file.parent.iterdir()] == ["window.json"]


def test_without_a_file_it_is_a_first_start(tmp_path: Path) -> None:
    assert load_state(tmp_path / "none.json") == WindowState()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00\x01", '"text"'])
def test_a_damaged_file_is_a_first_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "window.json"
    file.write_text(text)
    assert load_state(file) == WindowState()


@pytest.mark.parametrize(("field", "value"), [
    ("wipe", "left"), ("comparison", "upside down"), ("is_hud_shown", 3), ("look", []), ("source", "camera"),
    ("look", {"strength": 7}), ("look", {"strength": "much"}), ("look", {"work_height": "high"}),
    ("look", {"stroke_size": 3}), ("look", {"stroke_size": "broad"}),
    ("look", {"upscale": 3}), ("look", {"upscale": "much"}),
    ("source", {"kind": "video"}), ("geometry", None), ("unknown", 1),
])
def test_what_cannot_be_read_costs_only_itself(tmp_path: Path, field: str, value: object) -> None:
    file = tmp_path / "window.json"
    file.write_text(json.dumps({"folder": "/films", "is_panel_shown": False, field: value}))
    assert load_state(file) == WindowState(folder="/films", is_panel_shown=False)


def test_it_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FNST_LIVE_CONFIG", str(tmp_path / "here"))
    assert state_file() == tmp_path / "here" / "window.json"
    monkeypatch.delenv("FNST_LIVE_CONFIG")
    assert paths.config_dir().is_absolute()
