"""The layer rule, run: who may import whom, read from every import in the source, late ones included.

A rule that stands only in a document erodes. A module that is in no row of the table fails the test, too.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APP, TRAINER = "fnst_live", "trainer"
PATH = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
STAGES = frozenset({"sources", "sinks", "stylize", "stabilize", "compose"})


@dataclass(frozen=True)
class Rule:
    """What a package may import beside itself and the standard library. ours: top-level names inside fnst_live."""

    ours: frozenset[str] = frozenset()
    third_party: frozenset[str] = frozenset()


def rule(ours: str = "", third_party: str = "") -> Rule:
    return Rule(frozenset(ours.split()), frozenset(third_party.split()))


EVERYTHING_BUT_THE_WINDOW = (
    "__init__ cores errors options settings paths logs frames scene stylenet style_library sources sinks stylize "
    "stabilize compose pipeline assembly folders headless doctor still_images live_settings live_events"
)
RULES = {
    "__init__": rule(),
    "__main__": rule("cli"),
    "cores": rule(),
    "errors": rule(),
    "options": rule(),
    "settings": rule("errors options"),
    "paths": rule(third_party="platformdirs"),
    "logs": rule("paths"),
    "libav_messages": rule(third_party="av"),
    "video_nodes": rule(),
    "openvino_core": rule(third_party="openvino"),
    "cuda_graph": rule(third_party="torch"),
    "cuda_kernels": rule(third_party="torch"),
    "pinned": rule("frames", "torch"),
    "frames": rule(third_party="numpy cv2"),
    "scene": rule("frames", "numpy cv2"),
    "stylenet": rule(third_party="torch safetensors numpy"),
    "style_library": rule("errors paths stylenet", "numpy"),
    "sources": rule("frames scene settings errors libav_messages video_nodes", "av cv2 mss numpy PIL"),
    "sinks": rule("frames settings errors libav_messages video_nodes", "av cv2 numpy PIL"),
    "stylize": rule("cores frames scene stylenet settings errors paths openvino_core cuda_graph pinned",
                    "torch openvino numpy cv2"),
    # torch late: see the test below
    "stabilize": rule("cores frames settings cuda_graph cuda_kernels pinned", "numpy cv2 numba torch"),
    "compose": rule("frames stylenet settings errors paths openvino_core", "numpy cv2 torch openvino"),
    "pipeline": rule("frames settings errors"),
    "folders": rule("errors sinks"),
    "still_images": rule("folders frames settings errors sources sinks", "numpy PIL"),
    "contact_sheet": rule("assembly errors frames scene settings sinks sources style_library", "numpy PIL"),
    "export_jobs": rule("errors settings"),
    "export_process": rule(),
    "export_queue": rule("paths export_jobs export_process"),
    "export_worker": rule("errors settings frames sources sinks headless still_images", "cv2"),
    "metrics": rule("frames", "numpy cv2"),
    "clip_comparison": rule("errors frames metrics sources", "tqdm"),
    "preflight": rule("errors settings folders sinks style_library"),  # the light ones: see test_preflight.py
    "assembly": rule(EVERYTHING_BUT_THE_WINDOW),
    "headless": rule(EVERYTHING_BUT_THE_WINDOW, "tqdm"),
    "live_settings": rule("errors settings"),
    "live_events": rule("errors frames live_settings"),
    "live": rule(EVERYTHING_BUT_THE_WINDOW, "cv2 numpy"),
    "live_session": rule("live live_events live_settings pipeline sources"),
    "live_devices": rule("live_settings sources"),
    "bench": rule(EVERYTHING_BUT_THE_WINDOW + " live", "cv2 numpy torch tqdm"),
    "doctor": rule(EVERYTHING_BUT_THE_WINDOW, "av cv2 numpy openvino torch"),
    "cli": rule(
        "__init__ errors options settings live_settings preflight headless style_library contact_sheet "
        "clip_comparison bench doctor gui"
    ),
    "gui": rule(
        "__init__ errors options settings paths logs frames pipeline style_library live_session live_settings "
        "live_events live_devices export_jobs export_queue",
        "PyQt6 numpy",
    ),
    "assets": rule(),
}
EXCEPTIONS = {"frames/pixels.py": rule(third_party="numpy torch")}  # the only door between arrays and tensors
TRAINER_MAY = frozenset({"stylenet", "options", "cores", "cuda_graph"})


@dataclass(frozen=True)
class Import:
    """One imported module, and where."""

    file: Path
    line: int
    module: str

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    @property
    def ours(self) -> str:
        """fnst_live.frames.color -> frames; fnst_live itself -> __init__."""
        return (*self.module.split("."), "__init__")[1]

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


def source_files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports_of(file: Path) -> Iterator[Import]:
    """Every import of a file, wherever it stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(file, node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(file, node.lineno, module) for module in modules_from(node, file))


def modules_from(node: ast.ImportFrom, file: Path) -> list[str]:
    """`from fnst_live import paths` imports fnst_live.paths; `from fnst_live import __version__` fnst_live alone."""
    assert node.level == 0, f"{file}:{node.lineno}: imports are absolute here"
    assert node.module is not None
    if node.module != APP:
        return [node.module]
    return [f"{APP}.{name.name}" if is_module(name.name) else APP for name in node.names]


def is_module(name: str) -> bool:
    return (ROOT / APP / name).is_dir() or (ROOT / APP / f"{name}.py").is_file()


def row_of(file: Path) -> str:
    """The row of the table that a file of the app belongs to."""
    return file.relative_to(ROOT / APP).parts[0].removesuffix(".py")


def is_allowed(imported: Import, row: str, allowed: Rule) -> bool:
    if imported.top == APP:
        return imported.ours == row or imported.ours in allowed.ours
    return imported.top in sys.stdlib_module_names or imported.top in allowed.third_party


@pytest.mark.parametrize("file", source_files(APP), ids=lambda file: str(file.relative_to(ROOT)))
def test_the_app_imports_by_the_table(file: Path) -> None:
    row = row_of(file)
    assert row in RULES, f"{row} is new: give it a row in the table"
    allowed = EXCEPTIONS.get(file.relative_to(ROOT / APP).as_posix(), RULES[row])
    broken = [str(found) for found in imports_of(file) if not is_allowed(found, row, allowed)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("file", source_files(TRAINER), ids=lambda file: str(file.relative_to(ROOT)))
def test_the_trainer_imports_nothing_of_the_app_but_the_network(file: Path) -> None:
    broken = [
        str(found) for found in imports_of(file)
        if (found.top == APP and found.ours not in TRAINER_MAY) or found.top == "PyQt6"
    ]
    assert not broken, "\n".join(broken)


def test_no_stage_knows_another() -> None:
    for stage in STAGES:
        assert RULES[stage].ours.isdisjoint((STAGES - {stage}) | {"pipeline"})


def test_the_window_alone_imports_qt() -> None:
    assert [row for row, rule_ in RULES.items() if "PyQt6" in rule_.third_party] == ["gui"]


def test_an_import_that_is_not_allowed_is_found(tmp_path: Path) -> None:
    """The test of the test: late and renamed imports count."""
    file = tmp_path / "module.py"
    file.write_text("def late():\n    import torch.nn as nn\n    from fnst_live.sinks import tracks\n")
    found = [*imports_of(file)]
    assert [imported.module for imported in found] == ["torch.nn", "fnst_live.sinks"]
    assert not any(is_allowed(imported, "sources", RULES["sources"]) for imported in found)


@pytest.mark.parametrize("doing", [
    "import fnst_live.stabilize.choice as c; c.make_stabilizer(0.8)",
    "import fnst_live.live.core",  # torch takes a second, and there is a picture before
    "import fnst_live.assembly",
])
def test_torch_is_not_loaded_before_it_is_needed(doing: str) -> None:
    command = [sys.executable, "-c", f"import sys; {doing}; print('torch' in sys.modules)"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": PATH})
    assert (run.returncode, run.stdout) == (0, "False\n"), run.stderr


PAINT_WITHOUT_QT = """
import sys

sys.modules["PyQt6"] = None  # whoever imports it now gets an ImportError

from fractions import Fraction
from pathlib import Path

import numpy as np

from fnst_live.assembly import open_painter
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.settings import LookSettings
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles

import fnst_live.cli, fnst_live.headless

shape, file = NetShape(8, 8, 8, 1), Path(sys.argv[1]) / "tiny.safetensors"
header = ModelHeader("transformer_net", (StyleCard("tiny"),), shape)
save_model(file, StyleModel(header, TransformerNet(shape), initial_styles(1, shape)))

base, size = Fraction(1, 25), FrameSize(48, 32)
pipeline = open_painter(LookSettings(style=str(file), engine="torch")).pipeline_for(VideoFormat(size, base, 1 / base))
for i in range(3):
    content = Frame(np.random.default_rng(i).integers(0, 256, (32, 48, 3), dtype=np.uint8), i, base, index=i)
    painted = pipeline.process(content)
    assert painted.size == size and painted.pts == i
    assert (painted.pixels != content.pixels).any()
print("painted")
"""


def test_three_frames_are_painted_where_qt_cannot_be_imported(tmp_path: Path) -> None:
    """The core runs on a server that has never heard of Qt."""
    command = [sys.executable, "-c", PAINT_WITHOUT_QT, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": PATH})
    assert (run.returncode, run.stdout) == (0, "painted\n"), run.stderr
