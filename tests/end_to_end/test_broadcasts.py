"""Transport streams, as televisions record them: a clock that counts from anywhere, sound packed for the air."""

from __future__ import annotations

from pathlib import Path

import pytest

from .clips import Sound, numbered_clip, tone
from .conftest import Convert
from .probe import read_tracks, read_video


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_time_begins_at_nothing_and_sound_stays_in_step(name: str, convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(50, sounds=[Sound(tone(2.0))], container_options={"output_ts_offset": "5000"})
    source = read_video(clip.write(tmp_path / "in.ts"))
    assert source.times_s[0] > 4999
    source_sound = read_tracks(tmp_path / "in.ts", "audio")[0]
    report = convert(tmp_path / "in.ts", tmp_path / name)
    assert report["frames"] == 50
    painted, sound = read_video(tmp_path / name), read_tracks(tmp_path / name, "audio")[0]
    assert painted.times_s[0] < 0.1
    steps = [b - a for a, b in zip(painted.times_s, painted.times_s[1:], strict=False)]
    assert [float(step) for step in steps] == pytest.approx([0.04] * 49, abs=0.001)
    offset = float(sound.packets[0].time_s - painted.times_s[0])
    assert offset == pytest.approx(float(source_sound.packets[0].time_s - source.times_s[0]), abs=0.03)
    assert float(painted.duration_s) < 2.2


def test_aac_as_broadcast_goes_into_mp4(convert: Convert, tmp_path: Path) -> None:
    numbered_clip(25, sounds=[Sound(tone(1.0))]).write(tmp_path / "in.ts")
    report = convert(tmp_path / "in.ts", tmp_path / "out.mp4")
    assert report["audio"][0]["action"] == "transcoded"
    assert read_tracks(tmp_path / "out.mp4", "audio")[0].codec == "aac"
