"""A card encodes where it is asked to and can; else the processor does, and it is said why."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.sinks import encoder_choice
from fnst_live.sinks.encoder_choice import choose_encoder
from fnst_live.sinks.encoder_trial import try_encoder
from fnst_live.sinks.encoders import CARD_ENCODERS, CONTAINERS, ENCODERS
from fnst_live.sinks.video_file import VideoFileSink

SIZE = FrameSize(161, 97)
TICK = Fraction(1, 25)


def has_card() -> bool:
    return try_encoder("h264", CARD_ENCODERS["h264"], np.zeros((256, 256, 3), np.uint8)).is_usable


needs_card = pytest.mark.skipif(not has_card(), reason="no card that encodes here")


@pytest.mark.parametrize("codec", ENCODERS)
def test_the_processor_encodes_unless_told_otherwise(codec: str) -> None:
    assert choose_encoder(codec, "cpu", SIZE) == (ENCODERS[codec], "")


@pytest.mark.parametrize("codec", sorted(ENCODERS.keys() - CARD_ENCODERS.keys()))
def test_what_no_card_encodes_the_processor_does(codec: str) -> None:
    spec, why = choose_encoder(codec, "nvenc", SIZE)
    assert spec is ENCODERS[codec]
    assert f"no card encodes {codec} (but h264, hevc, av1)" in why


def test_a_card_that_passes_the_trial_encodes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In its place another encoder, which can be had everywhere."""
    on_card = dataclasses.replace(ENCODERS["h264"], encoder="libx264rgb", pixel_format="rgb24")
    monkeypatch.setattr(encoder_choice, "CARD_ENCODERS", {"h264": on_card})
    assert choose_encoder("h264", "nvenc", SIZE) == (on_card, "")


def test_a_card_that_does_not_is_said_so_and_the_file_is_written_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(encoder_choice, "CARD_ENCODERS", {"h264": dataclasses.replace(ENCODERS["h264"],
                                                                                      encoder="no_such_encoder")})
    sink = VideoFileSink(tmp_path / "out.mp4", VideoFormat(SIZE, TICK, 1 / TICK), encoder="nvenc")
    sink.write(Frame(np.zeros((SIZE.height, SIZE.width, 3), np.uint8), 0, TICK, 1))
    sink.finish()
    assert "no card encodes here (not in this build of FFmpeg): encoded by the processor" in sink.warnings
    assert (tmp_path / "out.mp4").stat().st_size > 0


@pytest.mark.parametrize("codec", CARD_ENCODERS)
def test_quality_is_asked_of_a_card_in_its_own_words(codec: str) -> None:
    options = CARD_ENCODERS[codec].options_for(codec, 30)
    assert (options["cq"], options["rc"], options["b"]) == ("30", "vbr", "0")


def test_the_letters_that_name_hevc_are_the_same() -> None:
    assert all(CARD_ENCODERS[codec].codec_tag == ENCODERS[codec].codec_tag for codec in CARD_ENCODERS)
    assert {codec for container in CONTAINERS.values() for codec in container.codecs} >= CARD_ENCODERS.keys()


@needs_card
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_card_writes_a_file(codec: str, tmp_path: Path) -> None:
    size = FrameSize(640, 360)
    sink = VideoFileSink(tmp_path / "out.mp4", VideoFormat(size, TICK, 1 / TICK), codec=codec, encoder="nvenc")
    for index in range(5):
        sink.write(Frame(np.full((size.height, size.width, 3), 40 * index, np.uint8), index, TICK, 1))
    sink.finish()
    assert not sink.warnings
    assert (tmp_path / "out.mp4").stat().st_size > 0
