"""Settings refuse what cannot be, by the flag's name."""

from __future__ import annotations

import pytest

from fnst_live.errors import SettingError
from fnst_live.settings import LookSettings, VideoSettings, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0.0), ("12.5", 12.5), ("1:02", 62.0), ("01:02:03.250", 3723.25), ("90", 90.0)]
)
def test_times_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_time(text, "--start") == seconds


@pytest.mark.parametrize("text", ["", "abc", "-3", "1:-2", "1:2:3:4", "inf", "nan", "1:"])
def test_what_is_no_time_names_the_flag(text: str) -> None:
    with pytest.raises(SettingError, match="--end"):
        parse_time(text, "--end")


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_shares_lie_between_0_and_1(value: float) -> None:
    with pytest.raises(SettingError, match="--strength"):
        LookSettings(strength=value)
    with pytest.raises(SettingError, match="--stability"):
        LookSettings(stability=value)


def test_nothing_is_mixed_into_no_style() -> None:
    with pytest.raises(SettingError, match="--second-style"):
        LookSettings(style="none", second_style="udnie", upscale=2)


@pytest.mark.parametrize("stroke_size", [0, 3, 16])
def test_strokes_are_a_power_of_two_broad(stroke_size: int) -> None:
    with pytest.raises(SettingError, match="give 1, 2, 4 or 8"):
        LookSettings(stroke_size=stroke_size)


def test_what_is_painted_is_enlarged_twice_or_four_times() -> None:
    with pytest.raises(SettingError, match="--upscale 3 is none: give 1, 2 or 4"):
        LookSettings(upscale=3)


def test_work_height_has_a_floor() -> None:
    with pytest.raises(SettingError, match="--work-height"):
        LookSettings(work_height=8)


def test_the_end_comes_after_the_start() -> None:
    assert VideoSettings(start="1", end="2").end_s == 2
    with pytest.raises(SettingError, match="--end"):
        VideoSettings(start="2", end="2")
