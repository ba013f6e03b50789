"""How well networks enlarge: PSNR, SSIM and a distance of VGG features, beside bicubic, as in table 2 of Johnson 2016.

As the literature does it: pictures cut to a multiple of the factor, made small by bicubic with a wide kernel, and the
enlarged ones compared in luma (BT.601, limited range) without a border as wide as the factor.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from fnst_live.stylenet.upscale_net import UpscaleFileError, UpscaleNet, load_upscale_model
from trainer.config import SuperResolutionEvaluateConfig
from trainer.data import find_photos, load_image
from trainer.errors import DataError, EvaluationError
from trainer.evaluate import write_picture
from trainer.loss_network import LossNetwork, load_loss_network
from trainer.run_folder import require_writable, write_whole
from trainer.sr_data import shrunk

log = logging.getLogger(__name__)

Enlarge = Callable[[Tensor], Tensor]
Figures = dict[str, float]

LUMA = torch.tensor([65.481, 128.553, 24.966]).view(1, 3, 1, 1)  # of 1, in levels above 16
LEVELS = 255.0
BEST_DB = 100.0  # of equal pictures, too: a mean can do nothing with infinity
SSIM_SIDE, SSIM_SIGMA = 11, 1.5
SSIM_C1, SSIM_C2 = (0.01 * LEVELS) ** 2, (0.03 * LEVELS) ** 2
BICUBIC = "bicubic"
DISTANCE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")


def evaluate_super_resolution(config: SuperResolutionEvaluateConfig) -> str:
    """The table; figures of every picture go to `--output`. Raises TrainerError."""
    _require_different("--model", [BICUBIC, *(file.stem for file in config.model)])
    _require_different("--dataset", [folder.name for folder in config.dataset])
    if config.output is not None:
        require_writable(config.output, "--output")
    photos = {folder: find_photos(folder) for folder in config.dataset}
    networks = {file.stem: _load(file) for file in config.model}
    factors = {network.shape.factor for network in networks.values()}
    if len(factors) > 1:
        raise EvaluationError("--model names models of different factors: evaluate those of one at a time")
    factor, = factors
    ways: dict[str, Enlarge] = {BICUBIC: lambda small: bicubic(small, factor), **networks}
    loss_network = load_loss_network(config.vgg_model_dir, DISTANCE_LAYERS)
    results = {
        folder.name: {
            file.name: judge(large, ways, factor, loss_network, _picture_file(config, folder, file))
            for file, large in _readable(files, factor)
        }
        for folder, files in photos.items()
    }
    if config.output is not None:
        content = json.dumps({"factor": factor, "results": results}, indent=1)
        write_whole(config.output, lambda partial: partial.write_text(content + "\n"))
    return table(results, list(ways))


def judge(
    large: Tensor, ways: Mapping[str, Enlarge], factor: int, loss_network: LossNetwork, picture_file: Path | None = None
) -> dict[str, Figures]:
    """What each way makes of the picture made small. large: (1, 3, H, W) RGB in [0, 1]."""
    height, width = (side - side % factor for side in large.shape[2:])
    large = large[:, :, :height, :width]
    small = shrunk(large, height // factor, width // factor)
    figures, enlarged = {}, [large]
    for name, enlarge in ways.items():
        with torch.inference_mode():
            result = enlarge(small).clamp(0, 1).mul(LEVELS).round() / LEVELS
            figures[name] = compare(result, large, factor, loss_network)
        enlarged.append(result)
    if picture_file is not None:
        write_picture(picture_file, "PNG", torch.cat(enlarged, 3))
    return figures


def compare(enlarged: Tensor, large: Tensor, factor: int, loss_network: LossNetwork) -> Figures:
    """Of two pictures (1, 3, H, W) in [0, 1]."""
    inner = slice(factor, -factor)
    a, b = (luma(picture)[:, :, inner, inner] for picture in (enlarged, large))
    return {
        "psnr": round(psnr(a, b), 4), "ssim": round(ssim(a, b), 5),
        "distance": round(feature_distance(enlarged, large, loss_network), 5),
    }


def luma(picture: Tensor) -> Tensor:
    """(N, 3, H, W) in [0, 1] to (N, 1, H, W) in levels, 16..235."""
    return (picture * LUMA).sum(1, keepdim=True) + 16


def psnr(a: Tensor, b: Tensor) -> float:
    """In dB, of levels."""
    error = float((a - b).square().mean())
    return min(BEST_DB, 10 * math.log10(LEVELS**2 / error)) if error else BEST_DB


def ssim(a: Tensor, b: Tensor) -> float:
    """Structural similarity (Wang et al. 2004) of levels (1, 1, H, W), in windows of 11 pixels, sigma 1.5."""
    window = gaussian(SSIM_SIDE, SSIM_SIGMA)

    def local(x: Tensor) -> Tensor:
        return F.conv2d(x, window)

    mean_a, mean_b = local(a), local(b)
    variance_a, variance_b = local(a * a) - mean_a**2, local(b * b) - mean_b**2
    covariance = local(a * b) - mean_a * mean_b
    similarity = (2 * mean_a * mean_b + SSIM_C1) * (2 * covariance + SSIM_C2)
    similarity /= (mean_a**2 + mean_b**2 + SSIM_C1) * (variance_a + variance_b + SSIM_C2)
    return float(similarity.mean())


def gaussian(side: int, sigma: float) -> Tensor:
    """(1, 1, side, side), of sum 1."""
    line = torch.exp(-((torch.arange(side) - side // 2) ** 2) / (2 * sigma**2))
    window = torch.outer(line, line)
    return (window / window.sum()).view(1, 1, side, side)


def feature_distance(a: Tensor, b: Tensor, loss_network: LossNetwork) -> float:
    """How differently VGG sees them (after Zhang et al. 2018, without their learned weights): 0 is the same.

    Features of a pixel are scaled to length 1, their squared differences added, averaged over pixels and layers.
    """
    of_a, of_b = loss_network(a), loss_network(b)
    layers = [(F.normalize(of_a[name]) - F.normalize(of_b[name])).square().sum(1).mean() for name in DISTANCE_LAYERS]
    return float(torch.stack(layers).mean())


def bicubic(small: Tensor, factor: int) -> Tensor:
    """With the literature's kernel (a = -0.5), which torch has only together with anti-aliasing."""
    return F.interpolate(small, scale_factor=factor, mode="bicubic", antialias=True, align_corners=False)


def table(results: Mapping[str, Mapping[str, Mapping[str, Figures]]], ways: Sequence[str]) -> str:
    """Means of each folder, for Markdown."""
    lines = [
        "| set | " + " | ".join(ways) + " |", "|---|" + "---|" * len(ways),
    ]
    for folder, pictures in results.items():
        cells = [_cell([figures[way] for figures in pictures.values()]) for way in ways]
        lines.append(f"| {folder} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(figures: Sequence[Figures]) -> str:
    """PSNR / SSIM / distance."""
    mean = {name: sum(one[name] for one in figures) / len(figures) for name in figures[0]}
    return f"{mean['psnr']:.2f} dB / {mean['ssim']:.4f} / {mean['distance']:.3f}"


def _require_different(flag: str, names: Sequence[str]) -> None:
    """Names become columns and rows. Raises EvaluationError."""
    for name in names:
        if names.count(name) > 1:
            raise EvaluationError(f"{flag} names {name} twice, which the table could not tell apart: rename one")


def _readable(files: Sequence[Path], factor: int) -> Iterator[tuple[Path, Tensor]]:
    """Raises EvaluationError, and DataError where none of them can be read."""
    problems = []
    for file in files:
        try:
            large = _load_large(file, factor)
        except DataError as error:
            log.warning("left out: %s", error)
            problems.append(error)
            continue
        yield file, large
    if len(problems) == len(files):
        raise problems[0]


def _load_large(file: Path, factor: int) -> Tensor:
    """(1, 3, H, W). Raises DataError, EvaluationError."""
    large, least = load_image(file), SSIM_SIDE + 3 * factor  # without the border and what the factor cuts off
    if min(large.shape[2:]) < least:
        raise EvaluationError(f"{file} is too small to compare: pictures of {least} pixels or more are needed")
    return large


def _load(file: Path) -> UpscaleNet:
    try:
        return load_upscale_model(file).network
    except UpscaleFileError as error:
        raise EvaluationError(f"--model {file} {error}") from error


def _picture_file(config: SuperResolutionEvaluateConfig, folder: Path, file: Path) -> Path | None:
    """Original, bicubic, and every model, side by side."""
    if config.save_pictures is None:
        return None
    config.save_pictures.mkdir(parents=True, exist_ok=True)
    return config.save_pictures / f"{folder.name}-{file.stem}.png"
