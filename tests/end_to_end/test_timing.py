"""Row 3 of the video path: every presentation time and the duration are the input's."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import pytest

from .clips import LOSSLESS_H264, Captions, Clip, Coding, number_of, numbered
from .conftest import Convert, warnings_of
from .probe import read_captions, read_video

MILLISECONDS = [0, 33, 100, 101, 400, 433, 466, 900]
WITH_B_FRAMES = Coding(options={"preset": "veryfast", "crf": "12", "bf": "2", "b-adapt": "0"})
VFR = ("name", "time_base", "times", "last_duration")


def vfr_clip(time_base: Fraction, times: list[int], last_duration: int, coding: Coding = WITH_B_FRAMES) -> Clip:
    return Clip([numbered(i) for i in range(len(times))], coding, time_base, times, last_duration)


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
@pytest.mark.parametrize("source_name", ["in.mp4", "in.mkv"])
def test_variable_frame_rate_keeps_every_time(source_name: str, name: str, convert: Convert, tmp_path: Path) -> None:
    clip = vfr_clip(Fraction(1, 1000), MILLISECONDS, 250)
    source = read_video(clip.write(tmp_path / source_name))
    report = convert(tmp_path / source_name, tmp_path / name)
    painted = read_video(tmp_path / name)
    assert painted.times_s == clip.times_s == source.times_s
    assert [number_of(picture.rgb) for picture in painted.pictures] == list(range(len(MILLISECONDS)))
    assert report["frames"] == len(MILLISECONDS)
    assert report["warnings"] == []


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.webm"])
def test_the_last_picture_lasts_as_long(name: str, convert: Convert, tmp_path: Path) -> None:
    """A clip that ends on a held picture keeps holding it."""
    clip = vfr_clip(Fraction(1, 1000), MILLISECONDS, 250, Coding())
    source = read_video(clip.write(tmp_path / "in.mp4"))
    assert source.duration_s == Fraction(1150, 1000)
    convert(tmp_path / "in.mp4", tmp_path / name)
    painted = read_video(tmp_path / name)
    assert painted.duration_s == source.duration_s


@pytest.mark.parametrize(
    VFR,
    [
        ("in.mp4", Fraction(1, 90_000), [0, 3003, 6006, 9010, 36_000], 3003),
        ("in.mp4", Fraction(1001, 30_000), [0, 1, 2, 3, 5, 9], 1),
        ("in.mov", Fraction(1, 600), [0, 20, 40, 61, 300], 25),
        ("in.mp4", Fraction(1, 1_000_000), [0, 33_333, 66_667, 100_001], 33_333),
    ],
    ids=["90k", "ntsc", "600", "microseconds"],
)
def test_fine_time_bases_are_not_rounded(
    name: str, time_base: Fraction, times: list[int], last_duration: int, convert: Convert, tmp_path: Path
) -> None:
    clip = vfr_clip(time_base, times, last_duration, Coding())
    source = read_video(clip.write(tmp_path / name))
    assert source.times_s == clip.times_s
    convert(tmp_path / name, tmp_path / "out.mp4")
    painted = read_video(tmp_path / "out.mp4")
    assert painted.times_s == source.times_s
    assert painted.duration_s == source.duration_s


@pytest.mark.parametrize(("source_name", "name"), [("in.mp4", "out.mp4"), ("in.mkv", "out.mkv"), ("in.mp4", "out.mkv")])
def test_a_late_first_picture_stays_late(source_name: str, name: str, convert: Convert, tmp_path: Path) -> None:
    clip = vfr_clip(Fraction(1, 1000), [480, 520, 560, 700], 40)
    source = read_video(clip.write(tmp_path / source_name))
    convert(tmp_path / source_name, tmp_path / name)
    painted = read_video(tmp_path / name)
    assert painted.times_s == source.times_s


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9", "ffv1", "prores"])
def test_no_encoder_reorders_drops_or_repeats(codec: str, convert: Convert, tmp_path: Path) -> None:
    clip = vfr_clip(Fraction(1, 1000), MILLISECONDS, 100)
    convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.mkv", "--codec", codec)
    painted = read_video(tmp_path / "out.mkv")
    assert painted.times_s == clip.times_s
    assert [number_of(picture.rgb) for picture in painted.pictures] == list(range(len(MILLISECONDS)))


def test_gif_times_are_kept_to_its_hundredths(convert: Convert, tmp_path: Path) -> None:
    clip = vfr_clip(Fraction(1, 100), [0, 10, 15, 40, 90], 30)
    convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.gif")
    painted = read_video(tmp_path / "out.gif")
    assert painted.times_s == clip.times_s
    assert painted.duration_s == Fraction(12, 10)


def test_gif_input_keeps_its_times(convert: Convert, tmp_path: Path) -> None:
    coding = Coding("gif", "rgb8", tags=None, options={})
    clip = vfr_clip(Fraction(1, 100), [0, 10, 15, 40, 90], 30, coding)
    source = read_video(clip.write(tmp_path / "in.gif"))
    convert(tmp_path / "in.gif", tmp_path / "out.mp4")
    painted = read_video(tmp_path / "out.mp4")
    assert painted.times_s == source.times_s == clip.times_s
    assert [number_of(picture.rgb) for picture in painted.pictures] == list(range(5))


def test_a_single_picture_is_a_clip(convert: Convert, tmp_path: Path) -> None:
    clip = Clip([numbered(7)], last_duration=50)
    report = convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    assert report["frames"] == 1
    painted = read_video(tmp_path / "out.mp4")
    assert number_of(painted.pictures[0].rgb) == 7
    assert painted.duration_s == 2


@pytest.mark.parametrize("rate", [Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(120)])
def test_exact_rates_stay_exact(rate: Fraction, convert: Convert, tmp_path: Path) -> None:
    clip = Clip([numbered(i) for i in range(12)], Coding(options=LOSSLESS_H264), 1 / rate)
    report = convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    painted = read_video(tmp_path / "out.mp4")
    assert painted.times_s == [i / rate for i in range(12)]
    assert painted.duration_s == 12 / rate
    assert warnings_of(report) == ""


@pytest.mark.parametrize("name", ["out.mp4", "out.mov"])
def test_a_file_of_many_fragments_is_as_exact(name: str, convert: Convert, tmp_path: Path) -> None:
    """Crash-safe files are written second by second: no second may end in a wrong duration, of pictures or captions."""
    times = [0]
    for i in range(140):
        times.append(times[-1] + (33, 20, 100, 34, 66)[i % 5])
    lines = [(0.4, 0.9, "a"), (1.7, 2.6, "b"), (3.0, 4.5, "c"), (5.0, 5.5, "d")]
    clip = vfr_clip(Fraction(1, 1000), times, 250)
    clip = dataclasses.replace(clip, captions=[Captions(lines)])
    convert(clip.write(tmp_path / "in.mkv"), tmp_path / name)
    painted = read_video(tmp_path / name)
    assert painted.times_s == clip.times_s
    assert painted.duration_s == Fraction(times[-1] + 250, 1000)
    shown = [(float(begin), float(end), text) for begin, end, text in read_captions(tmp_path / name)]
    assert [text for _, _, text in shown] == [text for _, _, text in lines]
    for (begin, end, _), (wanted_begin, wanted_end, _) in zip(shown, lines, strict=True):
        assert (begin, end) == pytest.approx((wanted_begin, wanted_end), abs=0.001)
