"""The previews that ship, and the README's sheet of all styles: `python -m tests.previews` makes them anew."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

from PIL import Image

from fnst_live import paths
from fnst_live.assembly import open_painter
from fnst_live.contact_sheet import SCENE_PHASE, save_contact_sheet
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.frames.video_format import VideoFormat
from fnst_live.scene.landscape import Landscape
from fnst_live.settings import LookSettings
from fnst_live.style_library import read_entries

PAINTED_SIZE, PREVIEW_SIZE = FrameSize(640, 360), FrameSize(320, 180)
QUALITY, SHEET_QUALITY = 85, 72


def make_previews() -> None:
    folder = paths.assets_dir() / "previews"
    content = Frame(Landscape(PAINTED_SIZE).picture(SCENE_PHASE), 0, Fraction(1))
    models = (paths.assets_dir() / "models").glob("*.safetensors")
    names = [entry.name for file in models for entry in read_entries(file)]
    for gone in {file.stem for file in folder.glob("*.jpg")} - {*names, "styles"}:
        (folder / f"{gone}.jpg").unlink()
    for name in names:
        painter = open_painter(dataclasses.replace(LookSettings(), style=name, stability=0.0))
        painted = painter.pipeline_for(VideoFormat(PAINTED_SIZE, Fraction(1), Fraction(1))).process(content)
        preview = Image.fromarray(painted.pixels).resize(PREVIEW_SIZE, Image.Resampling.LANCZOS)
        preview.save(folder / f"{name}.jpg", quality=QUALITY)
    save_contact_sheet(folder / "styles.jpg", None, overwrite=True)
    with Image.open(folder / "styles.jpg") as sheet:
        sheet.save(folder / "styles.jpg", quality=SHEET_QUALITY)


if __name__ == "__main__":
    make_previews()
