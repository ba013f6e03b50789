"""`fnst-train adapt`: a new style for a network that knows others, in minutes.

Only one row of the style table is trained, the scales and shifts that a style is (Dumoulin et al. 2017, section 3.3):
2,624 numbers of 1.3 million, begun with the known style that comes nearest. The network stays as it is, to the
bit, so the new style mixes with those that it was made from.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from fnst_live.stylenet.model_file import ModelFileError, ModelHeader, StyleCard, StyleModel, load_model, save_model
from fnst_live.stylenet.transformer_net import TransformerNet
from trainer.batches import Batch, Contents, make_batch
from trainer.config import AdaptConfig, as_json
from trainer.data import PhotoCrops, find_photos
from trainer.dead_leaves import DeadLeaves
from trainer.descent import backward, is_going_wrong, remember_loss
from trainer.device import choose_device
from trainer.errors import ConfigError, DivergenceError
from trainer.learner import Course, set_learning_rate
from trainer.objective import Objective, make_objective
from trainer.progress import STEPS_BETWEEN_LINES, ProgressLine, rounded
from trainer.provenance import provenance
from trainer.run_folder import failures_told, require_writable
from trainer.schedule import Schedule, StepSchedule, Stopwatch, TimeSchedule
from trainer.stopping import stop_on_signals

WARMUP_STEPS = 10
LEAST_RATE_FACTOR = 1 / 256

log = logging.getLogger(__name__)


def adapt(config: AdaptConfig, arguments: Sequence[str] = ()) -> Path:
    """Learn the painting, and return the model file; ended early, it holds what was learned. Raises TrainerError."""
    stopwatch = Stopwatch()
    config.require_inputs()
    require_writable(config.output_file, "--output")
    torch_device = choose_device(use_cuda=bool(config.cuda))
    base = load_base(config.base)
    config = config.completed(base.header.training.get("config", {}))
    network = base.network.to(memory_format=torch.channels_last).to(torch_device).requires_grad_(requires_grad=False)
    objective = make_objective(
        config.weights, [config.style_image], [config.style_size or 0], config.vgg_model_dir, torch_device,
        config.precision,
    )
    contents = make_contents(config)
    first_batch = make_batch(contents, 0, 1, with_motion=False)
    nearest = nearest_style(objective, network, base.styles.to(torch_device), first_batch)
    log.info("starting from %s, the nearest of its styles", base.header.styles[nearest].name)
    row = nn.Parameter(base.styles[nearest : nearest + 1].to(torch_device))        # (1, style_length)
    schedule: Schedule = StepSchedule(config.steps) if config.steps else TimeSchedule(config.time_budget, stopwatch)
    step_count = learn_row(config, objective, network, row, contents, schedule)

    origin = {**provenance(arguments), "step": step_count, "config": as_json(config)}
    training = {**origin, "base": {"file": config.base.name, "training": dict(base.header.training)}}
    header = ModelHeader(base.header.architecture, (style_card(config),), base.header.shape, training)
    with failures_told(config.output_file):
        save_model(config.output_file, StyleModel(header, network, row.detach()))
    return config.output_file


def learn_row(
    config: AdaptConfig,
    objective: Objective,
    network: nn.Module,
    row: nn.Parameter,
    contents: Contents,
    schedule: Schedule,
) -> int:
    """Change the row until the schedule or the user ends it. Returns how many steps were taken."""
    optimizer, course, good_row = new_optimizer(row), Course(), row.detach().clone()
    with ProgressLine(schedule) as progress, stop_on_signals() as stop:
        while not schedule.is_over(course.step) and not stop.is_set():
            batch = make_batch(contents, course.step + 1, 1, with_motion=config.temporal_weight > 0)
            rate = config.lr * course.rate_factor
            set_learning_rate(optimizer, rate, WARMUP_STEPS, course.step, schedule.done(course.step))
            losses = backward(objective, network, row, batch, course)
            if is_going_wrong(course, losses, torch.nn.utils.clip_grad_norm_([row], config.clip_norm)):
                optimizer = roll_back(row, good_row, course)
                continue
            optimizer.step()
            course.step += 1
            remember_loss(course, losses)
            progress.step_done()
            if course.step % STEPS_BETWEEN_LINES == 0:
                good_row = row.detach().clone()
                progress.show(course.step, rounded(losses))
    return course.step


def roll_back(row: nn.Parameter, good_row: Tensor, course: Course) -> torch.optim.Optimizer:
    """To the row of a few steps ago, at half the rate. Raises DivergenceError."""
    course.rate_factor /= 2
    if course.rate_factor < LEAST_RATE_FACTOR:
        raise DivergenceError("the loss explodes at any rate: start again with a lower --lr")
    log.warning("the loss is no number or explodes: from here on at 1/%.0f of the rate", 1 / course.rate_factor)
    with torch.no_grad():
        row.copy_(good_row)
    return new_optimizer(row)


def new_optimizer(row: nn.Parameter) -> torch.optim.Optimizer:
    return torch.optim.Adam([{"params": [row], "factor": 1.0}])


def nearest_style(objective: Objective, network: nn.Module, styles: Tensor, batch: Batch) -> int:
    """Which row paints these pictures most as the painting is."""
    content = batch.to(styles.device)
    with torch.no_grad():
        losses = [float(objective.losses(network, row.unsqueeze(0), content)["style"]) for row in styles]
    return losses.index(min(losses))


def load_base(file: Path) -> StyleModel:
    """Raises ConfigError."""
    try:
        model = load_model(file)
    except ModelFileError as error:
        raise ConfigError(f"--base {file} {error}") from error
    if not isinstance(model.network, TransformerNet):
        raise ConfigError(f"--base {file} is a classic model of one fixed style: give one of the transformer network")
    return model


def style_card(config: AdaptConfig) -> StyleCard:
    return StyleCard(config.style_name, config.painter, config.work, config.year)


def make_contents(config: AdaptConfig) -> Contents:
    if config.dataset is None:
        return DeadLeaves(config.batch_size, config.image_size, config.seed)
    return PhotoCrops(find_photos(config.dataset), config.batch_size, config.image_size, config.seed)
