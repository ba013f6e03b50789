"""The training loop: Johnson et al. 2016 with many styles in one network (Dumoulin et al. 2017).

Read `train` from top to bottom. Sources: content and style loss Gatys 2015 and Johnson 2016; conditional
instance normalization Dumoulin 2017; the temporal loss asks the network to commute with small motions and
sensor noise, so it needs no video (compare Huang 2017, ReCoNet 2018, which do).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, build_network, save_model
from trainer.checkpoint import load_checkpoint, save_checkpoint
from trainer.config import TrainConfig, as_json, require_inputs
from trainer.data import PhotoBatches, find_photos, load_style_image
from trainer.device import choose_device, mixed_precision
from trainer.errors import DivergenceError
from trainer.learner import Learner, new_learner, set_learning_rate, update_averages
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
from trainer.progress import TrainingLog
from trainer.provenance import provenance

CONTENT_LAYERS = ("relu3_1",)
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")

log = logging.getLogger(__name__)


def train(config: TrainConfig, arguments: Sequence[str] = ()) -> Path:
    """Train, and return the model file. Resumes from the folder's checkpoint if there is one. Raises TrainerError.

    arguments: those of the command line, for the model's header.
    """
    require_inputs(config)
    torch_device = choose_device(use_cuda=bool(config.cuda))
    origin = provenance(arguments)
    photos = PhotoBatches(find_photos(config.dataset), config.batch_size, config.image_size, config.seed)
    loss_network = load_loss_network(config.vgg_model_dir, {*CONTENT_LAYERS, *STYLE_LAYERS})
    loss_network = loss_network.to(memory_format=torch.channels_last).to(torch_device)
    grams = painting_grams(config, loss_network, torch_device)
    learner = new_learner(config, torch_device)
    checkpoint_file = config.save_model_dir / f"{config.name}.checkpoint"
    load_checkpoint(checkpoint_file, learner)

    step_count = config.steps or config.epochs * math.ceil(len(photos.photos) / config.batch_size)
    if learner.step >= step_count:
        log.info("all %d steps are done: more --epochs or --steps would go on from here", step_count)
    with TrainingLog(config.save_model_dir / f"{config.name}.jsonl", learner.step, step_count) as training_log:
        while learner.step < step_count:
            generator = torch.Generator().manual_seed(config.seed * 7919 + learner.step)
            content = photos.batch(learner.step).to(torch_device, memory_format=torch.channels_last)  # (N, 3, S, S)
            rows = torch.randint(len(config.style_image), (len(content),), generator=generator)       # (N,)
            with mixed_precision(config.precision, torch_device):
                losses = perceptual_losses(config, learner, loss_network, content, rows, grams, generator)

            set_learning_rate(learner.optimizer, config, learner.step, step_count)
            learner.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(losses["total"])
            gradient_norm = torch.nn.utils.clip_grad_norm_(learner.parameters, config.clip_norm)
            require_numbers(losses, gradient_norm, learner.step + 1, checkpoint_file)
            learner.optimizer.step()
            update_averages(learner, config.ema_decay)
            learner.step += 1

            training_log.step_done(learner.step, losses)
            if learner.step % config.save_interval == 0 or learner.step == step_count:
                save_checkpoint(checkpoint_file, learner)
                model_file = save_averaged(config, learner, origin)
                if config.preview_dir is not None:
                    save_preview_sheet(model_file, config.preview_dir, config.save_model_dir)
    return save_averaged(config, learner, origin)


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


def require_numbers(losses: Mapping[str, Tensor], gradient_norm: Tensor, step: int, checkpoint_file: Path) -> None:
    """Stop before a gradient that is no number ruins the weights for good. Raises DivergenceError."""
    if bool((losses["total"] + gradient_norm).isfinite()):
        return
    kept = f"{checkpoint_file} is kept, go on from it" if checkpoint_file.exists() else "start again"
    raise DivergenceError(f"the loss of step {step} is not a number any more: {kept} with a lower --lr")


def save_averaged(config: TrainConfig, learner: Learner, origin: Mapping[str, str]) -> Path:
    """Write the running averages as a model file."""
    training = {**origin, "step": learner.step, "config": as_json(config)}
    header = ModelHeader("transformer_net", style_cards(config), learner.network.shape, training)
    network = build_network(header)
    with torch.no_grad():
        for parameter, average in zip(network.parameters(), learner.averages[:-1], strict=True):
            parameter.copy_(average)
    file = config.save_model_dir / f"{config.name}.safetensors"
    save_model(file, StyleModel(header, network, learner.averages[-1].clone()))
    return file


def style_cards(config: TrainConfig) -> tuple[StyleCard, ...]:
    """A card per painting."""
    blank = [""] * len(config.style_image)
    columns = zip(config.style_names, config.painter or blank, config.work or blank, config.year or blank, strict=True)
    return tuple(StyleCard(*column) for column in columns)
