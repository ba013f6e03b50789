"""The doctor on this machine: what it says works was tried, and what is broken is named with its reason."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

from fnst_live.settings import DEFAULT_STYLE
from fnst_live.sinks.encoders import ENCODERS

from .conftest import RunCommand

KEYS = {
    "versions", "machine", "engines", "chosen_engine", "steadying", "encoders", "cameras", "screen", "virtual_camera",
    "style_folders", "cache",
}
WHOLE, BROKEN, CUT_SHORT = "whole.safetensors", "broken.safetensors", "cut.safetensors"


@pytest.fixture(autouse=True)
def own_default_style(styles: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small network under the name of the default style, which takes the place of the large one that ships."""
    import torch

    from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
    from fnst_live.stylenet.net_shape import NetShape
    from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles

    torch.manual_seed(0)
    shape = NetShape(half=8, quarter=8, eighth=8, residual_blocks=1)
    header = ModelHeader("transformer_net", (StyleCard(DEFAULT_STYLE),), shape)
    save_model(tmp_path / WHOLE, StyleModel(header, TransformerNet(shape), initial_styles(1, shape)))
    (tmp_path / BROKEN).write_bytes(b"this is no model")
    header = ModelHeader("transformer_net", (StyleCard("cut"),), shape)
    save_model(tmp_path / CUT_SHORT, StyleModel(header, TransformerNet(shape), initial_styles(1, shape)))
    (tmp_path / CUT_SHORT).write_bytes((tmp_path / CUT_SHORT).read_bytes()[:-100])
    monkeypatch.setenv("FNST_LIVE_MODELS", str(tmp_path))


def test_json_for_programs(fnst_live: RunCommand, tmp_path: Path) -> None:
    run = fnst_live("doctor", "--json")
    assert (run.code, run.stderr) == (0, "")
    report = json.loads(run.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert set(report) == KEYS
    assert {"fnst-live", "Python", "torch", "openvino", "FFmpeg"} <= set(report["versions"])

    engines = {(engine["name"], engine["precision"]): engine for engine in report["engines"]}
    assert {name for name, _ in engines} == {"cuda", "openvino", "torch"}
    for engine in engines.values():
        assert engine["ok"] == (not engine["reason"])
        assert engine["ok"] == (engine["milliseconds"] is not None)
        assert (engine["deviation_db"] or math.inf) >= 35
    assert engines["torch", "f32"]["milliseconds"] > 0
    assert engines["torch", "f32"]["deviation_db"] is None, "it is what the others are compared with"
    assert engines["openvino", "f32"]["ok"]
    assert tuple(report["chosen_engine"].split()) in engines

    encoders = {encoder["encoder"]: encoder for encoder in report["encoders"]}
    for spec in ENCODERS.values():
        assert encoders[spec.encoder]["ok"], encoders[spec.encoder]["reason"]
        assert encoders[spec.encoder]["milliseconds"] > 0
    assert "h264_nvenc" in encoders

    folder = report["style_folders"][-1]
    assert (folder["path"], folder["exists"], folder["styles"]) == (str(tmp_path), True, 1)
    assert set(folder["unreadable"]) == {BROKEN, CUT_SHORT}
    assert "not a style model" in folder["unreadable"][BROKEN]
    assert "cut short" in folder["unreadable"][CUT_SHORT]
    assert report["cache"]["size_bytes"] > 0


def test_a_page_for_people_and_on_a_terminal_what_it_is_doing(
    fnst_live: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    run = fnst_live("doctor")
    assert run.code == 0
    assert all(line.startswith("checking ") and line.endswith(" ...") for line in run.stderr.splitlines())
    assert "engines ..." in run.stderr
    for name in ("libx264", "libsvtav1", "h264_nvenc", "torch f32", "openvino f32", "auto uses", "CUDA card"):
        assert name in run.stdout
    assert f"({DEFAULT_STYLE} at 640x480" in run.stdout
    broken, = [line for line in run.stdout.splitlines() if line.strip().startswith(BROKEN)]
    assert "not a style model" in broken
    assert str(tmp_path) in run.stdout
    assert not any(line.endswith(" ") for line in run.stdout.splitlines())
