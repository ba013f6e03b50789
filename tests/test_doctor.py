"""The doctor's page and its sections. What takes time is faked here; end_to_end/test_doctor.py tries the real thing."""

from __future__ import annotations

import json
import math
import re
import stat
import sys
from pathlib import Path

import pytest
import torch

from fnst_live import doctor, style_library
from fnst_live.doctor import CacheFolder, CudaCard, DoctorReport, Machine, StyleFolder, collect_report
from fnst_live.errors import EngineError
from fnst_live.frames.frame import Frame
from fnst_live.settings import DEFAULT_STYLE
from fnst_live.sinks.encoder_trial import EncoderReport
from fnst_live.sources.devices import Camera
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles
from fnst_live.stylize.selection import EngineReport
from fnst_live.stylize.torch_engine import TorchEngine

SHAPE = NetShape(half=8, quarter=8, eighth=8, residual_blocks=1)

REPORT = DoctorReport(
    versions={"fnst-live": "1.0", "torch": "2.11.0"},
    machine=Machine("Linux", "A Processor", ("avx2", "amx_bf16"), 8, 4, 16 * 2**30,
                    CudaCard("A Card", 8 * 2**30, "550.1"), ""),
    trial_style="starry-night",
    engines=(
        EngineReport("cuda", "f16", "", 5.25, 48.3), EngineReport("openvino", "bf16", "no instructions"),
        EngineReport("openvino", "f32", "its picture is wrong (12 dB to float32)", 80, 12.0),
        EngineReport("torch", "f32", "", 120.0, math.inf),
    ),
    chosen_engine="cuda f16",
    steadying="on the card, 1.3 ms",
    encoders=(EncoderReport("h264", "libx264", "", 4.5), EncoderReport("h264", "h264_qsv", "no such device")),
    cameras=(
        Camera("Webcam", Path("/dev/video0")), Camera("Other", Path("/dev/video2"), "another program is using it"),
    ),
    screen="can be painted, at 1920x1080",
    virtual_camera="/dev/video9  fnst-live",
    style_folders=(
        StyleFolder(Path("/shipped"), exists=True, styles=12), StyleFolder(Path("/gone"), exists=False),
        StyleFolder(Path("/own"), exists=True, styles=1, unreadable={"bad.safetensors": "is not a style model"}),
        StyleFolder(Path("/shut"), exists=True, problem="cannot be read: Permission denied"),
    ),
    cache=CacheFolder(Path("/cache"), exists=True, size_bytes=4_100_000),
)

PAGE = """\
Versions
  fnst-live  1.0
  torch      2.11.0

Machine
  system        Linux
  processor     A Processor
  instructions  avx2 amx_bf16
  cores         8, of which torch uses 4
  memory        16.0 GiB
  CUDA card     A Card, 8.0 GiB, driver 550.1

Engines (starry-night at 640x480, against float32)
  cuda f16          5.2 ms  48 dB
  openvino bf16  no instructions
  openvino f32   its picture is wrong (12 dB to float32)
  torch f32       120.0 ms  the same
  auto uses      cuda f16
  steadied       on the card, 1.3 ms

Encoders (at 640x480)
  libx264      4.5 ms
  h264_qsv  no such device

Cameras
  /dev/video0  Webcam  can be opened
  /dev/video2  Other   another program is using it

Screen
  can be painted, at 1920x1080

Virtual camera
  /dev/video9  fnst-live

Style folders
  /shipped           12 styles
  /gone              does not exist
  /own               1 style
    bad.safetensors  is not a style model
  /shut              cannot be read: Permission denied

Cache
  /cache  4.1 MB"""


def write_model(file: Path, *names: str) -> None:
    header = ModelHeader("transformer_net", tuple(map(StyleCard, names)), SHAPE)
    save_model(file, StyleModel(header, TransformerNet(SHAPE), initial_styles(len(names), SHAPE)))


def cut_short(file: Path) -> None:
    """The header stays whole."""
    file.write_bytes(file.read_bytes()[:-100])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where styles are looked for."""
    folder = tmp_path / "styles"
    folder.mkdir()
    monkeypatch.setattr(style_library, "style_folders", lambda: [folder])
    return folder


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that takes time is done."""
    monkeypatch.setattr(doctor, "survey_engines", lambda *_: [EngineReport("torch", "f32", "", 9.0, math.inf)])
    monkeypatch.setattr(doctor, "survey_encoders", lambda _: [EncoderReport("h264", "libx264", "", 4.5)])
    monkeypatch.setattr(doctor, "open_engine", lambda model, _: TorchEngine(model))


def test_the_page() -> None:
    assert REPORT.as_text() == PAGE


def test_the_object_is_plain_and_strict_json() -> None:
    found = json.loads(json.dumps(REPORT.as_json(), allow_nan=False))
    assert found["machine"]["cuda"] == {"name": "A Card", "memory_bytes": 8 * 2**30, "driver": "550.1"}
    assert found["engines"][0] == {
        "name": "cuda", "precision": "f16", "ok": True, "milliseconds": 5.25, "deviation_db": 48.3, "reason": "",
    }
    assert found["engines"][1]["milliseconds"] is found["engines"][1]["deviation_db"] is None
    assert found["engines"][3]["deviation_db"] is None
    assert found["encoders"][1] == {
        "codec": "h264", "encoder": "h264_qsv", "ok": False, "milliseconds": None, "reason": "no such device",
    }
    assert found["cameras"][0] == {"name": "Webcam", "path": "/dev/video0", "problem": ""}
    assert found["style_folders"][2]["unreadable"] == {"bad.safetensors": "is not a style model"}
    assert found["cache"] == {"path": "/cache", "exists": True, "size_bytes": 4_100_000}


def test_a_report_of_this_machine(untried: None, folder: Path) -> None:
    told: list[str] = []
    report = collect_report(told.append)
    assert [line.partition(" ")[0] for line in told] == ["checking"] * 4
    assert report.trial_style == doctor.UNTRAINED
    assert (report.chosen_engine, report.steadying) == ("torch f32", "by the processor")
    assert report.versions["torch"] == torch.__version__.split("+")[0]
    assert report.versions["PyQt6"][0].isdigit()
    assert report.machine.cores >= 1
    assert report.machine.memory_bytes is None or report.machine.memory_bytes > 2**28
    assert (report.machine.cuda is None) == bool(report.machine.no_cuda)
    assert report.as_text().count("\n\n") == 8


def test_a_library_that_is_missing_is_said_to_be(untried: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnst_live.stylize.fingerprint.library_version", lambda _: None)
    assert collect_report().versions["openvino"] == "not installed"


def test_no_camera_is_said_to_be_none(untried: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "list_cameras", list)
    monkeypatch.setattr(doctor, "why_no_cameras", lambda: "no camera was found")
    assert "Cameras\n  no camera was found\n" in collect_report().as_text()


def test_where_no_engine_can_be_had_the_reason_stands(
    untried: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise EngineError("none of them")

    monkeypatch.setattr(doctor, "open_engine", refuse)
    assert collect_report().chosen_engine == "none: none of them"


class FakeStabilizer:
    """Steadies so many frames, and then no longer."""

    def __init__(self, frames_left: int):
        self.frames_left = frames_left

    def stabilize(self, content: Frame, stylized: Frame) -> Frame:
        if self.frames_left == 0:
            raise RuntimeError("CUDA error: no kernel image is available\nmore")
        self.frames_left -= 1
        return stylized


@pytest.mark.parametrize(("frames", "told"), [
    (100, r"on the card, \d+\.\d ms"),
    (2, "by the processor, since the card fails: CUDA error: no kernel image is available"),
])
def test_what_a_card_paints_is_steadied_there_if_it_can_be(
    untried: None, folder: Path, monkeypatch: pytest.MonkeyPatch, frames: int, told: str
) -> None:
    monkeypatch.setattr(TorchEngine, "name", "cuda")
    monkeypatch.setattr(doctor, "DeviceStabilizer", lambda stability, torch_device: FakeStabilizer(frames))
    assert re.fullmatch(told, collect_report().steadying)


def test_a_fault_of_the_program_is_not_swallowed(untried: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slip(*_: object) -> None:
        raise TypeError("a slip")

    monkeypatch.setattr(doctor, "survey_engines", slip)
    with pytest.raises(TypeError):
        collect_report()


def test_engines_paint_the_default_style_else_any_else_none(untried: None, folder: Path) -> None:
    assert collect_report().trial_style == doctor.UNTRAINED
    write_model(folder / "a.safetensors", "waves")
    assert collect_report().trial_style == "waves"
    write_model(folder / "z.safetensors", "clouds", DEFAULT_STYLE)
    assert collect_report().trial_style == DEFAULT_STYLE
    cut_short(folder / "z.safetensors")
    assert collect_report().trial_style == "waves"
    cut_short(folder / "a.safetensors")
    assert collect_report().trial_style == doctor.UNTRAINED


def test_the_untrained_network_is_always_the_same_and_disturbs_no_random_numbers() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    models = [doctor._untrained_model(), doctor._untrained_model()]
    assert torch.equal(torch.rand(3), expected)
    for first, second in zip(*(model.network.parameters() for model in models), strict=True):
        assert torch.equal(first, second)


def test_models_that_cannot_be_used_are_listed_and_not_counted(untried: None, folder: Path) -> None:
    write_model(folder / "good.safetensors", "waves", "clouds")
    write_model(folder / "cut.safetensors", "rain")
    cut_short(folder / "cut.safetensors")
    (folder / "text.safetensors").write_text("hello")
    (folder / "classic.pth").write_text("hello")
    (folder / "notes.txt").write_text("no model at all")
    found, = collect_report().style_folders
    assert found.styles == 2
    assert set(found.unreadable) == {"cut.safetensors", "text.safetensors", "classic.pth"}
    assert all(found.unreadable.values())


def test_a_folder_that_is_not_there(untried: None, folder: Path) -> None:
    folder.rmdir()
    assert collect_report().style_folders == (StyleFolder(folder, exists=False),)


def test_a_folder_that_may_not_be_read(untried: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faked at the file system: root, who runs many tests, may read everything."""
    def refuse(path: Path) -> list[Path]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    report = collect_report()
    assert report.style_folders[0].problem == "cannot be read: Permission denied"
    assert report.trial_style == doctor.UNTRAINED
    assert f"{folder}  cannot be read: Permission denied" in report.as_text()


def test_the_cache_is_weighed(untried: None, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("FNST_LIVE_CACHE", str(cache))
    assert collect_report().cache == CacheFolder(cache, exists=False, size_bytes=0)
    (cache / "openvino").mkdir(parents=True)
    (cache / "engines.json").write_bytes(bytes(100))
    (cache / "openvino" / "model.bin").write_bytes(bytes(5000))
    (cache / "openvino" / "dangling").symlink_to(tmp_path / "nothing")
    assert collect_report().cache == CacheFolder(cache, exists=True, size_bytes=5100)


@pytest.mark.skipif(sys.platform == "win32", reason="the fake driver's tool is a shell script")
@pytest.mark.parametrize(
    ("script", "version"), [("echo 550.54.15; echo 550.54.15", "550.54.15"), ("exit 9", ""), (None, "")]
)
def test_the_driver_version_is_what_its_own_tool_says(
    script: str | None, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script is not None:
        tool = tmp_path / "nvidia-smi"
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor._driver_version() == version


def test_a_card_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be none here: torch's answers are fakes."""
    properties = type("Properties", (), {"total_memory": 24 * 2**30})
    monkeypatch.setattr("fnst_live.stylize.fingerprint.cuda_name", lambda: "A Card")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    monkeypatch.setattr(doctor, "_driver_version", lambda: "")
    machine = doctor.this_machine()
    assert machine.cuda == CudaCard("A Card", 24 * 2**30, "")
    assert machine.no_cuda == ""
    assert doctor._machine_rows(machine)[-1] == ("CUDA card", "A Card, 24.0 GiB, driver unknown")
