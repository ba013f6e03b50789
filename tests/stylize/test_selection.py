"""Which engine: the fastest of those that are right, measured once for a machine and a model."""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fnst_live import paths
from fnst_live.errors import EngineError
from fnst_live.frames.frame import Pixels
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize import selection
from fnst_live.stylize.engine import Engine, StyleVector
from fnst_live.stylize.selection import (
    Candidate,
    EngineReport,
    NotLoadedError,
    open_engine,
    psnr_db,
    survey_engines,
    trial_picture,
)
from fnst_live.stylize.torch_engine import TorchEngine

PAUSE_S = 0.02
Paint = Callable[[Pixels], Pixels]


class FakeEngine:
    """Gives the picture that torch paints, kept from the first time, after a pause, and after it was spoiled.

    disturbed_run: which one, counted from 1, takes far longer than all others.
    """

    lanes = 1

    def __init__(self, model: StyleModel, candidate: Candidate, runs: Counter[str], pause_s: float, spoil: Paint,
                 disturbed_run: int):
        self.name, self.precision = candidate.name, candidate.precision
        self._torch, self._runs, self._pause_s, self._spoil = TorchEngine(model), runs, pause_s, spoil
        self._painted: Pixels | None = None
        self._runs_to_trouble = disturbed_run

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        self._runs[f"{self.name} {self.precision}"] += 1
        if self._painted is None:
            self._painted = self._spoil(self._torch.run(pixels, style))
        self._runs_to_trouble -= 1
        time.sleep(5 * PAUSE_S if self._runs_to_trouble == 0 else self._pause_s)
        return self._painted


class Bench:
    """The candidates of a test, and how often each was opened and run."""

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []
        self.opened: Counter[str] = Counter()
        self.runs: Counter[str] = Counter()

    def add(self, name: str, precision: str = "f32", *, pause_s: float = 0, spoil: Paint = lambda pixels: pixels,
            error: Exception | None = None, disturbed_run: int = 0) -> Bench:
        def open_fake(model: StyleModel, lanes: int) -> Engine:
            self.opened[f"{name} {precision}"] += 1
            if error is not None:
                raise error
            return FakeEngine(model, candidate, self.runs, pause_s, spoil, disturbed_run)

        candidate = Candidate(name, precision, open_fake)
        self.candidates.append(candidate)
        return self

    def remove(self, name: str) -> None:
        self.candidates = [candidate for candidate in self.candidates if candidate.name != name]

    def forget_counts(self) -> None:
        self.opened.clear()
        self.runs.clear()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    monkeypatch.setattr(selection, "candidates", lambda: bench.candidates)
    return bench


@pytest.fixture
def full_bench(bench: Bench) -> Bench:
    """One engine of every kind; the right choice is neither the first nor the last."""
    bench.add("wrong", spoil=lambda pixels: 255 - pixels).add("absent", error=EngineError("not on this machine"))
    bench.add("broken", error=RuntimeError("the driver is too old\nat line 7")).add("slow", pause_s=PAUSE_S)
    return bench.add("fast").add("slowest", pause_s=2 * PAUSE_S)


def test_auto_is_the_fastest_that_is_right(full_bench: Bench, model: StyleModel) -> None:
    assert open_engine(model, "auto").name == "fast"


def test_a_little_rounding_is_no_wrong_picture(bench: Bench, model: StyleModel) -> None:
    bench.add("rough", spoil=lambda pixels: pixels ^ np.uint8(1)).add("exact", pause_s=PAUSE_S)
    assert open_engine(model, "auto").name == "rough"


@pytest.mark.parametrize(("int8_ms", "chosen"), [(9.5, "bf16"), (8.0, "int8")])
def test_int8_must_be_worth_its_roughness(
    bench: Bench, model: StyleModel, monkeypatch: pytest.MonkeyPatch, int8_ms: float, chosen: str
) -> None:
    bench.add("openvino", "int8").add("openvino", "bf16")
    reports = [EngineReport("openvino", *times) for times in (("int8", "", int8_ms), ("bf16", "", 10.0))]
    monkeypatch.setattr(selection, "survey_engines", lambda *_, **__: reports)
    assert open_engine(model, "auto").precision == chosen


def test_one_run_that_was_disturbed_decides_nothing(bench: Bench, model: StyleModel) -> None:
    """Candidates run in turn, and the shortest run counts."""
    bench.add("slow", pause_s=PAUSE_S).add("fast", disturbed_run=2)
    reports = {report.name: report.milliseconds for report in survey_engines(model, (48, 64))}
    assert reports["fast"] < reports["slow"]


def test_what_cannot_win_is_not_tried_for_long(full_bench: Bench, model: StyleModel) -> None:
    survey_engines(model, (48, 64))
    assert full_bench.runs["slow f32"] == full_bench.runs["slowest f32"] == 4  # one to look at, three to time
    assert full_bench.runs["fast f32"] == 8


def test_the_survey_tells_of_every_candidate(full_bench: Bench, model: StyleModel) -> None:
    reports = {report.name: report for report in survey_engines(model, (48, 64))}
    assert [*reports] == ["wrong", "absent", "broken", "slow", "fast", "slowest"]
    assert "wrong" in reports["wrong"].reason
    assert reports["absent"].reason == "not on this machine"
    assert reports["broken"].reason == "the driver is too old"
    assert {name for name, report in reports.items() if report.is_usable} == {"slow", "fast", "slowest"}
    assert PAUSE_S * 1000 <= reports["slow"].milliseconds < reports["slowest"].milliseconds
    assert reports["fast"].deviation_db == math.inf
    assert math.isinf(reports["absent"].milliseconds)
    assert math.isnan(reports["absent"].deviation_db)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Exception from src/inference/src/cpp/core.cpp:104:\nno memory\n\n", "no memory"),
        ("Check 'false' failed at src/frontends/common/src/frontend.cpp:53:\nConverting\nmore", "Converting"),
        ("CUDA error: no kernel image\nCUDA kernel errors might be reported later", "CUDA error: no kernel image"),
        ("", "RuntimeError"),
    ],
)
def test_a_driver_is_quoted_in_one_line(bench: Bench, model: StyleModel, message: str, reason: str) -> None:
    bench.add("broken", error=RuntimeError(message))
    assert survey_engines(model, (16, 16))[0].reason == reason


def test_the_choice_is_remembered_and_the_second_time_nothing_is_measured(
    full_bench: Bench, model: StyleModel
) -> None:
    open_engine(model, "auto")
    full_bench.forget_counts()
    assert open_engine(model, "auto").name == "fast"
    assert (full_bench.opened, full_bench.runs) == (Counter({"fast f32": 1}), Counter())


@pytest.mark.parametrize(("version", "is_remembered"), [("2026.1", False), (None, True)])
def test_what_is_installed_and_cannot_be_loaded_is_asked_for_again(
    bench: Bench, model: StyleModel, monkeypatch: pytest.MonkeyPatch, version: str | None, is_remembered: bool
) -> None:
    """Else a library that is mended would be passed over for ever."""
    monkeypatch.setattr(selection, "library_version", lambda _: version)
    bench.add("unloadable", error=NotLoadedError("its library cannot be loaded")).add("slow").add("slowest")
    open_engine(model, "auto")
    bench.forget_counts()
    open_engine(model, "auto")
    assert (bench.opened["unloadable f32"] == 0) == is_remembered


def test_another_model_and_another_machine_are_measured_anew(
    full_bench: Bench, model: StyleModel, another_model: StyleModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_engine(model, "auto")
    full_bench.forget_counts()
    open_engine(another_model, "auto")
    assert full_bench.runs["slow f32"] > 0
    full_bench.forget_counts()
    monkeypatch.setattr(selection, "machine_fingerprint", lambda: "another")
    open_engine(model, "auto")
    assert full_bench.runs["slow f32"] > 0
    assert len(json.loads((paths.cache_dir() / "engines.json").read_text())) == 3


def test_an_engine_that_is_gone_is_replaced(full_bench: Bench, model: StyleModel) -> None:
    open_engine(model, "auto")
    full_bench.remove("fast")
    assert open_engine(model, "auto").name == "slow"
    full_bench.forget_counts()
    assert open_engine(model, "auto").name == "slow"
    assert not full_bench.runs


@pytest.mark.parametrize("error", [EngineError("the card was taken out"), RuntimeError("out of memory")])
def test_an_engine_that_cannot_be_opened_any_more_is_replaced(
    full_bench: Bench, model: StyleModel, error: Exception
) -> None:
    open_engine(model, "auto")
    full_bench.remove("fast")
    full_bench.add("fast", error=error)
    assert open_engine(model, "auto").name == "slow"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"a": 1}', b'"text"'], ids=repr
)
def test_a_damaged_choice_file_is_as_good_as_none(full_bench: Bench, model: StyleModel, content: bytes) -> None:
    open_engine(model, "auto")
    file = paths.cache_dir() / "engines.json"
    file.write_bytes(content)
    assert open_engine(model, "auto").name == "fast"
    full_bench.forget_counts()
    assert open_engine(model, "auto").name == "fast"
    assert not full_bench.runs


def test_a_choice_that_no_candidate_answers_to_is_measured_anew(full_bench: Bench, model: StyleModel) -> None:
    open_engine(model, "auto")
    file = paths.cache_dir() / "engines.json"
    file.write_text(json.dumps(dict.fromkeys(json.loads(file.read_text()), 7)))
    assert open_engine(model, "auto").name == "fast"


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(
    full_bench: Bench, model: StyleModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FNST_LIVE_CACHE", str(tmp_path / "file" / "cache"))
    assert open_engine(model, "auto").name == "fast"
    assert open_engine(model, "auto").name == "fast"


def test_a_folder_in_the_place_of_the_choice_file_leaves_no_fragments(full_bench: Bench, model: StyleModel) -> None:
    (paths.cache_dir() / "engines.json").mkdir()
    assert open_engine(model, "auto").name == "fast"
    assert [file.name for file in paths.cache_dir().iterdir()] == ["engines.json"]


def test_a_named_engine_is_not_measured_where_there_is_but_one(full_bench: Bench, model: StyleModel) -> None:
    assert open_engine(model, "slowest").name == "slowest"
    assert (full_bench.opened, full_bench.runs) == (Counter({"slowest f32": 1}), Counter())


def test_of_a_named_engine_too_the_picture_must_be_right(bench: Bench, model: StyleModel) -> None:
    bench.add("ours", "bf16", spoil=lambda pixels: 255 - pixels).add("ours", "f16", pause_s=PAUSE_S)
    bench.add("ours", "f32", pause_s=2 * PAUSE_S).add("other")
    assert open_engine(model, "ours").precision == "f16"
    assert bench.opened["other f32"] == 0
    bench.forget_counts()
    assert open_engine(model, "ours").precision == "f16"
    assert not bench.runs
    assert open_engine(model, "auto").name == "other"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("absent", "not on this"), ("broken", "the driver is too old.*--engine auto"), ("none", "no engine 'none'")],
)
def test_a_named_engine_that_cannot_be_had_is_refused(
    full_bench: Bench, model: StyleModel, name: str, sentence: str
) -> None:
    with pytest.raises(EngineError, match=sentence) as refusal:
        open_engine(model, name)
    assert "\n" not in str(refusal.value)


def test_where_none_is_right_the_reason_is_told(bench: Bench, model: StyleModel) -> None:
    bench.add("ours", "bf16", error=EngineError("no instructions")).add("ours", spoil=lambda pixels: 255 - pixels)
    for engine in ("ours", "auto"):
        with pytest.raises(EngineError, match="picture is wrong"):
            open_engine(model, engine)


def test_a_fault_of_the_program_is_not_taken_for_one_of_the_machine(bench: Bench, model: StyleModel) -> None:
    bench.add("ours", error=TypeError("a slip"))
    with pytest.raises(TypeError):
        survey_engines(model, (16, 16))


def test_every_real_engine_is_right_or_says_why_not(model: StyleModel) -> None:
    reports = survey_engines(model, (50 // 8 * 8, 72))
    assert [(report.name, report.precision) for report in reports] == [
        ("cuda", "f16"), ("openvino", "bf16"), ("openvino", "int8"), ("openvino", "f32"), ("torch", "f32"),
    ]
    for report in reports:
        if report.is_usable:
            assert report.deviation_db >= (60 if report.precision == "f32" else 35)
            assert math.isfinite(report.milliseconds)
        else:
            assert report.name == "cuda" or report.precision == "bf16", report.reason
    assert reports[-1].deviation_db == math.inf


def test_the_program_runs_where_openvino_cannot_be_imported(
    model: StyleModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.delitem(sys.modules, "fnst_live.stylize.openvino_engine", raising=False)
    monkeypatch.setattr("fnst_live.stylize.fingerprint.library_version", lambda _: None)
    assert open_engine(model, "auto").name in ("torch", "cuda")
    with pytest.raises(EngineError, match="OpenVINO cannot be loaded"):
        open_engine(model, "openvino")


def test_the_trial_picture_is_the_same_every_time() -> None:
    picture = trial_picture(48, 64)
    assert picture.shape == (48, 64, 3)
    assert np.array_equal(picture, trial_picture(48, 64))
    assert picture.std() > 40


def test_peak_signal_to_noise() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    assert psnr_db(black, black) == math.inf
    assert psnr_db(black, black + np.uint8(255)) == 0
    assert psnr_db(black, black + np.uint8(1)) == pytest.approx(48.13, abs=0.01)
    assert psnr_db(black + np.uint8(1), black) == pytest.approx(48.13, abs=0.01)
