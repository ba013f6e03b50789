"""`fnst-train optimize`: the picture itself is optimized, as Gatys, Ecker & Bethge 2015 did it.

Minutes for one picture instead of a moment, but nothing had to be trained, and no network limits what can be painted:
the yardstick that networks are held against (see yardstick.py). As in Johnson et al. 2016 the picture is kept within
[0, 1] at every iteration, since a network's output is, too.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor, nn

from trainer.config import OptimizeConfig
from trainer.data import open_picture, to_tensor
from trainer.descent import is_out_of_memory
from trainer.device import choose_device, mixed_precision
from trainer.errors import DivergenceError, MemoryShortageError
from trainer.evaluate import picture_format, write_picture
from trainer.objective import Objective, make_objective
from trainer.progress import ProgressLine
from trainer.run_folder import require_writable
from trainer.schedule import StepSchedule
from trainer.stopping import stop_on_signals

ITERATIONS_BETWEEN_LINES = 10
RATES = {"lbfgs": 1.0, "adam": 0.02}
MOST_RESTARTS = 8
HISTORY_SIZE = 50
EXPLOSION = 10.0  # times the best loss so far

log = logging.getLogger(__name__)


def optimize(config: OptimizeConfig) -> Path:
    """Paint the photo, and return the picture's file; ended early, it is as far as it came. Raises TrainerError."""
    kind = picture_format(config.output_image)
    require_writable(config.output_image, "--output-image")
    torch_device = choose_device(use_cuda=bool(config.cuda))
    content = load_content(config.content_image, config.size).to(torch_device)            # (1, 3, H, W)
    style_sizes = [config.style_size or max(content.shape[2:])] * len(config.style_image)
    objective = make_objective(
        config.weights, config.style_image, style_sizes, config.vgg_model_dir, torch_device, config.precision
    )
    objective = objective.blended()
    picture = content
    schedule = StepSchedule(config.iterations)
    with ProgressLine(schedule) as progress, stop_on_signals() as stop:
        steps = iterate(objective, content, starting_picture(config, content), config.optimizer, config.lr)
        for iteration, losses, picture in steps:
            progress.step_done()
            if iteration % ITERATIONS_BETWEEN_LINES == 0:
                progress.show(iteration, losses)
            if iteration and config.preview_interval and iteration % config.preview_interval == 0:
                preview = config.output_image.with_stem(f"{config.output_image.stem}.{iteration:04d}")
                write_picture(preview, kind, finished(config, picture, content))
            if schedule.is_over(iteration) or stop.is_set():
                break
    write_picture(config.output_image, kind, finished(config, picture, content))
    return config.output_image


def iterate(
    objective: Objective, content: Tensor, start: Tensor, optimizer_name: str, rate: float | None = None
) -> Iterator[tuple[int, dict[str, float], Tensor]]:
    """Endlessly: how many iterations are done, the losses after them, and the picture (1, 3, H, W) so far.

    L-BFGS may shoot over; then it begins anew from the best picture, with half the step. Raises DivergenceError.
    """
    picture = nn.Parameter(start.clone())
    rate = rate or RATES[optimizer_name]
    optimizer = _optimizer(optimizer_name, picture, rate)
    best, least, restarts, iteration = picture.detach().clone(), math.inf, 0, 0
    while True:
        losses, before = _iterate_once(objective, content, picture, optimizer)
        if not losses["total"] <= EXPLOSION * least:  # or no number at all
            restarts += 1
            if restarts > MOST_RESTARTS:
                raise DivergenceError("the loss explodes at any rate: give a lower --lr, or --optimizer adam")
            rate /= 2
            with torch.no_grad():
                picture.copy_(best)
            optimizer = _optimizer(optimizer_name, picture, rate)
            continue
        if losses["total"] < least:
            best, least = before, losses["total"]
        yield iteration, losses, before
        iteration += 1


def _iterate_once(
    objective: Objective, content: Tensor, picture: nn.Parameter, optimizer: torch.optim.Optimizer
) -> tuple[dict[str, float], Tensor]:
    """One evaluation and one step. Returns the losses before the step, and the picture they are of."""
    row = torch.zeros(1, dtype=torch.long, device=content.device)
    losses: dict[str, float] = {}

    def evaluate() -> float:
        optimizer.zero_grad()
        with mixed_precision(objective.precision, content.device):
            terms = objective.picture_losses(picture, content, row)
        total = torch.stack(list(terms.values())).sum()
        torch.autograd.backward(total)
        losses.update({name: float(value.detach()) for name, value in {**terms, "total": total}.items()})
        return losses["total"]

    with torch.no_grad():
        picture.clamp_(0, 1)
    before = picture.detach().clone()
    try:
        optimizer.step(evaluate)
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise MemoryShortageError("the picture does not fit into memory: give a smaller --size") from error
        raise
    return losses, before


def _optimizer(name: str, picture: nn.Parameter, rate: float) -> torch.optim.Optimizer:
    """L-BFGS takes one evaluation an iteration, as Adam does, so their curves can be compared."""
    if name == "adam":
        return torch.optim.Adam([picture], lr=rate)
    return torch.optim.LBFGS([picture], lr=rate, max_iter=1, history_size=HISTORY_SIZE, tolerance_grad=0,
                             tolerance_change=0)


def load_content(file: Path, longer_side: int) -> Tensor:
    """(1, 3, H, W), scaled down or up to that size; 0 leaves it as it is."""
    picture = open_picture(file)
    if longer_side:
        scale = longer_side / max(picture.size)
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    image = to_tensor(picture)
    smallest = 16  # what the pools of the loss network leave something of
    missing = [max(0, smallest - side) for side in image.shape[2:]]
    return F.pad(image, (0, missing[1], 0, missing[0]), mode="replicate")


def starting_picture(config: OptimizeConfig, content: Tensor) -> Tensor:
    return content if config.init == "content" else noise_like(content, config.seed)


def noise_like(content: Tensor, seed: int) -> Tensor:
    return torch.rand(content.shape, generator=torch.Generator().manual_seed(seed)).to(content.device)


def finished(config: OptimizeConfig, picture: Tensor, content: Tensor) -> Tensor:
    return with_colors_of(content, picture) if config.keep_color else picture


def with_colors_of(content: Tensor, picture: Tensor) -> Tensor:
    """The picture's light and the content's color (Gatys et al. 2016, luminance only): (1, 3, H, W) both.

    What is added to red, green and blue alike leaves both color differences as they are.
    """
    luma = torch.tensor([0.299, 0.587, 0.114], device=picture.device).view(1, 3, 1, 1)
    return (content + ((picture - content) * luma).sum(1, keepdim=True)).clamp(0, 1)


def rounded_losses(losses: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in losses.items()}
