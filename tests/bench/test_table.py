"""The page, letter by letter."""

from __future__ import annotations

import pytest

from fnst_live.bench.table import aligned, as_text, number
from fnst_live.frames.frame import FrameSize

from .examples import report

PAGE = """\
fnst-live 1.0, torch 2.11; 2026-01-02T03:04:05+00:00
A Processor (avx2 amx_bf16)
cores 2, of which torch uses 2; load average before: 0.10 0.20 0.30; used by others meanwhile: 1%
style starry-night; 2 seconds a figure, medians with quartiles
matmul: f32 340 GFLOP/s, bf16 2000 GFLOP/s

3840x2160, painted at 1920x1080: 8.08 G multiply-adds
  engine           ms   quartiles   fps  CPU ms  to float32  GFLOP/s  of matmul
  cuda f16       no CUDA device
  openvino bf16  20.0  18.0..24.0  50.0    39.0       51 dB      800        40%
  torch f32       160    144..192  6.25     310    the same      100          -

  stage      ms   quartiles   fps  CPU ms
  decode   2.50  2.25..3.00   400    4.00
  network  20.0  18.0..24.0  50.0    39.0

  end to end                          fps   quartiles  CPU ms  cores  latency ms  network alone  share
  render (openvino bf16, 2 at once)  30.0  27.0..36.0    65.0   1.95           -       60.0 fps    50%
  live (openvino bf16)               25.0  22.5..30.0    76.0   1.90        48.0       50.0 fps    50%"""


def test_the_page() -> None:
    assert as_text(report()) == PAGE


def test_a_path_that_paints_at_another_size_says_so() -> None:
    page = report(live_size=FrameSize(16, 1080))
    assert as_text(page).splitlines() == [*PAGE.splitlines(), "  live: painted at 16x1080, as in the window"]
    assert as_text(report(live_size=FrameSize(1920, 1080))) == PAGE


def test_nothing_to_align() -> None:
    assert aligned([]) == []
    assert aligned([("cuda", "no"), ("torch", "neither")]) == ["  cuda   no", "  torch  neither"]


@pytest.mark.parametrize(("value", "text"), [(0.012, "0.01"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1234")])
def test_three_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text
