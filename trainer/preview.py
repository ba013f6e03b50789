"""Preview strips: the same few photos in every style, side by side, to be looked at while it trains."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import Tensor

from fnst_live.stylenet.model_file import StyleModel
from trainer.data import open_picture, to_tensor
from trainer.errors import DataError
from trainer.evaluate import stylize_any_size
from trainer.run_folder import write_whole

PREVIEW_PHOTO_COUNT = 4
PREVIEW_SIZE = (384, 288)  # width, height

log = logging.getLogger(__name__)


def save_preview_strips(model: StyleModel, photos: Iterable[Path], file: Path) -> None:
    """A strip per photo, one below the other: the photo, then every style. Raises DataError."""
    torch_device = next(model.network.parameters()).device
    strips = []
    for content in itertools.islice(_readable(photos), PREVIEW_PHOTO_COUNT):
        content = content.to(torch_device)  # noqa: PLW2901
        stylized = [stylize_any_size(model.network, content, row.unsqueeze(0)) for row in model.styles]
        strips.append(torch.cat([content, *stylized], 3))
    if not strips:
        raise DataError("none of the photos for previews can be read: give others, by --preview-dir or --dataset")
    sheet = torch.cat(strips, 2)[0].mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    write_whole(file, lambda partial: Image.fromarray(sheet).save(partial, "JPEG", quality=92))


def _readable(photos: Iterable[Path]) -> Iterator[Tensor]:
    """Cut to one shape, (1, 3, H, W)."""
    for photo in photos:
        try:
            yield to_tensor(ImageOps.fit(open_picture(photo), PREVIEW_SIZE))
        except DataError as error:
            log.warning("no preview of it: %s", error)
