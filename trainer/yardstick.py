"""`fnst-train evaluate`: how many iterations of the optimizer is one pass of the network worth?

Johnson et al. 2016, figure 5: content and style loss of the network's pictures over held-out photos, beside the curve
of the optimizer on the same photos. In the paper a pass is worth 50 to 100 iterations.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from PIL import ImageOps
from torch import Tensor

from fnst_live.stylenet.model_file import StyleModel
from trainer.config import EvaluateConfig, LossWeights, trained_style_sizes
from trainer.data import find_photos, open_picture, to_tensor
from trainer.device import choose_device, mixed_precision
from trainer.errors import DataError, EvaluationError
from trainer.evaluate import load_any_model, stylize_any_size
from trainer.objective import Objective, make_objective
from trainer.optimize import iterate, noise_like, rounded_losses
from trainer.plot import Curve, draw_panels
from trainer.run_folder import write_whole

Losses = dict[str, float]

log = logging.getLogger(__name__)


def evaluate(config: EvaluateConfig) -> Path:
    """Measure, and return the JSON file, beside which the plot lies; each result is kept at once."""
    config.require_inputs()
    torch_device = choose_device(use_cuda=bool(config.cuda))
    model = load_any_model(config.model)
    model.network.to(torch_device)
    trained = model.header.training.get("config", {})
    config.output.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "model": config.model.name, "optimizer": config.optimizer, "init": config.init, "results": [],
    }
    for painting in config.style_image:
        row = row_of(painting, model)
        style_size, weights = config.style_size or style_size_of(row, trained), weights_of(config, row, trained)
        objective = make_objective(
            weights, [painting], [style_size], config.vgg_model_dir, torch_device, config.precision
        )
        for size in config.sizes:
            style = model.styles[row : row + 1].to(torch_device)
            photos = [photo.to(torch_device) for photo in held_out_photos(config, size)]
            compared = compare(config, objective, model, style, photos)
            told = {"style": painting.stem, "style_size": style_size, "weights": vars(weights), "size": size}
            result = {**told, **compared}
            report["results"].append(result)
            save_report(config.output, report)
            log.info("%s", sentence(result))
    return config.output / "evaluation.json"


def compare(
    config: EvaluateConfig, objective: Objective, model: StyleModel, style: Tensor, photos: Sequence[Tensor]
) -> dict[str, Any]:
    """Means over the photos: losses of the network, and of the optimizer after each iteration."""
    network = mean_losses([network_losses(objective, model, style, photo) for photo in photos])
    curves = [optimizer_curve(config, objective, photo) for photo in photos]
    curve = [mean_losses(losses) for losses in zip(*curves, strict=True)]
    return {
        "photo_count": len(photos),
        "network": network,
        "worth_iterations": worth(network["total"], [losses["total"] for losses in curve]),
        "iterations": config.iterations,
        "curve": {name: [losses[name] for losses in curve] for name in network},
    }


def worth(network_loss: float, curve: Sequence[float]) -> int | None:
    """After how many iterations the optimizer is as good as the network; None where it never is."""
    return next((iteration for iteration, loss in enumerate(curve) if loss <= network_loss), None)


def network_losses(objective: Objective, model: StyleModel, style: Tensor, photo: Tensor) -> Losses:
    painted = stylize_any_size(model.network, photo, style).clone()
    row = torch.zeros(1, dtype=torch.long, device=photo.device)
    with torch.no_grad(), mixed_precision(objective.precision, photo.device):
        terms = objective.picture_losses(painted, photo, row)
    losses = {name: float(value) for name, value in terms.items()}
    return {**losses, "total": sum(losses.values())}


def optimizer_curve(config: EvaluateConfig, objective: Objective, photo: Tensor) -> list[Losses]:
    """After 0, 1, 2, ... iterations."""
    start = photo if config.init == "content" else noise_like(photo, config.seed)
    steps = iterate(objective, photo, start, config.optimizer)
    return [losses for _, losses, _ in islice(steps, config.iterations + 1)]


def mean_losses(losses: Sequence[Losses]) -> Losses:
    return rounded_losses({name: sum(one[name] for one in losses) / len(losses) for name in losses[0]})


def weights_of(config: EvaluateConfig, row: int, trained: Mapping[str, Any]) -> LossWeights:
    """Those that this style was trained for, where the command does not tell."""

    def value(name: str, default: float) -> float:
        told = getattr(config, name)
        return float(_of_style(row, trained.get(name, default)) if told is None else told)

    return LossWeights(
        value("content_weight", 0.5), (value("style_weight", 1.0),), value("tv_weight", 0.02),
        style_levels=int(trained.get("style_levels", 1)),
    )


def style_size_of(row: int, trained: Mapping[str, Any]) -> int:
    """The shorter side that the painting of this style had in training."""
    return int(_of_style(row, trained_style_sizes(trained)))


def _of_style(row: int, told: float | Sequence[float]) -> float:
    """Of a setting that is one for all styles, or one for each."""
    if not isinstance(told, Sequence):
        return told
    return told[row] if row < len(told) else told[0]


def row_of(painting: Path, model: StyleModel) -> int:
    """The style that is called as the painting's file; of a model with only one, that one. Raises EvaluationError."""
    names = [card.name for card in model.header.styles]
    if painting.stem in names:
        return names.index(painting.stem)
    if len(names) == 1:
        return 0
    raise EvaluationError(
        f"--style-image {painting}: no style of the model is called {painting.stem}; it has {', '.join(names)}"
    )


def held_out_photos(config: EvaluateConfig, size: int) -> Iterator[Tensor]:
    """The first readable ones, cut to squares: (1, 3, size, size). Raises DataError."""
    count = 0
    for file in find_photos(config.photos, "--photos"):
        try:
            photo = to_tensor(ImageOps.fit(open_picture(file), (size, size)))
        except DataError as error:
            log.warning("left out: %s", error)
            continue
        yield photo
        count += 1
        if count == config.photo_count:
            return
    if not count:
        raise DataError(f"none of the photos in {config.photos} can be read: --photos needs a folder of photos")


def save_report(folder: Path, report: Mapping[str, Any]) -> None:
    text = json.dumps(report, indent=1) + "\n"
    write_whole(folder / "evaluation.json", lambda partial: partial.write_text(text, encoding="utf-8"))
    panels = [
        Curve(sentence(result), tuple(result["curve"]["total"]), result["network"]["total"])
        for result in report["results"]
    ]
    write_whole(folder / "evaluation.png", lambda partial: draw_panels(panels).save(partial, "PNG"))


def sentence(result: Mapping[str, Any]) -> str:
    iterations = result["worth_iterations"]
    told = f"more than {result['iterations']}" if iterations is None else str(iterations)
    return f"{result['style']}, {result['size']} px: one pass is worth {told} iterations"
