"""The contact sheet: one picture in every style, side by side, with their names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fnst_live.assembly import open_painter
from fnst_live.errors import StyleError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.resize import resize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.scene.landscape import Landscape
from fnst_live.settings import LookSettings
from fnst_live.sinks.picture import check_picture_output, check_picture_size, write_picture
from fnst_live.sources.picture import Picture, read_picture
from fnst_live.style_library import list_styles

TILE_HEIGHT, MOST_TILE_WIDTH = 360, 1440
SHEET_ASPECT = 16 / 10
GAP = 12
LABEL_HEIGHT, LABEL_WIDTH = 34, 200
BACKGROUND, LABEL_COLOR = (18, 18, 20), (222, 222, 226)
SCENE_PHASE = 0.15  # of the built-in scene: boat, balloon and birds in view

Tile = tuple[str, Pixels]


def save_contact_sheet(output: Path, picture: Path | None, *, overwrite: bool) -> list[str]:
    """Paint the picture, or the built-in scene, in every style into one picture. Returns warnings. Raises UserError."""
    check_picture_output(output, source=picture, overwrite=overwrite)
    names = [entry.name for entry in list_styles()]
    if not names:
        raise StyleError("no styles are installed: there is nothing to show")
    content = _content(picture)
    check_picture_size(output, FrameSize(*_layout(1 + len(names), content.frame.size)[1]))
    original = content.frame
    tiles = [("original", original.pixels), *((name, _painted(original, name)) for name in names)]
    return [*content.warnings, *write_picture(output, arrange(tiles, content.alpha), None)]


def arrange(tiles: Sequence[Tile], alpha: Pixels | None = None) -> Pixels:
    """Named pictures of one size to one sheet, about as wide as high: uint8 (H, W, 3). alpha: all of theirs, (h, w)."""
    height, width = tiles[0][1].shape[:2]
    columns, size = _layout(len(tiles), FrameSize(width, height))
    cell, mask = _cell(FrameSize(width, height)), None if alpha is None else Image.fromarray(alpha)
    sheet = Image.new("RGB", size, BACKGROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=17)
    for i, (name, pixels) in enumerate(tiles):
        x, y = GAP + i % columns * cell.width, GAP + i // columns * cell.height
        sheet.paste(Image.fromarray(pixels), (x + (cell.width - GAP - width) // 2, y), mask)
        draw.text(
            (x + (cell.width - GAP) / 2, y + height + LABEL_HEIGHT / 2 - 4), name, LABEL_COLOR, font, anchor="mm"
        )
    return np.array(sheet)


def _cell(tile: FrameSize) -> FrameSize:
    """What a tile takes, with its name below and the gap to the next."""
    return FrameSize(max(tile.width, LABEL_WIDTH) + GAP, tile.height + LABEL_HEIGHT)


def _layout(count: int, tile: FrameSize) -> tuple[int, tuple[int, int]]:
    """Columns of the sheet, and its (width, height): near the usual shape, and with as few places empty as can be."""
    cell = _cell(tile)
    usual = math.ceil(math.sqrt(count * tile.height / (cell.width - GAP) * SHEET_ASPECT))

    def size(columns: int) -> tuple[int, int]:
        return columns * cell.width + GAP, math.ceil(count / columns) * cell.height + GAP

    def misfit(columns: int) -> tuple[int, float]:
        width, height = size(columns)
        return -count % columns, abs(math.log(width / height / SHEET_ASPECT))

    columns = min({max(1, min(count, columns)) for columns in range(usual - 1, usual + 2)}, key=misfit)
    return columns, size(columns)


def _content(file: Path | None) -> Picture:
    """At the size of a tile."""
    if file is None:
        return _as_picture(Landscape(FrameSize(TILE_HEIGHT * 4 // 3, TILE_HEIGHT)).picture(SCENE_PHASE))
    full = read_picture(file)
    size = _tile_size(full.frame.size)
    alpha = None if full.alpha is None else resize(full.alpha, size)
    return replace(_as_picture(resize(full.frame.pixels, size)), alpha=alpha, warnings=full.warnings)


def _tile_size(size: FrameSize) -> FrameSize:
    scale = min(TILE_HEIGHT / size.height, MOST_TILE_WIDTH / size.width)
    return FrameSize(max(1, round(size.width * scale)), max(1, round(size.height * scale)))


def _as_picture(pixels: Pixels) -> Picture:
    return Picture(Frame(np.ascontiguousarray(pixels), 0, Fraction(1)), None, [])


def _painted(content: Frame, style: str) -> Pixels:
    painter = open_painter(replace(LookSettings(), style=style, stability=0.0))
    return painter.pipeline_for(VideoFormat(content.size, content.time_base, Fraction(1))).process(content).pixels
