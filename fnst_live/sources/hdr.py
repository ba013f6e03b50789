"""HDR to SDR: PQ and HLG pictures tone-mapped to what an SDR screen shows as the same picture.

SMPTE ST 2084 (PQ), ITU-R BT.2100 (HLG and its display mapping), BT.2408 (reference white at 203 nits), BT.2087
(BT.2020 to BT.709). The curve is Mobius: straight up to `KNEE`, so that everything an SDR camera would have seen
keeps its place, and then a soft shoulder up to the peak.
"""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fnst_live.frames.frame import Pixels

Floats = npt.NDArray[np.floating[Any]]

REFERENCE_WHITE_NITS = 203.0
PEAK_NITS = 1000.0
KNEE = 0.3
DISPLAY_GAMMA = 2.4
BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
BT2020_LUMA = np.array([[0.2627, 0.6780, 0.0593]], np.float32)
LEVELS = 65536


def tone_map(rgb: npt.NDArray[np.uint16], transfer: str) -> Pixels:
    """uint16 (H, W, 3) full-range BT.2020 RGB, "smpte2084" or "arib-std-b67", to uint8 (H, W, 3) BT.709 RGB."""
    light: Floats = _light_table(transfer)[rgb]                     # (H, W, 3), 1 = reference white
    if transfer == "arib-std-b67":
        light = _hlg_display_light(light)
    light = np.maximum(cv2.transform(light, BT2020_TO_BT709), 0.0)
    brightest = np.maximum(light.max(axis=2, keepdims=True), 1e-6)  # (H, W, 1)
    light *= _mobius(brightest) / brightest                         # one factor for all three keeps the hue
    levels = (np.minimum(light, 1.0) * (LEVELS - 1)).astype(np.uint16)
    pixels: Pixels = _display_table()[levels]
    return pixels


@functools.cache
def _light_table(transfer: str) -> Floats:
    """Light for each of 65,536 signal levels: PQ relative to reference white, HLG as scene light 0..1."""
    signal = np.linspace(0, 1, LEVELS)
    return (_pq_light(signal) if transfer == "smpte2084" else _hlg_scene_light(signal)).astype(np.float32)


def _pq_light(signal: Floats) -> Floats:
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = signal ** (1 / m2)
    light: Floats = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) / REFERENCE_WHITE_NITS
    return light


def _hlg_scene_light(signal: Floats) -> Floats:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def _hlg_display_light(scene: Floats) -> Floats:
    """The display's share of HLG (gamma 1.2 at 1,000 nits), relative to reference white."""
    luma = np.maximum(cv2.transform(scene, BT2020_LUMA), 1e-6)
    system_gain: Floats = luma.reshape(*scene.shape[:2], 1) ** 0.2
    return scene * system_gain * np.float32(PEAK_NITS / REFERENCE_WHITE_NITS)


def _mobius(light: Floats) -> Floats:
    peak = PEAK_NITS / REFERENCE_WHITE_NITS
    a = -KNEE**2 * (peak - 1) / (KNEE**2 - 2 * KNEE + peak)
    b = (KNEE**2 - 2 * KNEE * peak + peak) / (peak - 1)
    shoulder = (b * b + 2 * b * KNEE + KNEE**2) / (b - a) * (light + a) / (light + b)
    return np.where(light <= KNEE, light, shoulder)


@functools.cache
def _display_table() -> Pixels:
    """8-bit levels for each of 65,536 light levels (BT.1886)."""
    return np.rint(np.linspace(0, 1, LEVELS) ** (1 / DISPLAY_GAMMA) * 255).astype(np.uint8)
