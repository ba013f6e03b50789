"""Row 9 of the video path: `--start` and `--end` are exact to the frame, and the sound is cut to match."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from .clips import Captions, Clip, Coding, Sound, beep_at, flat, number_of, numbered, numbered_clip, tone
from .conftest import Convert
from .probe import Video, read_captions, read_chapters, read_tracks, read_video, sound_begins_s

LONG_GOP = Coding(options={"preset": "veryfast", "crf": "12", "bf": "3", "b-adapt": "0", "g": "1000"})
SHORT_GOP = Coding(options={"preset": "veryfast", "crf": "12", "bf": "2", "b-adapt": "0", "g": "10"})
COUNT = 50


def numbers(video: Video) -> list[int]:
    return [number_of(picture.rgb) for picture in video.pictures]


@pytest.mark.parametrize(
    ("flags", "first", "last"),
    [
        (("--start", "0.4"), 10, 49),
        (("--end", "0.4"), 0, 9),
        (("--start", "0.4", "--end", "1.2"), 10, 29),
        (("--start", "0.36", "--end", "0.40"), 9, 9),
        (("--start", "0.37", "--end", "0.45"), 10, 11),
        (("--start", "0:01", "--end", "00:00:01.5"), 25, 37),
        (("--start", "0"), 0, 49),
        (("--end", "99"), 0, 49),
        (("--start", "1.96"), 49, 49),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
@pytest.mark.parametrize("coding", [LONG_GOP, SHORT_GOP], ids=["long gop", "short gop"])
def test_exact_to_the_frame(
    flags: tuple[str, ...], first: int, last: int, coding: Coding, convert: Convert, tmp_path: Path
) -> None:
    source = numbered_clip(COUNT, coding=coding).write(tmp_path / "in.mp4")
    report = convert(source, tmp_path / "out.mp4", *flags)
    painted = read_video(tmp_path / "out.mp4")
    assert numbers(painted) == list(range(first, last + 1))
    assert painted.times_s == [Fraction(i, 25) for i in range(last - first + 1)]
    assert report["frames"] == last - first + 1
    assert report["warnings"] == []


@pytest.mark.parametrize("source_name", ["in.mkv", "in.mov", "in.avi", "in.webm", "in.gif", "in.ts"])
def test_exact_in_every_container(source_name: str, convert: Convert, tmp_path: Path) -> None:
    codings = {
        "in.avi": Coding("mpeg4", options={"qmin": "2", "qmax": "2", "g": "50"}),
        "in.webm": Coding("libvpx-vp9", options={"crf": "10", "b": "0", "deadline": "realtime", "cpu-used": "8"}),
        "in.gif": Coding("gif", "rgb8", tags=None, options={}),
        "in.ts": Coding("mpeg2video", options={"qmin": "2", "qmax": "2", "g": "15", "bf": "2"}),
    }
    source = numbered_clip(COUNT, coding=codings.get(source_name, LONG_GOP)).write(tmp_path / source_name)
    convert(source, tmp_path / "out.mkv", "--start", "0.8", "--end", "1.2")
    assert numbers(read_video(tmp_path / "out.mkv")) == list(range(20, 30))


def test_exact_with_variable_frame_rate(convert: Convert, tmp_path: Path) -> None:
    times = [0, 33, 100, 101, 400, 433, 466, 900]
    clip = Clip([numbered(i) for i in range(8)], LONG_GOP, Fraction(1, 1000), times, 100)
    convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4", "--start", "0.101", "--end", "0.466")
    painted = read_video(tmp_path / "out.mp4")
    assert numbers(painted) == [3, 4, 5]
    assert painted.times_s == [Fraction(ms, 1000) for ms in (0, 299, 332)]


def test_times_count_from_the_first_picture(convert: Convert, tmp_path: Path) -> None:
    """A file whose clock does not begin at nothing is trimmed by what people see, not by its clock."""
    clip = Clip([numbered(i) for i in range(20)], LONG_GOP, times=[100 + i for i in range(20)])
    convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.mkv", "--start", "0.2", "--end", "0.4")
    painted = read_video(tmp_path / "out.mkv")
    assert numbers(painted) == list(range(5, 10))
    assert painted.times_s[0] == 0


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_sound_is_cut_to_match(name: str, convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(COUNT, coding=LONG_GOP, sounds=[Sound(tone(2.0)), Sound(tone(2.0), "ac3")])
    source = read_tracks(clip.write(tmp_path / "in.mp4"), "audio")
    report = convert(tmp_path / "in.mp4", tmp_path / name, "--start", "0.4", "--end", "1.2")
    assert [track["action"] for track in report["audio"]] == ["copied", "copied"]
    for track, original in zip(read_tracks(tmp_path / name, "audio"), source, strict=True):
        packet_s = float(original.packets[1].time_s - original.packets[0].time_s)
        assert float(track.times_s[0]) == pytest.approx(0, abs=packet_s)
        assert float(track.end_s) == pytest.approx(0.8, abs=packet_s)
        begin = original.payloads.index(track.payloads[0])
        assert track.payloads == original.payloads[begin : begin + len(track.packets)]


@pytest.mark.parametrize("codec", ["pcm_s16le", "aac", "libopus"])
@pytest.mark.parametrize("name", ["out.mkv", "out.mp4", "out.webm"])
def test_trimmed_sound_stays_in_step(codec: str, name: str, convert: Convert, tmp_path: Path) -> None:
    pictures = [flat(230 if i >= 30 else 20) for i in range(COUNT)]
    clip = Clip(pictures, LONG_GOP, sounds=[Sound(beep_at(1.2, 2.0), codec)])
    convert(clip.write(tmp_path / "in.mkv"), tmp_path / name, "--start", "0.77", "--end", "1.7")
    flash_s = next(p.time_s for p in read_video(tmp_path / name).pictures if p.rgb.mean() > 0.5)
    assert flash_s == pytest.approx(0.4, abs=0.001)
    assert sound_begins_s(tmp_path / name) == pytest.approx(0.4, abs=0.02)


def test_captions_and_chapters_are_cut_to_match(convert: Convert, tmp_path: Path) -> None:
    lines = [(0.1, 0.3, "gone"), (0.3, 0.6, "begins before"), (0.7, 0.9, "inside"), (1.1, 1.5, "ends after")]
    chapters = [(0.0, 0.3, "gone"), (0.3, 0.8, "first"), (0.8, 2.0, "second")]
    clip = numbered_clip(COUNT, coding=LONG_GOP, captions=[Captions(lines)], chapters=chapters)
    convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.mkv", "--start", "0.4", "--end", "1.2")
    shown = [(round(begin, 3), round(end, 3), text) for begin, end, text in read_captions(tmp_path / "out.mkv")]
    assert shown == [(0.0, 0.2, "begins before"), (0.3, 0.5, "inside"), (0.7, 0.8, "ends after")]
    kept = [(round(begin, 3), round(end, 3), title) for begin, end, title in read_chapters(tmp_path / "out.mkv")]
    assert kept == [(0.0, 0.4, "first"), (0.4, 0.8, "second")]


def test_the_duration_is_that_of_the_cut(convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(COUNT, coding=LONG_GOP, sounds=[Sound(tone(2.0))])
    convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4", "--start", "0.4", "--end", "1.2")
    assert float(read_video(tmp_path / "out.mp4").duration_s) == pytest.approx(0.8, abs=0.001)


@pytest.mark.parametrize(
    "flags",
    [("--start", "2.5"), ("--start", "1", "--end", "0.5"), ("--start", "1", "--end", "1"), ("--start", "soon"),
     ("--end", "-1"), ("--end", "0"), ("--start", "nan"), ("--end", "1:2:3:4")],
    ids=" ".join,
)
def test_times_that_cannot_be_are_refused(flags: tuple[str, ...], refuse: Callable[..., str], tmp_path: Path) -> None:
    complaint = refuse(numbered_clip(COUNT).write(tmp_path / "in.mp4"), tmp_path / "out.mp4", *flags)
    assert flags[-2] in complaint
    assert not (tmp_path / "out.mp4").exists()


def test_a_cut_is_painted_like_the_whole(convert: Convert, tmp_path: Path) -> None:
    """The first picture of a cut is not a mixture with those before it."""
    source = numbered_clip(20, coding=LONG_GOP).write(tmp_path / "in.mp4")
    flags = ("--strength", "1", "--stability", "0")
    convert(source, tmp_path / "whole.mkv", "--codec", "ffv1", *flags)
    convert(source, tmp_path / "cut.mkv", "--codec", "ffv1", *flags, "--start", "0.4")
    whole, cut = read_video(tmp_path / "whole.mkv").pictures, read_video(tmp_path / "cut.mkv").pictures
    for picture, same in zip(cut, whole[10:], strict=True):
        np.testing.assert_array_equal(picture.rgb, same.rgb)
