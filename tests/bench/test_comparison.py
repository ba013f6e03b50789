"""Two results side by side: above 1 is always faster."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fnst_live.bench.comparison import Comparison, Figure, figures_in, require_common_size, sizes_in
from fnst_live.errors import SettingError

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


def test_a_comparison_of_like_with_like_warns_of_nothing(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert Comparison(before, after, ("a", "b")).warnings == []


@pytest.mark.parametrize(("where", "key", "value", "sentence"), [
    ((), "style", "great-wave", "not the same style: starry-night before, great-wave after"),
    ((), "seconds", 0.5, "not the same --seconds: 2 before, 0.5 after"),
    (("versions",), "torch", "2.12", "not the same version of torch: 2.11 before, 2.12 after"),
    (("machine",), "usable_cores", 1, "not the same number of cores: 2 before, 1 after"),
    (("machine",), "threads", 1, "not the same number of threads of torch: 2 before, 1 after"),
    (("machine",), "cores", 8, "not the same number of cores of the machine: 4 before, 8 after"),
    (("sizes", 0, "paths", "live"), "engine", "torch f32",
     "not the same engine for 3840x2160 live: openvino bf16 before, torch f32 after"),
])
def test_what_was_not_the_same_is_said(
    before: dict[str, Any], after: dict[str, Any], where: tuple[str | int, ...], key: str, value: object, sentence: str
) -> None:
    part: Any = after
    for step in where:
        part = part[step]
    part[key] = value
    comparison = Comparison(before, after, ("a", "b"))
    assert comparison.warnings == comparison.as_json()["warnings"] == [sentence]


def test_another_version_of_this_program_is_what_one_compares(before: dict[str, Any], after: dict[str, Any]) -> None:
    after["versions"]["fnst-live"] = "2.0"
    assert not Comparison(before, after, ("a", "b")).warnings


def test_what_an_older_result_does_not_tell_is_passed_over(before: dict[str, Any], after: dict[str, Any]) -> None:
    for part, key in ((before, "versions"), (before, "seconds"), (before["machine"], "threads")):
        del part[key]
    assert not Comparison(before, after, ("a", "b")).warnings


def test_processor_time_too_short_for_the_clock_is_no_figure(before: dict[str, Any], after: dict[str, Any]) -> None:
    before["sizes"][0]["paths"]["live"]["cpu_milliseconds"] = 0.0
    comparison = Comparison(before, after, ("a", "b"))
    assert "3840x2160 live, CPU" not in comparison.ratios
    assert "inf" not in comparison.as_text()


def test_without_a_size_in_common_there_is_nothing_to_compare(before: dict[str, Any]) -> None:
    require_common_size(sizes_in(before), ["640x480", "3840x2160"], ("a", "b"))
    with pytest.raises(SettingError, match=r"^a and b have no size in common \(3840x2160; 640x480\): measure one"):
        require_common_size(sizes_in(before), ["640x480"], ("a", "b"))
    before["sizes"][0] |= {"engines": [], "stages": {}, "paths": {}}
    assert sizes_in(before) == []
