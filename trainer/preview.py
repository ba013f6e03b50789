"""Preview sheets: a few photos in every style of a model, side by side, to be looked at while it trains."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import Tensor

from fnst_live.stylenet.model_file import load_model
from trainer.data import find_photos, open_picture, to_tensor
from trainer.errors import DataError
from trainer.evaluate import stylize_any_size

PREVIEW_PHOTO_COUNT = 4
PREVIEW_SIZE = (384, 288)  # width, height

log = logging.getLogger(__name__)


def save_preview_sheet(model_file: Path, photo_dir: Path, out_dir: Path) -> Path:
    """A row per photo: the photo, then every style. Returns `<model>.preview.jpg`. Raises DataError."""
    model = load_model(model_file)
    rows = []
    for content in itertools.islice(_readable_photos(photo_dir), PREVIEW_PHOTO_COUNT):
        stylized = [stylize_any_size(model.network, content, row.unsqueeze(0)) for row in model.styles]
        rows.append(torch.cat([content, *stylized], 3))
    if not rows:
        raise DataError(f"none of the photos in {photo_dir} can be read: --preview-dir needs a folder of photos")
    sheet = torch.cat(rows, 2)[0].mul(255).round().byte().permute(1, 2, 0).numpy()
    file = out_dir / f"{model_file.stem}.preview.jpg"
    Image.fromarray(sheet).save(file, quality=92)
    return file


def _readable_photos(folder: Path) -> Iterator[Tensor]:
    """Cut to one shape, (1, 3, H, W)."""
    for photo in find_photos(folder):
        try:
            yield to_tensor(ImageOps.fit(open_picture(photo), PREVIEW_SIZE))
        except DataError as error:
            log.warning("no preview of it: %s", error)
