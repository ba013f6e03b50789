"""What is compiled beforehand is all that live pictures need: the first of them must not wait for anything."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from fnst_live.stabilize import warm_up
from fnst_live.stabilize.warm_up import WarmUp

PROGRAM = """
import importlib, json, pkgutil
from fractions import Fraction
import cv2, numpy as np
from numba.core.dispatcher import Dispatcher
import fnst_live.stabilize
from fnst_live.frames.frame import Frame
from fnst_live.stabilize.stabilizer import FlowStabilizer
from fnst_live.stabilize.warm_up import WarmUp

NAMES = [module.name for module in pkgutil.iter_modules(fnst_live.stabilize.__path__)]
MODULES = [importlib.import_module(f"fnst_live.stabilize.{name}") for name in NAMES if not name.startswith("device_")]

def compiled():
    kernels = {f"{m.__name__}.{n}": k for m in MODULES for n, k in vars(m).items() if isinstance(k, Dispatcher)}
    return {name: len(kernel.signatures) for name, kernel in kernels.items()}

warm_up = WarmUp()
warm_up.join()
before = compiled()
picture = np.random.default_rng(1).integers(0, 256, (100, 150, 3), np.uint8)
picture = cv2.GaussianBlur(picture, (0, 0), 2)
stabilizer = FlowStabilizer(0.8, exact=False)
for index, shift in enumerate((0, 2, 4, 4, 4)):
    frame = Frame(np.roll(picture, shift, 1), index, Fraction(1, 30), index=index)
    stabilizer.stabilize(frame, frame)
after = compiled()
print(json.dumps({"count": sum(before.values()), "later": sorted(n for n in after if after[n] != before[n])}))
"""


def test_nothing_is_left_to_be_compiled_when_pictures_come() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=240)
    told = json.loads(run.stdout)
    assert told["later"] == []
    assert told["count"] > 10


def test_a_card_has_its_own_which_is_prepared_once(host_kernels: None, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[str] = []
    steady_on = warm_up._steady_on

    def noted(torch_device: str) -> None:
        prepared.append(torch_device)
        steady_on(torch_device)

    monkeypatch.setattr(warm_up, "_steady_on", noted)
    warming = WarmUp()
    for device in (None, "cpu", "cpu"):
        warming.prepare(device)
    warming.join()
    assert warming.is_over()
    assert prepared == ["cpu"]


def test_where_a_card_fails_nobody_is_told_beforehand(caplog: pytest.LogCaptureFixture) -> None:
    warming = WarmUp()
    warming.prepare("meta")
    warming.join()
    assert caplog.messages == []
