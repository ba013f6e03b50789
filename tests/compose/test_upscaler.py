"""Enlarging: tiles that leave no seam, the same on every engine, sizes as they should be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from fnst_live import paths
from fnst_live.compose import upscaler
from fnst_live.compose.compositor import StrengthCompositor, UpscalingCompositor
from fnst_live.compose.upscaler import Upscaler, equal_part, open_upscaler, tiles
from fnst_live.errors import EngineError, StyleError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.pixels import to_pixels, to_tensor
from fnst_live.stylenet.upscale_net import UpscaleNet, UpscaleShape

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def on_one_thread(one_thread: None) -> None:
    """Every test of this file."""


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscaler, "LARGEST_TILE", (9, 14))


def make_network(factor: int) -> UpscaleNet:
    torch.manual_seed(0)
    network = UpscaleNet(UpscaleShape(factor, channels=8, depth=2)).eval()
    torch.nn.init.normal_(network.last.weight, std=0.1)
    return network


def on_torch(network: UpscaleNet) -> Callable[[Pixels], Pixels]:
    @torch.inference_mode()
    def enlarge(pixels: Pixels) -> Pixels:
        return to_pixels(network(to_tensor(pixels, CPU)))

    return enlarge


def noise(height: int, width: int) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize(("height", "width"), [(9, 14), (10, 15), (1, 1), (30, 17)])
def test_tiles_leave_no_seam(small_tiles: None, factor: int, height: int, width: int) -> None:
    """The picture as a whole, its border's pixels repeated around, gives the same to the last bit but rounding."""
    network, picture = make_network(factor), noise(height, width)
    reach = network.reach
    around = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    inner = slice(reach * factor, -reach * factor)
    whole = on_torch(network)(around)[inner, inner]
    tiled = Upscaler(network, on_torch(network)).enlarge(picture)
    assert tiled.shape == (height * factor, width * factor, 3)
    assert np.abs(tiled.astype(int) - whole).max() <= 1


def test_tiles_cover_every_pixel_once() -> None:
    covered = np.zeros((30, 17), int)
    for tile in tiles(30, 17, 8, 5):
        covered[tile.rows, tile.columns] += 1
    assert (covered == 1).all()


def test_parts_are_equal_and_few() -> None:
    assert [equal_part(length, 384) for length in (1, 384, 385, 1080, 2160)] == [1, 384, 193, 360, 360]


@pytest.mark.parametrize("factor", [2, 4])
def test_the_engines_agree_on_what_ships(factor: int) -> None:
    picture = np.asarray(np.repeat(np.repeat(noise(6, 8), 5, 0), 5, 1), np.uint8)
    pictures = [open_upscaler(factor, engine).enlarge(picture) for engine in ("openvino", "torch")]
    assert pictures[0].shape == (30 * factor, 40 * factor, 3)
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() <= 6  # bfloat16
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() < 0.5


@pytest.mark.parametrize("factor", [2, 4])
def test_what_ships_draws_an_edge_more_sharply_than_bicubic(factor: int) -> None:
    import cv2

    true = np.zeros((48 * factor, 64 * factor, 3), np.uint8)
    cv2.circle(true, (32 * factor, 24 * factor), 15 * factor, (230, 180, 90), -1, cv2.LINE_AA)
    small = cv2.resize(true, (64, 48), interpolation=cv2.INTER_AREA)
    ours = open_upscaler(factor, "torch").enlarge(np.asarray(small, np.uint8))
    usual = cv2.resize(small, true.shape[1::-1], interpolation=cv2.INTER_CUBIC)

    def error(picture: Pixels) -> float:
        return float(np.square(picture.astype(float) - true).mean())

    assert error(ours) < 0.7 * error(np.asarray(usual, np.uint8))


def test_a_missing_model_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "assets_dir", lambda: tmp_path)
    with pytest.raises(StyleError, match=r"--upscale 2.*x2\.safetensors, does not exist"):
        open_upscaler(2)


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a CUDA card")
def test_without_a_card_cuda_is_refused() -> None:
    with pytest.raises(EngineError, match="no CUDA device"):
        open_upscaler(2, "cuda")


class Card:
    """Torch's picture in the place of a card's; its faults are given one by one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.is_broken = self.is_black = False
        on_torch = upscaler._on_torch
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(upscaler, "_on_torch", lambda network, device: self._on(on_torch(network, "cpu"), device))

    def _on(self, enlarge: Callable[[Pixels], Pixels], device: str) -> Callable[[Pixels], Pixels]:
        def enlarge_on_card(pixels: Pixels) -> Pixels:
            if self.is_broken:
                raise RuntimeError("CUDA error: no kernel image is available\nmore")
            return enlarge(pixels) * np.uint8(not self.is_black)

        return enlarge_on_card if device == "cuda" else enlarge


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    return Card(monkeypatch)


@pytest.mark.parametrize("fault", ["is_broken", "is_black"])
def test_a_card_is_tried_first(card: Card, caplog: pytest.LogCaptureFixture, fault: str) -> None:
    setattr(card, fault, True)
    with pytest.raises(EngineError, match="use --engine auto"):
        open_upscaler(2, "cuda")
    picture = noise(5, 6)
    np.testing.assert_array_equal(open_upscaler(2).enlarge(picture), open_upscaler(2, "openvino").enlarge(picture))
    (message,) = caplog.messages
    assert message.startswith("enlarging on the processor: the card")


def test_where_a_card_fails_later_the_processor_goes_on(card: Card, caplog: pytest.LogCaptureFixture) -> None:
    picture, by_any, by_card = noise(5, 6), open_upscaler(2), open_upscaler(2, "cuda")
    on_card = by_any.enlarge(picture)
    np.testing.assert_array_equal(on_card, open_upscaler(2, "torch").enlarge(picture))
    card.is_broken = True
    for _ in range(2):
        np.testing.assert_array_equal(by_any.enlarge(picture), open_upscaler(2, "openvino").enlarge(picture))
    assert caplog.messages == [
        "enlarging on the processor, since the card fails: CUDA error: no kernel image is available"
    ]
    with pytest.raises(EngineError, match="the card fails: CUDA error: no kernel image is available; use --engine"):
        by_card.enlarge(picture)


@pytest.fixture
def without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where it is not installed."""
    for module in ("openvino", "fnst_live.compose.upscale_graph"):
        monkeypatch.setitem(sys.modules, module, None)


def test_without_openvino_torch_enlarges(without_openvino: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    picture = noise(5, 6)
    np.testing.assert_array_equal(open_upscaler(2).enlarge(picture), open_upscaler(2, "torch").enlarge(picture))


def test_openvino_alone_is_asked_for_and_is_not_there(without_openvino: None) -> None:
    with pytest.raises(EngineError, match=r"OpenVINO cannot be loaded .*use --engine torch"):
        open_upscaler(2, "openvino")


def frame_of(pixels: Pixels) -> Frame:
    return Frame(pixels, 3, Fraction(1, 30), 1, 3)


@pytest.mark.parametrize(("strength", "keep_color"), [(1.0, False), (0.5, False), (1.0, True)])
def test_the_result_is_as_large_and_keeps_its_time(strength: float, keep_color: bool) -> None:
    network = make_network(2)
    blend, enlarger = StrengthCompositor(strength, keep_color), Upscaler(network, on_torch(network))
    compositor = UpscalingCompositor(blend, enlarger, FrameSize(16, 12))
    result = compositor.compose(frame_of(noise(12, 16)), frame_of(noise(6, 8)))
    assert result.pixels.shape == (12, 16, 3)
    assert (result.pts, result.index) == (3, 3)
