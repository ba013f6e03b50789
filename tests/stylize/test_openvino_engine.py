"""OpenVINO paints what float32 torch paints, at every size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import openvino as ov
import pytest

from fnst_live import paths
from fnst_live.errors import EngineError
from fnst_live.frames.frame import Frame, Pixels
from fnst_live.stylenet.model_file import StyleModel, save_model
from fnst_live.stylize import openvino_engine
from fnst_live.stylize.engine import Engine
from fnst_live.stylize.openvino_engine import SIZES_KEPT, OpenVinoEngine, available_precisions
from fnst_live.stylize.openvino_graph import graph_of
from fnst_live.stylize.selection import psnr_db, trial_picture
from fnst_live.stylize.stylizer import NetworkStylizer
from fnst_live.stylize.torch_engine import TorchEngine

ROOT = Path(__file__).parents[2]
SIZES = [(16, 16), (17, 23), (50, 75), (48, 64), (15, 200), (121, 67)]
LEAST_DB = {"f32": 60, "bf16": 35, "int8": 30}  # where all is noise, unlike a painting, int8 is at its worst

OPEN_AND_PAINT = """
import json, socket, sys
from pathlib import Path

looked_up = []
socket.getaddrinfo = lambda *arguments, **_: looked_up.append(arguments) or []

from fnst_live.stylenet.model_file import load_model
from fnst_live.stylize.openvino_engine import OpenVinoEngine
from fnst_live.stylize.selection import psnr_db, trial_picture

model, picture = load_model(Path(sys.argv[1])), trial_picture(32, 48)
style = model.style_table[0]
painted = [OpenVinoEngine(model, precision).run(picture, style) for precision in ("f32", "int8")][0]
needs_torch = "torch" in sys.modules
from fnst_live.stylize.torch_engine import TorchEngine
is_right = psnr_db(painted, TorchEngine(model).run(picture, style)) > 35
print(json.dumps({"right": is_right, "looked_up": looked_up, "needs_torch": needs_torch}))
"""


@pytest.fixture(params=["f32", "bf16", "int8"])
def precision(request: pytest.FixtureRequest) -> str:
    if request.param not in available_precisions():
        pytest.skip(f"this processor has no {request.param} instructions")
    return str(request.param)


def painted(engine: Engine, model: StyleModel, pixels: Pixels, row: int = 0) -> Pixels:
    stylizer = NetworkStylizer(engine, model.styles[row].numpy(), model.multiple_of, model.min_side)
    return stylizer.stylize(Frame(pixels, 0, Fraction(1, 30))).pixels


def test_one_engine_paints_every_size_like_float32_torch(
    model: StyleModel, precision: str
) -> None:
    engine, reference = OpenVinoEngine(model, precision), TorchEngine(model)
    assert (engine.name, engine.precision) == ("openvino", precision)
    for size in SIZES:
        for row in (0, 1):
            picture = trial_picture(*size)
            ours, exact = painted(engine, model, picture, row), painted(reference, model, picture, row)
            assert ours.shape == (*size, 3)
            assert psnr_db(ours, exact) >= LEAST_DB[precision], f"{size}, style {row}"


def test_a_classic_network_paints_every_size_like_float32_torch(
    classic_model: StyleModel, precision: str
) -> None:
    engine, reference = OpenVinoEngine(classic_model, precision), TorchEngine(classic_model)
    for size in SIZES:
        picture = trial_picture(*size)
        ours, exact = painted(engine, classic_model, picture), painted(reference, classic_model, picture)
        assert ours.shape == (*size, 3)
        assert psnr_db(ours, exact) >= LEAST_DB[precision], size


def test_what_is_too_bright_or_too_dark_is_clamped(model: StyleModel) -> None:
    """A vector far outside what a style is drives the network far outside [0, 1]."""
    picture, style = trial_picture(32, 32), model.styles[0].numpy() * 8
    ours, exact = OpenVinoEngine(model).run(picture, style), TorchEngine(model).run(picture, style)
    assert {0, 255} <= set(exact.ravel())
    assert psnr_db(ours, exact) >= LEAST_DB["f32"]


def test_the_result_is_not_overwritten_by_the_next(model: StyleModel) -> None:
    engine, picture = OpenVinoEngine(model), trial_picture(32, 32)
    first = engine.run(picture, model.styles[0].numpy())
    kept = first.copy()
    engine.run(picture, model.styles[1].numpy())
    assert np.array_equal(first, kept)


def test_a_precision_the_processor_has_not_is_refused(model: StyleModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_engine, "available_precisions", lambda: ["f32"])
    with pytest.raises(EngineError, match=r"no bf16 instructions.*--engine auto"):
        OpenVinoEngine(model, "bf16")


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The sizes that graphs were made for."""
    made = []

    def recorded(model: StyleModel, height: int, width: int, ranges: None, *, spares_bit: bool) -> ov.Model:
        made.append((height, width))
        return graph_of(model, height, width, ranges, spares_bit=spares_bit)

    monkeypatch.setattr(openvino_engine, "graph_of", recorded)
    return made


def test_a_size_is_compiled_once_and_the_last_few_are_kept(
    compilations: list[tuple[int, int]], model: StyleModel
) -> None:
    engine, style = OpenVinoEngine(model), model.styles[0].numpy()
    sizes = [(16 + 8 * i, 16) for i in range(SIZES_KEPT)]
    for size in [*sizes, *sizes, (64, 64), *sizes[1:], sizes[0]]:
        engine.run(trial_picture(*size), style)
    assert compilations == [*sizes, (64, 64), sizes[0]]


def test_threads_that_want_the_same_new_size_share_it(
    compilations: list[tuple[int, int]], model: StyleModel
) -> None:
    engine, style = OpenVinoEngine(model, lanes=2), model.styles[0].numpy()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: engine.run(trial_picture(24, 32), style), range(8)))
    assert compilations == [(24, 32)]


def test_a_network_without_a_graph(model: StyleModel) -> None:
    other = replace(model, header=replace(model.header, architecture="other"))
    with pytest.raises(TypeError, match="no OpenVINO graph of the network other"):
        graph_of(other, 16, 16)


def test_nothing_is_written_and_nobody_called_nor_torch_loaded(model: StyleModel, tmp_path: Path) -> None:
    """OpenVINO reports to Google Analytics when it is imported, unless it is kept from it; torch takes a second."""
    save_model(tmp_path / "model.safetensors", model)
    home = tmp_path / "home"
    home.mkdir()
    environment = os.environ | {
        "HOME": str(home), "OMP_NUM_THREADS": "1", "CI": "",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-c", OPEN_AND_PAINT, str(tmp_path / "model.safetensors")]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    assert json.loads(done.stdout) == {"right": True, "looked_up": [], "needs_torch": False}
    assert [*home.iterdir()] == []
    assert not (paths.cache_dir() / "openvino").exists()


def test_several_lanes_paint_what_one_paints_from_many_threads(model: StyleModel) -> None:
    engine, alone = OpenVinoEngine(model, lanes=2), OpenVinoEngine(model)
    pictures = [np.random.default_rng(seed).integers(0, 256, (48, 64, 3), np.uint8) for seed in range(24)]
    style = model.styles[0].numpy()
    with ThreadPoolExecutor(4) as threads:
        painted = list(threads.map(lambda pixels: engine.run(pixels, style), pictures))
    assert engine.lanes == 2
    for pixels, result in zip(pictures, painted, strict=True):
        assert np.abs(result.astype(int) - alone.run(pixels, style)).max() <= 1
