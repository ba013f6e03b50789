"""A picture enlarged by the network that ships for it, tile by tile: any size, in the memory of one tile."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch

from fnst_live import paths
from fnst_live.errors import EngineError, StyleError
from fnst_live.frames.frame import Pixels
from fnst_live.frames.pixels import to_pixels, to_tensor
from fnst_live.stylenet.upscale_net import UpscaleFileError, UpscaleNet, load_upscale_model

LARGEST_TILE = (384, 640)  # rows and columns, without what neighbors share: larger ones leave the processor's cache

TRIAL_PICTURE: Pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
LARGEST_DEVIATION = 2.0  # levels, on the mean, from the processor's picture

SIZES_KEPT = 4  # of tiles: pictures of one size have one, live the size changes

log = logging.getLogger(__name__)

EnlargeTile = Callable[[Pixels], Pixels]


@dataclass(frozen=True)
class Tile:
    """What of the picture it is for."""

    rows: slice
    columns: slice


class Upscaler:
    """Enlarges uint8 pictures by a whole number."""

    def __init__(self, network: UpscaleNet, enlarge_tile: EnlargeTile):
        """enlarge_tile: uint8 (H, W, 3), mostly of one and the same size, to so many times more."""
        self.factor, self._reach, self._enlarge_tile = network.shape.factor, network.reach, enlarge_tile

    def enlarge(self, pixels: Pixels) -> Pixels:
        """uint8 (H, W, 3) to (factor * H, factor * W, 3)."""
        height, width = pixels.shape[:2]
        large = np.empty((height * self.factor, width * self.factor, 3), np.uint8)
        inner_rows, inner_columns = equal_part(height, LARGEST_TILE[0]), equal_part(width, LARGEST_TILE[1])
        padded = self._padded(pixels, inner_rows, inner_columns)
        for tile in tiles(height, width, inner_rows, inner_columns):
            seen = padded[tile.rows.start :, tile.columns.start :]
            seen = seen[: inner_rows + 2 * self._reach, : inner_columns + 2 * self._reach]
            self._put(large, tile, self._enlarge_tile(np.ascontiguousarray(seen)))
        return large

    def _padded(self, pixels: Pixels, inner_rows: int, inner_columns: int) -> Pixels:
        """With the border's pixels around, and as many more as whole tiles need."""
        height, width = pixels.shape[:2]
        bottom, right = -height % inner_rows, -width % inner_columns
        margins = (self._reach, self._reach + bottom, self._reach, self._reach + right)
        return np.asarray(cv2.copyMakeBorder(pixels, *margins, cv2.BORDER_REPLICATE), np.uint8)

    def _put(self, large: Pixels, tile: Tile, enlarged: Pixels) -> None:
        """The part of an enlarged tile that is right, to its place."""
        rows, columns = (
            slice(part.start * self.factor, part.stop * self.factor) for part in (tile.rows, tile.columns)
        )
        first = self._reach * self.factor
        large[rows, columns] = enlarged[first:, first:][: rows.stop - rows.start, : columns.stop - columns.start]


def equal_part(length: int, most: int) -> int:
    """Of as few equal parts as can be, none longer than that."""
    return -(-length // -(-length // most))


def tiles(height: int, width: int, inner_rows: int, inner_columns: int) -> Iterator[Tile]:
    """Every pixel in one."""
    for top in range(0, height, inner_rows):
        for left in range(0, width, inner_columns):
            yield Tile(slice(top, min(top + inner_rows, height)), slice(left, min(left + inner_columns, width)))


def open_upscaler(factor: int, engine: str = "auto") -> Upscaler:
    """The model of that factor that ships, on the named engine. Raises StyleError, EngineError."""
    file = paths.assets_dir() / "upscale" / f"x{factor}.safetensors"
    try:
        network = load_upscale_model(file).network
    except UpscaleFileError as error:
        raise StyleError(f"the model for --upscale {factor}, {file}, {error}") from error
    return Upscaler(network, _tile_engine(network, engine))


def _tile_engine(network: UpscaleNet, engine: str) -> EnlargeTile:
    if engine == "cuda" or (engine == "auto" and torch.cuda.is_available()):
        try:
            return _on_card(network, engine)
        except EngineError as error:
            if engine == "cuda":
                raise
            log.warning("enlarging on the processor: %s", error)
    if engine == "torch":
        return _on_torch(network, "cpu")
    try:
        return _on_openvino(network)
    except (ImportError, RuntimeError) as error:  # not installed, or no plugin for this processor
        if engine == "auto":
            return _on_torch(network, "cpu")
        raise EngineError(f"OpenVINO cannot be loaded ({error}): reinstall it, or use --engine torch") from error


def _on_card(network: UpscaleNet, engine: str) -> EnlargeTile:
    """Tried on a picture first; with "auto", the processor goes on where it fails later. Raises EngineError."""
    if not torch.cuda.is_available():
        raise EngineError("no CUDA device; use --engine auto")
    try:
        on_card = _on_torch(network, "cuda")
        deviation = np.abs(on_card(TRIAL_PICTURE).astype(np.float32) - _on_torch(network, "cpu")(TRIAL_PICTURE)).mean()
    except RuntimeError as error:
        raise EngineError(f"the card cannot enlarge: {_gist(error)}; use --engine auto") from error
    if not deviation < LARGEST_DEVIATION:
        raise EngineError(f"the card's picture is wrong ({deviation:.1f} levels off); use --engine auto")
    refuge: list[EnlargeTile] = []

    def enlarge(pixels: Pixels) -> Pixels:
        try:
            if not refuge:
                return on_card(pixels)
        except RuntimeError as error:  # no memory left, or the card is gone
            if engine == "cuda":
                raise EngineError(f"the card fails: {_gist(error)}; use --engine auto") from error
            log.warning("enlarging on the processor, since the card fails: %s", _gist(error))
            refuge.append(_tile_engine(network, "openvino"))
        return refuge[0](pixels)

    return enlarge


def _gist(error: RuntimeError) -> str:
    return str(error).partition("\n")[0]


def _on_torch(network: UpscaleNet, device: str) -> EnlargeTile:
    torch_device = torch.device(device)
    dtype = torch.float16 if device == "cuda" else torch.float32
    network = copy.deepcopy(network).to(torch_device, dtype).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def enlarge(pixels: Pixels) -> Pixels:
        return to_pixels(network(to_tensor(pixels, torch_device, dtype)))

    return enlarge


def _on_openvino(network: UpscaleNet) -> EnlargeTile:
    from openvino import InferRequest

    from fnst_live.compose.upscale_graph import upscale_graph_of
    from fnst_live.openvino_core import openvino_core

    capabilities = openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    precision = "bf16" if "BF16" in capabilities else "f32"
    settings = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}

    @lru_cache(maxsize=SIZES_KEPT)
    def request_for(height: int, width: int) -> InferRequest:
        graph = upscale_graph_of(network, height, width)
        return openvino_core().compile_model(graph, "CPU", settings).create_infer_request()

    def enlarge(pixels: Pixels) -> Pixels:
        large: Pixels = request_for(*pixels.shape[:2]).infer([pixels[None]])[0][0]
        return large

    return enlarge
