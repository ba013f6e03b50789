"""The bench by its command line, over the smallest pictures: what it says, never how fast it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnst_live.bench import command
from fnst_live.bench.saved import save_result

from .conftest import STYLE, RunCommand

TINY = ("bench", "--style", STYLE, "--engine", "torch", "--sizes", "64x48", "--seconds", "0.01")
STAGES = ["decode", "network", "flow", "flow, live", "stabilize", "stabilize, live", "compose", "encode"]


@pytest.fixture(autouse=True)
def small_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnst_live.bench.machine.MATMUL_SIDE", 32)


def kept(file: Path, size: tuple[int, int], **changes: object) -> str:
    """The smallest result there is, saved."""
    stages = {"decode": {"milliseconds": {"median": 2.5}}}
    result = {
        "bench": 1, "begun": "2026-01-02T03:04:05+00:00", "style": STYLE, "machine": {"processor": "A Processor"},
        "matmul_gflops": {}, "sizes": [{"size": list(size), "engines": [], "stages": stages, "paths": {}}],
    }
    save_result(file, result | changes)
    return str(file)


def test_saved_and_compared(fnst_live: RunCommand, tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    run = fnst_live(*TINY, "--save", str(file), "--json")
    assert run.code == 0
    saved = json.loads(file.read_text())
    assert json.loads(run.stdout) == saved
    assert saved["style"] == STYLE
    assert set(saved["matmul_gflops"]) == {"f32", "bf16"}

    size, = saved["sizes"]
    assert (size["size"], size["work_size"]) == ([64, 48], [64, 48])
    assert size["multiply_adds"] > 0
    engine, = size["engines"]
    assert (engine["name"], engine["precision"], engine["deviation_db"]) == ("torch", "f32", None)
    assert engine["gflops"] == pytest.approx(2 * size["multiply_adds"] / engine["milliseconds"]["median"] / 1e6, 0.05)
    assert list(size["stages"]) == STAGES
    assert list(size["paths"]) == ["render", "live"]
    for path in size["paths"].values():
        assert path["engine"] == "torch f32"
        assert path["network_share"] == pytest.approx(path["fps"]["median"] / path["network_fps"], 0.05)

    compared = fnst_live("bench", "--compare", str(file), str(file))
    assert compared.code == 0
    ratios = [line for line in compared.stdout.splitlines() if line.startswith("  64x48")]
    assert ratios
    assert all(line.endswith("1.00 x as fast") for line in ratios)


def test_a_page_for_people(fnst_live: RunCommand) -> None:
    run = fnst_live(*TINY, "--quick")
    assert run.code == 0
    progress, *warnings = run.stderr.splitlines()
    assert progress == "measuring 64x48 ..."
    assert all(line.startswith("warning: ") for line in warnings)
    for words in ("64x48: ", "torch f32", "the same", "stabilize, live", "render (torch f32", "live (torch f32)"):
        assert words in run.stdout
    assert not any(line.endswith(" ") for line in run.stdout.splitlines())


@pytest.mark.parametrize(("arguments", "sentence"), [
    (("--sizes", "64"), "--sizes 64 is no size"),
    (("--seconds", "-1"), "--seconds -1 is out of range"),
    (("--style", "no-such-style"), "no-such-style"),
    (("--compare", "none.json"), "none.json cannot be read"),
    (("--save", "no/such/folder.json"), "the folder no/such does not exist"),
    (("--engine", "abacus"), "--engine"),
])
def test_bad_input_is_one_line(fnst_live: RunCommand, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in fnst_live("bench", *arguments).complaint


@pytest.fixture
def measuring_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what is to be refused before that."""

    def fail(_: object) -> None:
        raise AssertionError("it was measured")

    monkeypatch.setattr(command, "run_bench", fail)


@pytest.mark.usefixtures("measuring_fails")
def test_another_file_is_not_written_over(fnst_live: RunCommand, tmp_path: Path) -> None:
    victim = tmp_path / "victim.jpg"
    victim.write_bytes(b"a picture")
    assert "is no saved result" in fnst_live(*TINY, "--save", str(victim)).complaint
    assert victim.read_bytes() == b"a picture"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc")
@pytest.mark.usefixtures("measuring_fails")
def test_a_folder_that_takes_no_files_is_found_out_before(fnst_live: RunCommand) -> None:
    """From root neither, whom its permissions do not keep out."""
    assert "/proc/x.json cannot be written" in fnst_live(*TINY, "--save", "/proc/x.json").complaint


@pytest.mark.usefixtures("measuring_fails")
def test_results_without_a_size_in_common(fnst_live: RunCommand, tmp_path: Path) -> None:
    files = kept(tmp_path / "large.json", (3840, 2160)), kept(tmp_path / "small.json", (640, 480))
    assert "have no size in common" in fnst_live("bench", "--compare", *files).complaint
    assert "have no size in common" in fnst_live(*TINY, "--compare", files[0]).complaint


def test_a_damaged_result_is_one_line(fnst_live: RunCommand, tmp_path: Path) -> None:
    file = kept(tmp_path / "bad.json", (64, 48), warnings=5)
    assert "bad.json is damaged" in fnst_live("bench", "--compare", file, file).complaint
    assert fnst_live("bench", "--compare", *2 * [kept(tmp_path / "good.json", (64, 48))]).code == 0


def test_stopped(fnst_live: RunCommand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_bench", stop)
    with pytest.raises(SystemExit) as exit_:
        fnst_live(*TINY, "--save", str(tmp_path / "bench.json"))
    assert exit_.value.code == 130
    assert not list(tmp_path.glob("*bench*"))
