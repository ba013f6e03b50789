"""Plots of the optimizer's curve and the network's loss, drawn with Pillow: no plotting library is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

PANEL = (480, 320)  # width, height
MARGIN = 48
COLUMNS = 3
INK, CURVE, NETWORK = (40, 40, 40), (200, 80, 40), (30, 90, 170)


@dataclass(frozen=True)
class Curve:
    """losses: of the optimizer, after 0, 1, 2, ... iterations; network_loss: a line to hold it against."""

    title: str
    losses: tuple[float, ...]
    network_loss: float


def draw_panels(curves: Sequence[Curve]) -> Image.Image:
    """A panel per curve, the loss on a logarithmic scale."""
    columns = min(COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    sheet = Image.new("RGB", (columns * PANEL[0], rows * PANEL[1]), "white")
    for number, curve in enumerate(curves):
        sheet.paste(_panel(curve), (number % columns * PANEL[0], number // columns * PANEL[1]))
    return sheet


def _panel(curve: Curve) -> Image.Image:
    panel = Image.new("RGB", PANEL, "white")
    draw, font = ImageDraw.Draw(panel), ImageFont.load_default(13)
    levels = [_log(loss) for loss in (*curve.losses, curve.network_loss)]
    low, high = min(levels), max(*levels, min(levels) + 0.1)
    width, height = PANEL[0] - 2 * MARGIN, PANEL[1] - 2 * MARGIN

    def place(iteration: int, loss: float) -> tuple[float, float]:
        x = MARGIN + width * iteration / max(1, len(curve.losses) - 1)
        return x, MARGIN + height * (high - _log(loss)) / (high - low)

    draw.rectangle((MARGIN, MARGIN, MARGIN + width, MARGIN + height), outline=INK)
    draw.line([place(iteration, loss) for iteration, loss in enumerate(curve.losses)], fill=CURVE, width=2)
    network_y = place(0, curve.network_loss)[1]
    draw.line((MARGIN, network_y, MARGIN + width, network_y), fill=NETWORK, width=2)
    draw.text((MARGIN, 16), curve.title, fill=INK, font=font)
    draw.text((MARGIN + width, network_y - 3), "network", fill=NETWORK, font=font, anchor="rb")
    for loss, anchor in ((10**high, "rt"), (10**low, "rb")):
        draw.text((MARGIN - 4, place(0, loss)[1]), f"{loss:.2g}", fill=INK, font=font, anchor=anchor)
    foot = MARGIN + height + 6
    draw.text((MARGIN, foot), "0", fill=INK, font=font)
    draw.text((MARGIN + width, foot), f"{len(curve.losses) - 1} iterations", fill=CURVE, font=font, anchor="rt")
    return panel


def _log(loss: float) -> float:
    return math.log10(max(loss, 1e-9))
