"""Row 8 of the video path: which files go in, which come out, and what cannot be is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from .clips import Clip, Coding, number_of, numbered, numbered_clip
from .conftest import Convert
from .probe import read_video

INPUTS = {
    "in.mp4": Coding(),
    "in.mov": Coding("prores_ks", "yuv422p10le", options={}),
    "in.mkv": Coding("ffv1", "yuv420p", options={}),
    "in.webm": Coding("libvpx-vp9", options={"crf": "10", "b": "0", "deadline": "realtime", "cpu-used": "8"}),
    "in.avi": Coding("mpeg4", options={"qmin": "2", "qmax": "2"}),
    "in.gif": Coding("gif", "rgb8", tags=None, options={}),
    "in.ts": Coding("mpeg2video", options={"qmin": "2", "qmax": "2"}),
}
OUTPUTS = {
    "out.mp4": ["h264", "hevc", "av1", "vp9"],
    "out.mkv": ["h264", "hevc", "av1", "vp9", "prores", "ffv1"],
    "out.mov": ["h264", "hevc", "prores"],
    "out.webm": ["vp9", "av1"],
}
USUAL = {"out.mp4": "h264", "out.mkv": "h264", "out.mov": "h264", "out.webm": "vp9", "out.gif": "gif"}


@pytest.mark.parametrize("source_name", INPUTS)
@pytest.mark.parametrize("name", USUAL)
def test_every_input_into_every_output(source_name: str, name: str, convert: Convert, tmp_path: Path) -> None:
    clip = Clip([numbered(i) for i in range(6)], INPUTS[source_name])
    report = convert(clip.write(tmp_path / source_name), tmp_path / name)
    painted = read_video(tmp_path / name)
    assert painted.codec == USUAL[name]
    assert [number_of(picture.rgb) for picture in painted.pictures] == list(range(6))
    assert (report["frames"], report["size"]) == (6, [64, 48])


@pytest.mark.parametrize(("name", "codec"), [(name, codec) for name, codecs in OUTPUTS.items() for codec in codecs])
def test_every_codec_in_every_container_that_holds_it(
    name: str, codec: str, convert: Convert, tmp_path: Path
) -> None:
    source = numbered_clip(6).write(tmp_path / "in.mp4")
    convert(source, tmp_path / name, "--codec", codec)
    painted = read_video(tmp_path / name)
    assert painted.codec == codec
    assert [number_of(picture.rgb) for picture in painted.pictures] == list(range(6))
    assert painted.times_s == pytest.approx([i / 25 for i in range(6)])


def test_hevc_in_mp4_is_marked_so_that_apple_players_take_it(convert: Convert, tmp_path: Path) -> None:
    convert(numbered_clip(3).write(tmp_path / "in.mp4"), tmp_path / "out.mp4", "--codec", "hevc")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


def test_gif_output_plays_for_ever(convert: Convert, tmp_path: Path) -> None:
    convert(numbered_clip(3).write(tmp_path / "in.mp4"), tmp_path / "out.gif")
    assert b"NETSCAPE2.0\x03\x01\x00\x00" in (tmp_path / "out.gif").read_bytes()


@pytest.mark.parametrize(
    ("name", "codec"),
    [("out.mp4", "ffv1"), ("out.webm", "h264"), ("out.webm", "prores"), ("out.mov", "vp9"), ("out.gif", "h264")],
)
def test_what_cannot_be_is_refused(
    name: str, codec: str, refuse: Callable[..., str], tmp_path: Path
) -> None:
    complaint = refuse(numbered_clip(3).write(tmp_path / "in.mp4"), tmp_path / name, "--codec", codec)
    assert codec in complaint
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["out", "out.avi", "out.txt", "out.mp4.bak"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(
    name: str, refuse: Callable[..., str], tmp_path: Path
) -> None:
    complaint = refuse(numbered_clip(3).write(tmp_path / "in.mp4"), tmp_path / name)
    assert ".mp4" in complaint
    assert ".webm" in complaint


@pytest.mark.parametrize("name", ["out.MP4", "out.Mkv"])
def test_suffixes_may_be_in_capitals(name: str, convert: Convert, tmp_path: Path) -> None:
    convert(numbered_clip(3).write(tmp_path / "in.mp4"), tmp_path / name)
    assert read_video(tmp_path / name).codec == "h264"


@pytest.mark.parametrize(
    ("codec", "name", "better", "worse"),
    [("h264", "out.mp4", "5", "45"), ("hevc", "out.mp4", "5", "45"), ("av1", "out.mkv", "5", "60"),
     ("vp9", "out.webm", "5", "60"), ("prores", "out.mov", "1", "31")],
)
def test_quality_is_the_encoders_own_number(
    codec: str, name: str, better: str, worse: str, convert: Convert, tmp_path: Path
) -> None:
    from .clips import noise

    source = Clip([noise(64, 64, i) for i in range(3)]).write(tmp_path / "in.mp4")
    sizes = []
    for quality in (better, worse):
        convert(source, tmp_path / name, "--codec", codec, "--quality", quality, "--overwrite")
        sizes.append((tmp_path / name).stat().st_size)
    assert sizes[0] > 1.5 * sizes[1]


def test_the_usual_quality_of_h264_is_crf_18(convert: Convert, tmp_path: Path) -> None:
    from .clips import noise

    source = Clip([noise(64, 64, i) for i in range(3)]).write(tmp_path / "in.mp4")
    convert(source, tmp_path / "usual.mp4")
    convert(source, tmp_path / "told.mp4", "--quality", "18")
    assert (tmp_path / "usual.mp4").read_bytes() == (tmp_path / "told.mp4").read_bytes()
