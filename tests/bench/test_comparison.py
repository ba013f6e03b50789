"""Two results side by side: above 1 is always faster."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fnst_live.bench.comparison import (
    Comparison,
    Figure,
    check_saving,
    figures_in,
    read_result,
    save_result,
)
from fnst_live.errors import InputError, OutputError

from .examples import report


@pytest.fixture
def before() -> dict[str, Any]:
    return report().as_json()


@pytest.fixture
def after() -> dict[str, Any]:
    """The network at twice the speed, the live path at half of it."""
    return report(network_ms=10, live_fps=12.5).as_json()


def test_less_time_and_more_frames_are_faster() -> None:
    assert Figure(10, "ms").gain_over(Figure(20, "ms")) == 2
    assert Figure(10, "fps").gain_over(Figure(20, "fps")) == 0.5
    assert Figure(0, "ms").gain_over(Figure(0, "ms")) == 1


def test_the_names_of_all_figures(before: dict[str, Any]) -> None:
    assert list(figures_in(before)) == [
        "matmul f32", "matmul bf16", *(f"3840x2160 {name}" for name in (
            "openvino bf16", "torch f32", "decode", "network", "render", "render, CPU", "live", "live, CPU",
            "live, latency",
        )),
    ]


def test_ratios(before: dict[str, Any], after: dict[str, Any]) -> None:
    ratios = Comparison(before, after, ("a", "b")).ratios
    changed = {name: ratio for name, ratio in ratios.items() if ratio != 1}
    assert changed == {"3840x2160 openvino bf16": 2, "3840x2160 network": 2, "3840x2160 live": 0.5}


def test_what_only_one_has_is_shown_without_a_ratio(before: dict[str, Any], after: dict[str, Any]) -> None:
    del before["sizes"][0]["stages"]["decode"]
    del after["sizes"][0]["paths"]["live"]
    comparison = Comparison(before, after, ("a", "b"))
    assert not {"3840x2160 decode", "3840x2160 live"} & set(comparison.ratios)
    rows = {line[:20].strip(): line[20:].split() for line in comparison.as_text().splitlines()[3:]}
    assert rows["3840x2160 decode"][-4:] == ["-", "2.50", "ms", "-"]
    assert rows["3840x2160 live"][-4:] == ["25.0", "-", "fps", "-"]


def test_the_page_names_both(before: dict[str, Any], after: dict[str, Any]) -> None:
    lines = Comparison(before, after, ("old.json", "this run")).as_text().splitlines()
    assert lines[0].startswith("before: old.json, 2026-01-02T03:04:05+00:00, style starry-night, A Processor")
    assert lines[1].startswith("after: this run")
    network, = [line for line in lines if line.startswith("  3840x2160 network")]
    assert network.split()[2:] == ["20.0", "10.0", "ms", "2.00", "x", "as", "fast"]


def test_other_machines_are_pointed_out(before: dict[str, Any], after: dict[str, Any]) -> None:
    after["machine"]["processor"], after["warnings"] = "Another", ["it was busy"]
    assert Comparison(before, after, ("a", "b")).warnings == [
        "the two results are of different machines (processor)", "b: it was busy",
    ]


def test_json(before: dict[str, Any], after: dict[str, Any]) -> None:
    record = json.loads(json.dumps(Comparison(before, after, ("a", "b")).as_json()))
    assert record["before"] == before
    assert record["times_as_fast"]["3840x2160 live"] == 0.5


def test_saved_and_read_again(before: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "saved.json"
    file.write_text("an older one")
    save_result(file, before)
    assert read_result(file) == before
    assert list(tmp_path.iterdir()) == [file]
    assert not Comparison(read_result(file), before, ("a", "b")).warnings


@pytest.mark.parametrize(("content", "sentence"), [
    ("{", "is no saved result"), ("[1]", "is no saved result"), ("{}", "is no saved result"),
    ('{"bench": 99}', "was saved by another version"), ('{"bench": 1}', "is damaged"),
    ('{"bench": 1, "matmul_gflops": {}, "sizes": [3]}', "is damaged"),
    ('{"bench": 1, "matmul_gflops": {"f32": "fast"}, "sizes": []}', "is damaged"),
    ('{"bench": 1, "matmul_gflops": {}, "sizes": []}', "is damaged"),
])
def test_what_is_no_result(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_result(tmp_path / "bad.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_result(tmp_path / "none.json")


def test_what_could_not_be_saved_is_refused_first(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        check_saving(tmp_path)
    with pytest.raises(OutputError, match="does not exist"):
        check_saving(tmp_path / "none" / "saved.json")
    check_saving(tmp_path / "saved.json")


def test_a_folder_that_may_not_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="cannot be written to"):
        check_saving(tmp_path / "saved.json")
