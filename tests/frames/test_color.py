"""Tags with every gap filled: where washed-out video begins or ends."""

from __future__ import annotations

import pytest

from fnst_live.frames.color import ColorTags, RawTags, output_tags, resolve_tags
from fnst_live.frames.frame import FrameSize

SD, HD = FrameSize(720, 576), FrameSize(1280, 720)
UNTAGGED = RawTags(matrix=2, range=0, primaries=2, transfer=2)


def resolve(raw: RawTags, size: FrameSize, override: str | None = None, *, rgb: bool = False,
            full: bool = False) -> ColorTags:
    return resolve_tags(raw, size, is_rgb=rgb, is_full_range_format=full, override=override)


@pytest.mark.parametrize(
    ("size", "matrix"),
    [(SD, "smpte170m"), (FrameSize(1278, 718), "smpte170m"), (HD, "bt709"), (FrameSize(720, 1280), "bt709"),
     (FrameSize(1280, 536), "bt709")],
)
def test_untagged_video_is_read_as_players_do(size: FrameSize, matrix: str) -> None:
    tags = resolve(UNTAGGED, size)
    assert (tags.matrix, tags.range) == (matrix, "tv")


def test_the_files_own_tags_beat_the_guess() -> None:
    tags = resolve(RawTags(matrix=1, range=2, primaries=1, transfer=13), SD)
    assert tags == ColorTags("bt709", "pc", "bt709", "iec61966-2-1")


@pytest.mark.parametrize(
    ("override", "matrix", "range_"),
    [("bt709", "bt709", "tv"), ("bt601-full", "smpte170m", "pc"), ("bt2020-limited", "bt2020nc", "tv")],
)
def test_an_override_beats_the_file(override: str, matrix: str, range_: str) -> None:
    tags = resolve(RawTags(matrix=6, range=0, primaries=2, transfer=2), HD, override)
    assert (tags.matrix, tags.range) == (matrix, range_)


def test_full_range_pixel_formats_are_full_range() -> None:
    assert resolve(UNTAGGED, SD, full=True).range == "pc"


def test_rgb_has_no_matrix_and_is_full_range() -> None:
    tags = resolve(UNTAGGED, HD, rgb=True)
    assert (tags.matrix, tags.range) == ("gbr", "pc")


def test_a_yuv_stream_tagged_rgb_is_not_believed() -> None:
    assert resolve(RawTags(matrix=0, range=0, primaries=2, transfer=2), HD).matrix == "bt709"


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_is_written_as_bt709(transfer: str) -> None:
    source = ColorTags("bt2020nc", "tv", "bt2020", transfer)
    assert source.is_hdr
    assert output_tags(source, HD) == ColorTags("bt709", "tv", "bt709", "bt709")


@pytest.mark.parametrize(
    ("matrix", "written"),
    [("bt709", "bt709"), ("smpte170m", "smpte170m"), ("bt470bg", "bt470bg"), ("fcc", "smpte170m"),
     ("smpte240m", "bt709"), ("bt2020nc", "bt2020nc"), ("bt2020c", "bt2020nc"), ("gbr", "smpte170m")],
)
def test_output_keeps_the_matrix_where_players_know_it(matrix: str, written: str) -> None:
    tags = output_tags(ColorTags(matrix, "pc", "bt470bg", "gamma28"), SD)
    assert tags == ColorTags(written, "tv", "bt470bg", "gamma28")
