"""Encoders are believed when they have encoded; what fails says why, in one line and nowhere else."""

from __future__ import annotations

import math

import av.logging
import numpy as np
import pytest

from fnst_live.frames.frame import Pixels
from fnst_live.sinks import encoder_trial
from fnst_live.sinks.encoder_trial import HARDWARE_ENCODERS, EncoderReport, survey_encoders, try_encoder
from fnst_live.sinks.encoders import ENCODERS, EncoderSpec


@pytest.fixture
def picture() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def test_every_encoder_the_program_writes_with_works(picture: Pixels, capfd: pytest.CaptureFixture[str]) -> None:
    for codec, spec in ENCODERS.items():
        report = try_encoder(codec, spec, picture)
        assert (report.codec, report.encoder, report.reason) == (codec, spec.encoder, "")
        assert 0 < report.milliseconds < math.inf
    assert capfd.readouterr() == ("", "")


def test_the_survey_has_a_line_for_every_encoder(picture: Pixels, capfd: pytest.CaptureFixture[str]) -> None:
    reports = survey_encoders(picture)
    names = [report.encoder for report in reports]
    assert names == [*(spec.encoder for spec in ENCODERS.values()), *HARDWARE_ENCODERS]
    for report in reports:
        assert report.is_usable == math.isfinite(report.milliseconds)
        assert "\n" not in report.reason
        assert report.is_usable or report.reason
    assert capfd.readouterr() == ("", "")


def test_an_encoder_that_is_not_built_in_is_told_from_one_that_fails(picture: Pixels) -> None:
    assert "build of FFmpeg" in try_encoder("h264", EncoderSpec("no_such_encoder", "nv12"), picture).reason
    failing = try_encoder("h264", EncoderSpec("libx264", "bgra"), picture)  # a format it does not take
    assert failing.reason
    assert "build of FFmpeg" not in failing.reason


def test_what_libav_says_is_the_reason(picture: Pixels, capfd: pytest.CaptureFixture[str]) -> None:
    assert "pixel format bgra" in try_encoder("h264", EncoderSpec("libx264", "bgra"), picture).reason
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("level", [None, av.logging.WARNING])
def test_libav_talks_as_before_afterwards(picture: Pixels, level: int | None) -> None:
    before = av.logging.get_level()
    av.logging.set_level(level)
    try:
        assert not try_encoder("h264", EncoderSpec("libx264", "bgra"), picture).is_usable
        assert av.logging.get_level() == level
    finally:
        av.logging.set_level(before)


def test_a_fault_of_the_program_is_not_taken_for_one_of_the_machine(
    picture: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slip(*_: object) -> EncoderReport:
        raise TypeError("a slip")

    monkeypatch.setattr(encoder_trial, "_frame", slip)
    with pytest.raises(TypeError):
        try_encoder("h264", ENCODERS["h264"], picture)
