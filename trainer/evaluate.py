"""`fnst-train eval`: one picture in one style, in full precision, as the program we descend from does it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor, nn

from fnst_live.stylenet.legacy import load_legacy
from fnst_live.stylenet.model_file import ModelFileError, StyleModel, load_model
from trainer.data import open_picture, to_tensor
from trainer.device import choose_device
from trainer.errors import EvaluationError
from trainer.run_folder import write_whole

JPEG_QUALITY = 95

log = logging.getLogger(__name__)


def stylize_file(
    content_image: Path,
    model: Path,
    output_image: Path,
    *,
    content_scale: float | None = None,
    style_name: str | None = None,
    use_cuda: bool = False,
) -> None:
    """Stylize one picture file into another, replacing it. Raises TrainerError.

    content_scale: what the photo's width and height are divided by first.
    style_name: which style of a model that holds several; the first one if not given.
    """
    kind = picture_format(output_image)
    if output_image.resolve() == content_image.resolve():
        raise EvaluationError(f"--output-image {output_image} is the photo itself: choose another name")
    torch_device = choose_device(use_cuda=use_cuda)
    content = to_tensor(_scaled(open_picture(content_image), content_scale)).to(torch_device)  # (1, 3, H, W)
    style_model = load_any_model(model)
    row = _style_row(model, style_model, style_name)
    style = style_model.styles[row : row + 1].to(torch_device)                                 # (1, style_length)
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):  # 10 bits of mantissa would show
        stylized = stylize_any_size(style_model.network.to(torch_device), content, style)      # (1, 3, H, W)
    write_picture(output_image, kind, stylized)


def load_any_model(file: Path) -> StyleModel:
    """Our own model file, or a state dict of the classic program under any other suffix. Raises EvaluationError."""
    if not file.is_file():
        raise EvaluationError(f"--model {file} does not exist")
    try:
        return load_model(file) if file.suffix.lower() == ".safetensors" else load_legacy(file)
    except ModelFileError as error:
        raise EvaluationError(f"--model {file} {error}") from error


def stylize_any_size(network: nn.Module, content: Tensor, style: Tensor) -> Tensor:
    """content (1, 3, H, W) and style (1, style_length) to (1, 3, H, W), clamped to [0, 1].

    The network sees the picture extended to the right and down, mirrored, to a size that it can take.
    """
    height, width = content.shape[2:]
    down, right = (_missing(side, network) for side in (height, width))
    can_mirror = down < height and right < width
    padded = F.pad(content, (0, right, 0, down), mode="reflect" if can_mirror else "replicate")
    with torch.inference_mode():
        stylized: Tensor = network(padded, style)[:, :, :height, :width].clamp(0, 1)
    return stylized


def _missing(side: int, network: nn.Module) -> int:
    multiple, least = cast(int, network.multiple_of), cast(int, network.min_side)
    return max(least, -(-side // multiple) * multiple) - side


def _style_row(file: Path, model: StyleModel, name: str | None) -> int:
    names = [card.name for card in model.header.styles]
    if name is None:
        if len(names) > 1:
            log.info("style %s; --style chooses another of %s", names[0], ", ".join(names))
        return 0
    if name not in names:
        raise EvaluationError(f"--style {name} is not in {file}: it has {', '.join(names)}")
    return names.index(name)


def _scaled(picture: Image.Image, scale: float | None) -> Image.Image:
    if scale is None:
        return picture
    if not scale > 0:
        raise EvaluationError("--content-scale must be more than 0")
    width, height = (int(side / scale) for side in picture.size)
    if not width or not height:
        size = f"{picture.width}x{picture.height}"
        raise EvaluationError(f"--content-scale {scale:g} leaves nothing of a photo of {size}: give a smaller one")
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def picture_format(file: Path) -> str:
    """What the suffix asks for, as Pillow calls it. Raises EvaluationError."""
    name = Image.registered_extensions().get(file.suffix.lower(), "")
    if name not in Image.SAVE:
        raise EvaluationError(f"--output-image {file} must end in .png, .jpg or another suffix of a picture")
    if not file.parent.is_dir():
        raise EvaluationError(f"--output-image {file} lies in a folder that does not exist")
    return name


def write_picture(file: Path, kind: str, image: Tensor) -> None:
    """image: (1, 3, H, W) in [0, 1]; kind: of `picture_format`."""
    levels = image[0].mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    picture = Image.fromarray(np.ascontiguousarray(levels))
    write_whole(file, lambda partial: picture.save(partial, kind, quality=JPEG_QUALITY))
