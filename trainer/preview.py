"""Preview sheets: a few photos in every style of a model, side by side, to be looked at while it trains."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor

from fnst_live.stylenet.model_file import load_model
from trainer.data import find_photos, load_image

PREVIEW_PHOTO_COUNT = 4


def save_preview_sheet(model_file: Path, photo_dir: Path, out_dir: Path, height: int = 288) -> Path:
    """A row per photo: the photo, then every style. Returns `<model>.preview.jpg`."""
    model = load_model(model_file)
    rows = []
    for photo in find_photos(photo_dir)[:PREVIEW_PHOTO_COUNT]:
        content = F.interpolate(load_image(photo), (height, height * 4 // 3), mode="bilinear", antialias=True)
        rows.append(torch.cat([content, *stylize_all(model.network, content, model.styles)], 3))
    sheet = torch.cat(rows, 2)[0].mul(255).round().byte().permute(1, 2, 0).numpy()
    file = out_dir / f"{model_file.stem}.preview.jpg"
    Image.fromarray(sheet).save(file, quality=92)
    return file


def stylize_all(network: torch.nn.Module, content: Tensor, styles: Tensor) -> list[Tensor]:
    """content (1, 3, H, W) in every style of the table."""
    with torch.inference_mode():
        return [network(content, row.unsqueeze(0)).clamp(0, 1) for row in styles]
