"""The contact sheet: one picture in every style, side by side, with their names."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
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
from fnst_live.sinks.picture import check_picture_output, write_picture
from fnst_live.sources.picture import read_picture
from fnst_live.style_library import list_styles

TILE_HEIGHT = 360
GAP = 12
LABEL_HEIGHT = 34
BACKGROUND, LABEL_COLOR = (18, 18, 20), (222, 222, 226)
SCENE_PHASE = 0.15  # of the built-in scene: boat, balloon and birds in view

Tile = tuple[str, Pixels]


def save_contact_sheet(output: Path, picture: Path | None, *, overwrite: bool) -> list[str]:
    """Paint the picture, or the built-in scene, in every style into one picture. Returns warnings. Raises UserError."""
    check_picture_output(output, source=picture, overwrite=overwrite)
    content = _content(picture)
    names = [entry.name for entry in list_styles()]
    if not names:
        raise StyleError("no styles are installed: there is nothing to show")
    tiles = [("original", content.pixels), *((name, _painted(content, name)) for name in names)]
    return write_picture(output, arrange(tiles), None)


def arrange(tiles: Sequence[Tile]) -> Pixels:
    """Named pictures of one size to one sheet, about as wide as high: uint8 (H, W, 3)."""
    height, width = tiles[0][1].shape[:2]
    columns = math.ceil(math.sqrt(len(tiles) * height / width * 16 / 10))
    rows = math.ceil(len(tiles) / columns)
    cell = FrameSize(width + GAP, height + LABEL_HEIGHT)
    sheet = Image.new("RGB", (columns * cell.width + GAP, rows * cell.height + GAP), BACKGROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=17)
    for i, (name, pixels) in enumerate(tiles):
        x, y = GAP + i % columns * cell.width, GAP + i // columns * cell.height
        sheet.paste(Image.fromarray(pixels), (x, y))
        draw.text((x + width / 2, y + height + LABEL_HEIGHT / 2 - 4), name, LABEL_COLOR, font, anchor="mm")
    return np.array(sheet)


def _content(picture: Path | None) -> Frame:
    """At the size of a tile."""
    if picture is None:
        pixels = Landscape(FrameSize(TILE_HEIGHT * 4 // 3, TILE_HEIGHT)).picture(SCENE_PHASE)
    else:
        full = read_picture(picture).frame
        width = max(1, round(full.size.width * TILE_HEIGHT / full.size.height))
        pixels = resize(full.pixels, FrameSize(width, TILE_HEIGHT))
    return Frame(np.ascontiguousarray(pixels), 0, Fraction(1))


def _painted(content: Frame, style: str) -> Pixels:
    painter = open_painter(dataclasses.replace(LookSettings(), style=style, stability=0.0))
    return painter.pipeline_for(VideoFormat(content.size, content.time_base, Fraction(1))).process(content).pixels
