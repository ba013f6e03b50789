"""Memory is constant in the clip's length."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .clips import Clip, Coding, noise
from .conftest import UNPAINTED
from .test_output_safety import repeat

MEASURE = """
import contextlib, io, json, resource, sys
from fnst_live.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    code = main(sys.argv[1:])
print(json.dumps([code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def peak_kib(*arguments: str | Path) -> int:
    command = [sys.executable, "-c", MEASURE, *map(str, arguments)]
    code, peak = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert code == 0
    return int(peak)


@pytest.mark.slow
def test_a_minute_takes_no_more_memory_than_ten_seconds(tmp_path: Path) -> None:
    coding = Coding(options={"preset": "ultrafast", "crf": "30"})
    second = Clip([noise(640, 480, i) for i in range(25)], coding).write(tmp_path / "second.mp4")
    peaks = []
    for seconds in (10, 60):
        source = repeat(second, tmp_path / f"{seconds}.mkv", seconds)
        peaks.append(peak_kib("video", source, "-o", tmp_path / f"{seconds}.mp4", *UNPAINTED, "--json"))
    assert peaks[1] <= peaks[0] * 1.05
