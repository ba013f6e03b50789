"""The training loop: Johnson et al. 2016 with many styles in one network (Dumoulin et al. 2017).

Read `train` from top to bottom. Sources: content and style loss Gatys 2015 and Johnson 2016; conditional
instance normalization Dumoulin 2017; the temporal loss asks the network to commute with small motions and
sensor noise, so it needs no video (compare Huang 2017, ReCoNet 2018, which do).
"""

from __future__ import annotations

import json
import logging
import math
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fnst_live.stylenet.model_file import (
    ModelHeader,
    StyleCard,
    StyleModel,
    build_network,
    load_model,
    save_model,
)
from fnst_live.stylenet.transformer_net import NetShape, TransformerNet, initial_styles
from trainer.checkpoint import load_checkpoint, save_checkpoint
from trainer.config import ConfigError, TrainConfig, as_json
from trainer.data import PhotoBatches, find_photos, load_style_image
from trainer.loss_network import LossNetwork, load_loss_network
from trainer.losses import (
    Features,
    content_loss,
    gram_matrix,
    random_motion,
    style_loss,
    temporal_loss,
    total_variation_loss,
    warp,
)
from trainer.preview import save_preview_sheet

CONTENT_LAYERS = ("relu3_1",)
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")

STYLE_TABLE_RATE = 5.0  # a row has few numbers and sees few pictures: it must learn faster than what all share

log = logging.getLogger(__name__)


@dataclass
class Learner:
    """What a step changes: the network, the style table, their running averages, the optimizer."""

    network: TransformerNet
    styles: torch.nn.Parameter
    averages: list[Tensor]
    optimizer: torch.optim.Optimizer
    step: int = 0

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        return [*self.network.parameters(), self.styles]


def train(config: TrainConfig) -> Path:
    """Train, and return the model file. Resumes from the folder's checkpoint if there is one."""
    torch_device = torch.device("cuda" if config.cuda else "cpu")
    provenance = {"command": _command_line(), "commit": _commit()}
    photos = PhotoBatches(find_photos(config.dataset), config.batch_size, config.image_size, config.seed)
    loss_network = load_loss_network(config.vgg_model_dir, {*CONTENT_LAYERS, *STYLE_LAYERS})
    loss_network = loss_network.to(torch_device, memory_format=torch.channels_last)
    grams = painting_grams(config, loss_network, torch_device)
    learner = new_learner(config, torch_device)
    config.save_model_dir.mkdir(parents=True, exist_ok=True)
    checkpoint_file = config.save_model_dir / f"{config.name}.checkpoint"
    load_checkpoint(checkpoint_file, learner)

    step_count = config.steps or config.epochs * math.ceil(len(photos.photos) / config.batch_size)
    started_s, started_step = time.monotonic(), learner.step
    while learner.step < step_count:
        generator = torch.Generator().manual_seed(config.seed * 7919 + learner.step)
        content = photos.batch(learner.step).to(torch_device, memory_format=torch.channels_last)  # (N, 3, S, S)
        rows = torch.randint(len(config.style_image), (len(content),), generator=generator)       # (N,)
        losses = perceptual_losses(config, learner, loss_network, content, rows, grams, generator)

        set_learning_rate(learner.optimizer, config, learner.step, step_count)
        learner.optimizer.zero_grad(set_to_none=True)
        losses["total"].backward()
        torch.nn.utils.clip_grad_norm_(learner.parameters, config.clip_norm)
        learner.optimizer.step()
        update_averages(learner, config.ema_decay)
        learner.step += 1

        if learner.step % 10 == 0:
            rate = (learner.step - started_step) / (time.monotonic() - started_s)
            write_log(config, learner.step, step_count, rate, losses)
        if learner.step % config.save_interval == 0 or learner.step == step_count:
            save_checkpoint(checkpoint_file, learner)
            model_file = save_averaged(config, learner, provenance)
            if config.preview_dir is not None:
                save_preview_sheet(model_file, config.preview_dir, config.save_model_dir)
    return save_averaged(config, learner, provenance)


def perceptual_losses(
    config: TrainConfig,
    learner: Learner,
    loss_network: LossNetwork,
    content: Tensor,
    rows: Tensor,
    grams: Features,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """One forward pass: every loss, weighted sum under "total". content (N, 3, S, S); rows (N,) of the style table."""
    style = learner.styles[rows]                                                # (N, style_length)
    stylized = learner.network(content, style)                                  # (N, 3, S, S)
    with torch.no_grad():
        content_features = loss_network(content, CONTENT_LAYERS)
    features = loss_network(stylized)
    losses = {
        "content": content_loss({k: features[k] for k in CONTENT_LAYERS}, content_features) * config.content_weight,
        "style": style_loss(features, {k: g[rows] for k, g in grams.items()}) * config.style_weight,
        "tv": total_variation_loss(stylized) * config.tv_weight,
    }
    if config.temporal_weight:
        grid, mask = random_motion(len(content), config.image_size, generator)
        moved = warp(content, grid.to(content.device))
        moved = moved + torch.randn(moved.shape, generator=generator).to(moved.device) * 0.01
        stylized_moved = learner.network(moved, style)
        steadiness = temporal_loss(stylized, stylized_moved, grid.to(content.device), mask.to(content.device))
        losses["temporal"] = steadiness * config.temporal_weight
    losses["total"] = torch.stack(list(losses.values())).sum()
    return losses


def painting_grams(config: TrainConfig, loss_network: LossNetwork, torch_device: torch.device) -> Features:
    """Gram matrices of all paintings: per layer (style_count, C, C)."""
    grams: dict[str, list[Tensor]] = {layer: [] for layer in STYLE_LAYERS}
    for file in config.style_image:
        image = load_style_image(file, config.style_size).to(torch_device)
        with torch.no_grad():
            for layer, feature in loss_network(image, STYLE_LAYERS).items():
                grams[layer].append(gram_matrix(feature))
    return {layer: torch.cat(rows) for layer, rows in grams.items()}


def new_learner(config: TrainConfig, torch_device: torch.device) -> Learner:
    """A network to start from: random, or the one of `--init-model`."""
    torch.manual_seed(config.seed)
    if config.init_model is None:
        shape = NetShape()
        network, table = TransformerNet(shape), initial_styles(len(config.style_image), shape)
    else:
        model = load_model(config.init_model)
        if not isinstance(model.network, TransformerNet):
            raise ConfigError("--init-model must be a model of the transformer network")
        network, table = model.network.train(), _rows_by_name(config, model)
    network = network.to(torch_device, memory_format=torch.channels_last)
    styles = torch.nn.Parameter(table.to(torch_device))
    averages = [p.detach().clone() for p in (*network.parameters(), styles)]
    groups = [{"params": list(network.parameters()), "factor": 1.0}, {"params": [styles], "factor": STYLE_TABLE_RATE}]
    return Learner(network, styles, averages, torch.optim.Adam(groups, lr=config.lr))


def _rows_by_name(config: TrainConfig, model: StyleModel) -> Tensor:
    """The known styles' rows; for a painting the model has never seen, the mean of those it has."""
    known = {card.name: model.styles[row] for row, card in enumerate(model.header.styles)}
    return torch.stack([known.get(file.stem, model.styles.mean(0)) for file in config.style_image])


def set_learning_rate(optimizer: torch.optim.Optimizer, config: TrainConfig, step: int, step_count: int) -> None:
    """Linear warm-up, then cosine to nothing."""
    warm = min(1.0, (step + 1) / config.warmup_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * step / step_count))
    for group in optimizer.param_groups:
        group["lr"] = config.lr * group["factor"] * warm * cosine


def update_averages(learner: Learner, decay: float) -> None:
    """Exponential moving average; its memory grows with the run, so that random beginnings are soon forgotten."""
    decay = min(decay, (learner.step + 1) / (learner.step + 10))
    with torch.no_grad():
        for average, parameter in zip(learner.averages, learner.parameters, strict=True):
            average.lerp_(parameter, 1 - decay)


def save_averaged(config: TrainConfig, learner: Learner, provenance: dict[str, str]) -> Path:
    """Write the running averages as a model file."""
    shape = learner.network.shape
    training = {**provenance, "step": learner.step, "config": as_json(config)}
    header = ModelHeader("transformer_net", style_cards(config), shape, training)
    network = build_network(header)
    with torch.no_grad():
        for parameter, average in zip(network.parameters(), learner.averages[:-1], strict=True):
            parameter.copy_(average)
    file = config.save_model_dir / f"{config.name}.safetensors"
    save_model(file, StyleModel(header, network, learner.averages[-1].clone()))
    return file


def style_cards(config: TrainConfig) -> tuple[StyleCard, ...]:
    """A card per painting; the name is the file's."""
    blank = [""] * len(config.style_image)
    columns = zip(config.style_image, config.painter or blank, config.work or blank, config.year or blank, strict=True)
    return tuple(StyleCard(file.stem, painter, work, year) for file, painter, work, year in columns)


def _command_line() -> str:
    arguments = [Path(a).name if "/" in a else a for a in sys.argv[1:]]
    return " ".join(["fnst-train", *(f"'{a}'" if " " in a else a for a in arguments)])


def _commit() -> str:
    root = Path(__file__).parent
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True, text=True, timeout=10, check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def write_log(config: TrainConfig, step: int, step_count: int, rate: float, losses: dict[str, Tensor]) -> None:
    """A line for people, a line of JSON for plots."""
    values = {name: round(float(value.detach()), 5) for name, value in losses.items()}
    minutes_left = (step_count - step) / rate / 60
    log.info("step %d/%d  %.2f it/s  %.0f min left  %s", step, step_count, rate, minutes_left, values)
    with (config.save_model_dir / f"{config.name}.jsonl").open("a") as file:
        file.write(json.dumps({"step": step, **values}) + "\n")
