"""Row 2 of the video path: PQ and HLG become a good SDR picture, and the run says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from . import h273
from .clips import Clip, Coding
from .conftest import Convert, warnings_of
from .h273 import Floats
from .probe import read_video

SDR_TAGS = {"matrix": "bt709", "range": "tv", "primaries": "bt709", "transfer": "bt709"}
WHITE_NITS = 203.0  # BT.2408: where a sheet of paper lies
MID_GRAY_NITS = 0.18 * WHITE_NITS  # reflects 18 % of what paper does
STEPS_NITS = np.array([0.0, 2.0, 10.0, MID_GRAY_NITS, 100.0, WHITE_NITS, 500.0, 1000.0])


def pq_steps() -> Floats:
    return h273.pq_signal(STEPS_NITS)


def hlg_steps() -> Floats:
    """Scene light that a 1,000-nit display shows as those nits (BT.2100, system gamma 1.2)."""
    return h273.hlg_signal((STEPS_NITS / 1000) ** (1 / 1.2))


def hdr_clip(signal: Floats, transfer: str, encoder: str = "ffv1") -> Clip:
    """Gray steps side by side, or colored ones where the signal is (n, 3)."""
    colors = signal if signal.ndim == 2 else signal[:, None].repeat(3, axis=1)
    picture = colors.repeat(16, axis=0)[None].repeat(64, axis=0)
    tags = {"matrix": "bt2020nc", "range": "tv", "primaries": "bt2020", "transfer": transfer}
    x265 = {"x265-params": "lossless=1:log-level=none:bframes=0", "preset": "ultrafast"}
    options = x265 if encoder == "libx265" else {}
    return Clip([picture] * 2, Coding(encoder, "yuv420p10le", "bt2020nc", "tv", tags, options))


def shown_levels(path: Path) -> Floats:
    """The middle of each step, (n, 3), in 255 levels."""
    rgb = read_video(path).pictures[0].rgb
    return rgb[32, 8::16] * 255


@pytest.mark.parametrize(
    ("transfer", "signal"), [("smpte2084", pq_steps()), ("arib-std-b67", hlg_steps())], ids=["pq", "hlg"]
)
def test_hdr_becomes_a_good_sdr_picture(transfer: str, signal: Floats, convert: Convert, tmp_path: Path) -> None:
    report = convert(hdr_clip(signal, transfer).write(tmp_path / "in.mkv"), tmp_path / "out.mp4")
    assert "hdr" in warnings_of(report)
    assert report["source_color"]["transfer"] == transfer
    assert report["output_color"] == SDR_TAGS
    painted = read_video(tmp_path / "out.mp4")
    assert painted.tags == SDR_TAGS
    levels = shown_levels(tmp_path / "out.mp4").mean(axis=1)
    assert (np.diff(levels) > 2).all(), "order and differences are kept, highlights too"
    assert levels[0] <= 2
    assert 90 <= levels[3] <= 140, "mid gray is mid gray"
    assert 180 <= levels[5] <= 240, "paper is bright, and leaves room above it"
    assert levels[7] >= 245, "the brightest is white"


@pytest.mark.parametrize(
    ("transfer", "signal"), [("smpte2084", pq_steps()), ("arib-std-b67", hlg_steps())], ids=["pq", "hlg"]
)
def test_gray_stays_gray(transfer: str, signal: Floats, convert: Convert, tmp_path: Path) -> None:
    convert(hdr_clip(signal, transfer).write(tmp_path / "in.mkv"), tmp_path / "out.mp4")
    assert np.ptp(shown_levels(tmp_path / "out.mp4"), axis=1).max() <= 3


def test_hdr_as_phones_write_it(convert: Convert, tmp_path: Path) -> None:
    """10-bit HEVC in mp4."""
    clip = hdr_clip(hlg_steps(), "arib-std-b67", "libx265")
    report = convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    assert "hdr" in warnings_of(report)
    assert 90 <= shown_levels(tmp_path / "out.mp4").mean(axis=1)[3] <= 140


def test_hues_survive_and_wide_ones_are_brought_in(convert: Convert, tmp_path: Path) -> None:
    """BT.709 red, green and blue at paper white, written in BT.2020, come back as pure colors."""
    to_bt2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])  # BT.2087
    colors = h273.pq_signal((np.eye(3) @ to_bt2020.T) * WHITE_NITS)
    convert(hdr_clip(colors, "smpte2084").write(tmp_path / "in.mkv"), tmp_path / "out.mp4")
    levels = shown_levels(tmp_path / "out.mp4")
    for own, shown in enumerate(levels):
        assert shown.argmax() == own
        assert shown[own] > 150
        assert np.delete(shown, own).max() < 40
