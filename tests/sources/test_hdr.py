"""HDR to SDR: the same picture, only on a smaller screen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from fnst_live.sources.hdr import tone_map


def pq_level(nits: float) -> int:
    """SMPTE ST 2084, as a 16-bit level."""
    y: float = (nits / 10000) ** (2610 / 16384)
    m2, c1, c2, c3 = 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    signal: float = ((c1 + c2 * y) / (1 + c3 * y)) ** m2
    return round(signal * 65535)


def grey(level: int) -> npt.NDArray[np.uint16]:
    return np.full((2, 2, 3), level, np.uint16)


def test_black_stays_black_and_the_peak_is_white() -> None:
    assert tone_map(grey(0), "smpte2084").max() == 0
    assert tone_map(grey(pq_level(1000)), "smpte2084").min() >= 253


def test_mid_grey_keeps_its_place() -> None:
    """18 % of reference white (203 nits) lies below the knee: BT.1886 shows it at 0.18 ** (1 / 2.4)."""
    result = tone_map(grey(pq_level(203 * 0.18)), "smpte2084")
    assert abs(int(result[0, 0, 0]) - round(255 * 0.18 ** (1 / 2.4))) <= 2


def test_reference_white_is_bright_and_leaves_room_for_highlights() -> None:
    assert 200 <= int(tone_map(grey(pq_level(203)), "smpte2084")[0, 0, 0]) <= 235


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_brighter_stays_brighter(transfer: str) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)
    shown = tone_map(np.repeat(ramp[None, :, None], 3, axis=2), transfer)[0, :, 0].astype(int)
    assert (np.diff(shown) >= 0).all()
    assert shown[-1] > 200


def test_grey_stays_grey_and_color_keeps_its_hue() -> None:
    result = tone_map(grey(pq_level(400)), "smpte2084")
    assert int(result.max()) - int(result.min()) <= 1
    red = np.array([[[pq_level(300), pq_level(100), pq_level(100)]]], np.uint16)
    r, g, b = (int(v) for v in tone_map(red, "smpte2084")[0, 0])
    assert r > g + 60
    assert abs(g - b) < 40


def test_hlg_mid_grey_is_a_mid_grey() -> None:
    """BT.2408: an 18 % grey card is 38 % of the HLG signal and shows at 26 nits."""
    shown = int(tone_map(grey(round(0.38 * 65535)), "arib-std-b67")[0, 0, 0])
    assert abs(shown - round(255 * (26 / 203) ** (1 / 2.4))) <= 8
