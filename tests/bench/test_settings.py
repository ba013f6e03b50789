"""What can be asked for, and how what cannot is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fnst_live.bench.settings import BenchSettings
from fnst_live.errors import SettingError


def test_the_usual() -> None:
    settings = BenchSettings()
    assert settings.size_texts == ("320x240", "640x480", "1280x720", "1920x1080")
    assert settings.figure_s == 2


def test_quick_is_one_size_and_less_time_unless_said_otherwise() -> None:
    quick = BenchSettings(quick=True)
    assert (quick.size_texts, quick.figure_s) == (("640x480",), 0.5)
    own = BenchSettings(quick=True, sizes=("64x48",), seconds=9)
    assert (own.size_texts, own.figure_s) == (("64x48",), 9)


@pytest.mark.parametrize(("wrong", "sentence"), [
    ({"sizes": ("640",)}, "--sizes 640 is no size"),
    ({"sizes": ("640x480", "0x48")}, "--sizes 0x48 cannot be measured"),
    ({"sizes": ("641x480",)}, "--sizes 641x480 cannot be measured: give even numbers"),
    ({"sizes": ("99998x480",)}, "--sizes 99998x480 cannot be measured"),
    ({"seconds": 0.0}, "--seconds 0 is out of range"),
    ({"seconds": float("nan")}, "--seconds nan is out of range"),
    ({"compare": (Path("a"), Path("b"), Path("c"))}, "--compare takes one saved result, or two"),
    ({"compare": (Path("a"), Path("b")), "save": Path("c")}, "--save has nothing to keep"),
])
def test_what_cannot_be(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingError, match=r"^" + sentence):
        BenchSettings(**wrong)
