"""Row 1 of the video path: colors come back, and every output says what its numbers mean."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from .clips import Clip, Coding, patches
from .conftest import PAINTED, Convert, RunCommand
from .h273 import Floats
from .probe import Video, read_tags, read_video

SD, HD = (256, 192), (1280, 720)
TAGS = {
    "bt709": {"matrix": "bt709", "primaries": "bt709", "transfer": "bt709"},
    "smpte170m": {"matrix": "smpte170m", "primaries": "smpte170m", "transfer": "smpte170m"},
    "bt470bg": {"matrix": "bt470bg", "primaries": "bt470bg", "transfer": "gamma28"},
}
TOLERANCE = 2  # of 255 levels


def patch_clip(matrix: str, color_range: str, size: tuple[int, int], *, is_tagged: bool) -> Clip:
    tags = {**TAGS[matrix], "range": color_range} if is_tagged else None
    return Clip([patches(*size)] * 2, Coding(matrix=matrix, color_range=color_range, tags=tags))


def patch_levels(rgb: Floats) -> Floats:
    """The middle of each patch (2, 4, 3), in the 255 levels of a screen."""
    height, width = rgb.shape[:2]
    rows = [height * (2 * row + 1) // 4 for row in range(2)]
    columns = [width * (2 * column + 1) // 8 for column in range(4)]
    return np.rint(rgb[np.ix_(rows, columns)] * 255)


def assert_same_colors(painted: Video, clip: Clip, tolerance: float = TOLERANCE) -> None:
    """Each patch looks as the clip's own numbers look; those are rounded already."""
    wanted = patch_levels(clip.stored_rgb(0))
    for picture in painted.pictures:
        np.testing.assert_allclose(patch_levels(picture.rgb), wanted, rtol=0, atol=tolerance)


def assert_tagged_as_reported(video: Video, reported: dict[str, str]) -> None:
    """No tag missing, and the report says the same as the file."""
    assert video.tags == reported


@pytest.mark.parametrize("size", [SD, HD], ids=["sd", "hd"])
@pytest.mark.parametrize("color_range", ["tv", "pc"])
@pytest.mark.parametrize("matrix", ["smpte170m", "bt709"])
def test_tagged_colors_come_back(
    matrix: str, color_range: str, size: tuple[int, int], convert: Convert, tmp_path: Path
) -> None:
    clip = patch_clip(matrix, color_range, size, is_tagged=True)
    report = convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    painted = read_video(tmp_path / "out.mp4")
    assert_same_colors(painted, clip)
    assert_tagged_as_reported(painted, report["output_color"])
    assert report["source_color"] == TAGS[matrix] | {"range": color_range}
    assert report["output_color"] == report["source_color"] | {"range": report["output_color"]["range"]}


@pytest.mark.parametrize(("matrix", "size"), [("smpte170m", SD), ("bt709", HD)], ids=["sd", "hd"])
def test_untagged_colors_are_read_by_their_size(
    matrix: str, size: tuple[int, int], convert: Convert, tmp_path: Path
) -> None:
    clip = patch_clip(matrix, "tv", size, is_tagged=False)
    source = clip.write(tmp_path / "in.mp4")
    assert set(read_tags_of(source).values()) == {None}
    report = convert(source, tmp_path / "out.mp4")
    painted = read_video(tmp_path / "out.mp4")
    assert_same_colors(painted, clip)
    assert_tagged_as_reported(painted, report["output_color"])
    assert report["source_color"]["matrix"] == matrix


def test_720_lines_are_hd_however_narrow(convert: Convert, tmp_path: Path) -> None:
    clip = patch_clip("bt709", "tv", (128, 720), is_tagged=False)
    report = convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    assert report["source_color"]["matrix"] == "bt709"
    assert_same_colors(read_video(tmp_path / "out.mp4"), clip)


@pytest.mark.parametrize("size", [SD, HD], ids=["sd", "hd"])
@pytest.mark.parametrize("color_range", ["tv", "pc"])
@pytest.mark.parametrize(("matrix", "name"), [("smpte170m", "bt601"), ("bt709", "bt709")])
@pytest.mark.parametrize("is_tagged", [False, True], ids=["untagged", "mistagged"])
def test_input_color_beats_tags_and_guesses(
    is_tagged: bool, matrix: str, name: str, color_range: str, size: tuple[int, int], convert: Convert, tmp_path: Path
) -> None:
    wrong = TAGS["bt709" if matrix == "smpte170m" else "smpte170m"] | {"range": "pc" if color_range == "tv" else "tv"}
    coding = Coding(matrix=matrix, color_range=color_range, tags=wrong if is_tagged else None)
    clip = Clip([patches(*size)] * 2, coding)
    flag = f"{name}-{'limited' if color_range == 'tv' else 'full'}"
    report = convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.mp4", "--input-color", flag)
    assert report["source_color"]["matrix"] == matrix
    assert report["source_color"]["range"] == color_range
    assert_same_colors(read_video(tmp_path / "out.mp4"), clip)


def test_input_color_without_a_range_keeps_the_tagged_one(convert: Convert, tmp_path: Path) -> None:
    clip = Clip([patches(*SD)] * 2, Coding(matrix="bt709", color_range="pc", tags={"range": "pc"}))
    convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4", "--input-color", "bt709")
    assert_same_colors(read_video(tmp_path / "out.mp4"), clip)


def test_motion_jpeg_is_full_range_by_nature(convert: Convert, tmp_path: Path) -> None:
    """Cameras write it so, and tell nothing."""
    coding = Coding(
        "mjpeg", "yuvj420p", matrix="smpte170m", color_range="pc", tags=None, options={"qmin": "1", "qmax": "1"}
    )
    clip = Clip([patches(*SD)] * 2, coding)
    report = convert(clip.write(tmp_path / "in.avi"), tmp_path / "out.mp4")
    assert report["source_color"]["range"] == "pc"
    assert_same_colors(read_video(tmp_path / "out.mp4"), clip)


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.webm"])
@pytest.mark.parametrize("matrix", ["smpte170m", "bt470bg", "bt709"])
def test_every_container_carries_colors_and_tags(matrix: str, name: str, convert: Convert, tmp_path: Path) -> None:
    clip = patch_clip(matrix, "tv", SD, is_tagged=True)
    report = convert(clip.write(tmp_path / "in.mkv"), tmp_path / name)
    painted = read_video(tmp_path / name)
    assert_same_colors(painted, clip)
    assert_tagged_as_reported(painted, report["output_color"])


@pytest.mark.parametrize(
    ("codec", "name"),
    [("hevc", "out.mp4"), ("av1", "out.mkv"), ("vp9", "out.mp4"), ("prores", "out.mov"), ("ffv1", "out.mkv")],
)
@pytest.mark.parametrize("color_range", ["tv", "pc"])
def test_every_codec_carries_colors_and_tags(
    codec: str, name: str, color_range: str, convert: Convert, tmp_path: Path
) -> None:
    clip = patch_clip("bt709", color_range, SD, is_tagged=True)
    report = convert(clip.write(tmp_path / "in.mkv"), tmp_path / name, "--codec", codec)
    painted = read_video(tmp_path / name)
    assert painted.codec == codec
    assert_same_colors(painted, clip)
    assert_tagged_as_reported(painted, report["output_color"])


def test_a_painted_clip_is_tagged_too(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = Clip([patches()] * 2).write(tmp_path / "in.mp4")
    report = fnst_live("video", source, "-o", tmp_path / "out.mp4", *PAINTED, "--json").report
    assert_tagged_as_reported(read_video(tmp_path / "out.mp4"), report["output_color"])


def test_ten_bit_sdr_comes_back_without_a_warning(convert: Convert, tmp_path: Path) -> None:
    clip = patch_clip("bt709", "tv", SD, is_tagged=True).with_coding(pixel_format="yuv420p10le")
    report = convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    assert report["warnings"] == []
    assert_same_colors(read_video(tmp_path / "out.mp4"), clip)


def test_ten_bit_gradients_do_not_darken(convert: Convert, tmp_path: Path) -> None:
    """Two bits dropped without rounding would cost half a level everywhere."""
    ramp = np.repeat(np.linspace(0, 1, 256)[None, :, None], 32, axis=0).repeat(3, axis=2)
    clip = Clip([ramp] * 2, Coding(pixel_format="yuv420p10le"))
    convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.mkv", "--codec", "ffv1")
    shown = read_video(tmp_path / "out.mkv").pictures[0].rgb
    assert abs(float((shown - ramp).mean())) * 255 < 0.3


def test_rgb_input_comes_back(convert: Convert, tmp_path: Path) -> None:
    clip = Clip([patches(*SD)] * 2, Coding("ffv1", "bgr0", tags=None, options={}))
    convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.mp4")
    assert_same_colors(read_video(tmp_path / "out.mp4"), clip)


def test_black_and_white_keep_their_contrast(convert: Convert, tmp_path: Path) -> None:
    """Limited range shown as full keeps only 86 % of the contrast: the best fit to "washed off"."""
    halves = np.zeros((48, 64, 3), np.uint8)
    halves[:, 32:] = 255
    convert(Clip([halves] * 2).write(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    shown = read_video(tmp_path / "out.mp4").pictures[0].rgb * 255
    assert shown[24, 8].max() <= TOLERANCE
    assert shown[24, 56].min() >= 255 - TOLERANCE


def test_colors_survive_gif_both_ways(convert: Convert, tmp_path: Path) -> None:
    clip = patch_clip("bt709", "tv", SD, is_tagged=True)
    convert(clip.write(tmp_path / "in.mp4"), tmp_path / "between.gif")
    assert_same_colors(read_video(tmp_path / "between.gif"), clip)
    convert(tmp_path / "between.gif", tmp_path / "out.mp4")
    assert_same_colors(read_video(tmp_path / "out.mp4"), clip, tolerance=2 * TOLERANCE)


def read_tags_of(path: Path) -> dict[str, str | None]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return read_tags(stream, next(container.decode(stream)))
