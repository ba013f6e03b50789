"""Codecs, containers and their quality numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnst_live.errors import OutputError, SettingError
from fnst_live.settings import CODECS
from fnst_live.sinks.encoders import CONTAINERS, ENCODERS, codec_for


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "h264"), ("a.MOV", "h264"), ("a.mkv", "h264"), ("a.webm", "vp9"), ("a.gif", "gif")]
)
def test_each_container_has_its_usual_codec(name: str, codec: str) -> None:
    assert codec_for(Path(name), None) == codec


def test_every_codec_of_the_command_line_has_an_encoder_and_a_home() -> None:
    for codec in CODECS:
        assert codec in ENCODERS
        assert any(codec in container.codecs for container in CONTAINERS.values())


def test_no_advice_names_a_codec_that_cannot_be_chosen() -> None:
    with pytest.raises(OutputError, match="leave --codec out"):
        codec_for(Path("a.gif"), "hevc")


@pytest.mark.parametrize(
    ("name", "codec"), [("a.webm", "h264"), ("a.mp4", "ffv1"), ("a.gif", "av1"), ("a.mp4", "prores")]
)
def test_impossible_pairs_are_refused_with_a_way_out(name: str, codec: str) -> None:
    with pytest.raises(OutputError, match=r"--codec .* or name the output \."):
        codec_for(Path(name), codec)


def test_an_unknown_suffix_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OutputError, match=r"\.mp4.*\.gif"):
        codec_for(Path("a.avi"), None)


def test_quality_goes_where_the_encoder_looks_for_it() -> None:
    assert ENCODERS["h264"].options_for("h264", None)["crf"] == "18"
    assert ENCODERS["h264"].options_for("h264", 30)["crf"] == "30"
    assert "crf" not in ENCODERS["ffv1"].options_for("ffv1", None)


@pytest.mark.parametrize(("codec", "quality"), [("h264", 52), ("h264", -1), ("ffv1", 3), ("prores", 0)])
def test_a_quality_that_cannot_be_names_the_flag(codec: str, quality: int) -> None:
    with pytest.raises(SettingError, match="--quality"):
        ENCODERS[codec].options_for(codec, quality)
