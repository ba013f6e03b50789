"""What is wrong from the start is said at once: without loading what takes seconds to load."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fnst_live.errors import InputError, OutputError, StyleError, UserError
from fnst_live.preflight import check_inputs, check_look, check_pictures, check_video
from fnst_live.settings import LookSettings, RenderRequest, VideoSettings

ROOT = Path(__file__).parent.parent

TELL_WHAT_WAS_LOADED = """
import sys
from fnst_live.cli import main

code = main(sys.argv[1:])
heavy = {"torch", "numpy", "cv2", "av", "openvino", "numba"} & sys.modules.keys()
print(code, sorted(heavy))
"""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["video", "gone.mp4"], "gone.mp4 does not exist: check the path"),
        (["video", __file__, "--style", "monett"], "unknown style 'monett': did you mean 'water-lilies'?"),
        (["video", __file__, "-o", str(ROOT / "setup.cfg")], "setup.cfg exists already"),
        (["image", "gone.jpg"], "gone.jpg does not exist: check the path"),
        (["image", __file__, "--style", "gone.safetensors"], "gone.safetensors does not exist: check the path"),
        (["demo", "--style", "munch"], "unknown style 'munch': did you mean 'the-scream'?"),
        (["styles", "--sheet", "sheet.png", "gone.jpg"], "gone.jpg does not exist: check the path"),
        (["metrics", __file__, __file__, "--against", "gone.mp4"], "gone.mp4 does not exist: check the path"),
    ],
)
def test_a_wrong_command_is_refused_before_anything_heavy_is_loaded(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", TELL_WHAT_WAS_LOADED, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
    assert (run.stdout, run.stderr.count("\n")) == ("2 []\n", 1), run.stderr
    assert sentence in run.stderr


def request(source: Path, output: Path | None = None, style: str = "starry-night") -> RenderRequest:
    return RenderRequest(source, output, LookSettings(style=style), VideoSettings())


def test_what_may_be_right_passes(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"whether it is a video, its reader will tell")
    check_video(request(clip))
    check_video(request(clip, tmp_path / "painted.mp4"))
    check_pictures(str(tmp_path), LookSettings())
    check_pictures("-", LookSettings())
    check_look(LookSettings(style="none", upscale=2))
    check_inputs(clip, None)


@pytest.mark.parametrize(
    ("error", "output", "style"),
    [(OutputError, "clip.mp4", "starry-night"), (OutputError, "no/folder.mp4", "starry-night"),
     (StyleError, "painted.mp4", "candy.safetensors")],
)
def test_what_cannot_end_well_does_not_begin(
    error: type[UserError], output: str, style: str, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    with pytest.raises(error):
        check_video(request(clip, tmp_path / output, style))


def test_a_missing_input_comes_first(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist: check the path"):
        check_video(request(tmp_path / "gone.mp4", tmp_path / "no" / "folder.mp4", "candy"))
