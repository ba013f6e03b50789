"""A truncated or damaged input gives what can be decoded, and a warning with the count."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from .clips import Clip, Coding, Sound, noise, number_of, numbered, tone
from .conftest import Convert, warnings_of
from .probe import read_video

COUNT = 100
CODING = Coding(options={"preset": "veryfast", "crf": "20", "g": "10", "bf": "0"})


def heavy_clip(**more: object) -> Clip:
    """Numbered pictures with a noisy lower half, so that bytes are spread evenly over the file."""
    pictures = []
    for i in range(COUNT):
        picture = numbered(i, 128, 96)
        picture[64:] = noise(128, 32, i)
        pictures.append(picture)
    return Clip(pictures, CODING, sounds=[Sound(tone(COUNT / 25))], **more)  # type: ignore[arg-type]


def write_cut(clip: Clip, path: Path, share: float) -> Path:
    """The first so much of a file."""
    whole = clip.write(path).read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def numbers(path: Path) -> list[int]:
    return [number_of(picture.rgb[:60]) for picture in read_video(path).pictures]


def counts_in(warnings: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", warnings)]


CUTS = {
    "mkv": ("in.mkv", {}),
    "faststart mp4": ("in.mp4", {"movflags": "+faststart"}),
    "fragmented mp4": ("in.mp4", {"movflags": "+frag_keyframe+empty_moov"}),
}


@pytest.mark.parametrize("kind", CUTS)
def test_a_file_cut_short_gives_what_there_is(kind: str, convert: Convert, tmp_path: Path) -> None:
    name, options = CUTS[kind]
    source = write_cut(heavy_clip(container_options=options), tmp_path / name, 0.6)
    report = convert(source, tmp_path / "out.mp4")
    decoded = numbers(tmp_path / "out.mp4")
    assert 50 <= len(decoded) <= 70
    assert decoded[:-1] == list(range(len(decoded) - 1)), "the very last one may be damaged"
    assert report["frames"] == len(decoded)
    if kind != "fragmented mp4":  # which does not promise a length
        missing = COUNT - len(decoded)
        assert any(abs(number - missing) <= 2 for number in counts_in(warnings_of(report))), report["warnings"]


@pytest.mark.parametrize("name", ["out.mp4", "out.webm", "out.gif"])
def test_sound_of_a_file_cut_short_is_no_obstacle(name: str, convert: Convert, tmp_path: Path) -> None:
    source = write_cut(heavy_clip(container_options={"movflags": "+faststart"}), tmp_path / "in.mp4", 0.6)
    report = convert(source, tmp_path / name)
    assert 50 <= report["frames"] <= 70
    assert len(read_video(tmp_path / name).pictures) == report["frames"]


def damage(path: Path, begin: float, end: float) -> None:
    """Noise over a part of the file."""
    content = bytearray(path.read_bytes())
    first, last = int(len(content) * begin), int(len(content) * end)
    content[first:last] = np.random.default_rng(0).integers(0, 256, last - first, dtype=np.uint8).tobytes()
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv"])
def test_damage_in_the_middle_is_counted_and_survived(name: str, convert: Convert, tmp_path: Path) -> None:
    source = heavy_clip(container_options={"movflags": "+faststart"} if name == "in.mp4" else {}).write(tmp_path / name)
    damage(source, 0.45, 0.50)
    report = convert(source, tmp_path / "out.mp4")
    decoded = numbers(tmp_path / "out.mp4")
    assert report["frames"] == len(decoded)
    assert len(decoded) >= 80
    assert decoded[:40] == list(range(40))
    assert decoded[-30:] == list(range(COUNT - 30, COUNT))
    assert counts_in(warnings_of(report)), "a warning with a count"


def test_pictures_after_damage_keep_their_times(convert: Convert, tmp_path: Path) -> None:
    source = heavy_clip().write(tmp_path / "in.mkv")
    damage(source, 0.45, 0.50)
    convert(source, tmp_path / "out.mkv")
    painted = read_video(tmp_path / "out.mkv")
    for picture in painted.pictures[-30:]:
        assert float(picture.time_s) == pytest.approx(number_of(picture.rgb[:60]) / 25, abs=0.001)


def test_a_clip_without_a_decodable_picture_is_refused(refuse: Callable[..., str], tmp_path: Path) -> None:
    source = heavy_clip(container_options={"movflags": "+faststart"}).write(tmp_path / "in.mp4")
    content = source.read_bytes()
    start = content.index(b"mdat") + 8
    source.write_bytes(content[:start] + bytes(len(content) - start))
    assert "in.mp4" in refuse(source, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_a_whole_file_gives_no_warning(convert: Convert, tmp_path: Path) -> None:
    report = convert(heavy_clip().write(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    assert report["warnings"] == []
    assert report["frames"] == COUNT
