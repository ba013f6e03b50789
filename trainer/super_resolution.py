"""Training the network that enlarges: by pixels, or by what a loss network sees (Johnson et al. 2016, section 3.3).

By pixels the result has the best PSNR and soft textures; by features, the look of a sharper picture.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from fnst_live.stylenet.upscale_net import (
    UpscaleFileError,
    UpscaleModel,
    UpscaleNet,
    UpscaleShape,
    load_upscale_model,
    save_upscale_model,
)
from trainer.config import SuperResolutionConfig, as_json
from trainer.device import choose_device, mixed_precision
from trainer.errors import ConfigError, DivergenceError
from trainer.learner import set_learning_rate
from trainer.loss_network import load_loss_network
from trainer.losses import content_loss, grid_loss
from trainer.progress import STEPS_BETWEEN_LINES, ProgressLine
from trainer.provenance import provenance
from trainer.run_folder import failures_told, require_writable
from trainer.schedule import Schedule, StepSchedule, Stopwatch, TimeSchedule
from trainer.sr_data import CropPairs
from trainer.sr_learner import (
    SuperResolutionLearner,
    checkpoint_file,
    load_checkpoint,
    new_learner,
    save_checkpoint,
)
from trainer.stopping import Stopped, stop_on_signals

FEATURE_LAYERS = ("relu2_2", "relu3_2")
COLOR_SHARE = 4.0  # of the absolute error at the small size: VGG does not know colors well
GRID_SHARE = 50.0  # of a grid, which VGG does not mind
WARMUP_STEPS = 50

Loss = Callable[[Tensor, Tensor], Tensor]

log = logging.getLogger(__name__)


def train_super_resolution(config: SuperResolutionConfig, arguments: Sequence[str] = ()) -> Path:
    """Train, and return the model file; ended early, it holds what was learned. Raises TrainerError, Stopped."""
    stopwatch = Stopwatch()
    config.require_inputs()
    require_writable(config.output, "--output")
    torch_device = choose_device(use_cuda=bool(config.cuda))
    pairs = CropPairs(config.dataset, config.batch_size, config.crop_size, config.factor, config.seed)
    network = starting_network(config).to(memory_format=torch.channels_last).to(torch_device)
    learner = new_learner(network, config.lr)
    if config.resume:
        go_on(config, learner, stopwatch)
    loss_of = make_loss(config, torch_device)
    schedule = make_schedule(config, stopwatch)
    with ProgressLine(schedule) as progress, stop_on_signals() as stop:
        while not schedule.is_over(learner.step) and not stop.is_set():
            step, optimizer = learner.step, learner.optimizer
            small, large = (x.to(torch_device, memory_format=torch.channels_last) for x in pairs.batch(step))
            set_learning_rate(optimizer, config.lr, WARMUP_STEPS, step, schedule.done(step))
            optimizer.zero_grad()
            with mixed_precision(config.precision, torch_device):
                loss = loss_of(network(small).float(), large)
            torch.autograd.backward(loss)
            if not bool(torch.isfinite(loss.detach())):
                raise DivergenceError(f"the loss of step {step + 1} is no number: start again with a lower --lr")
            nn.utils.clip_grad_norm_(network.parameters(), config.clip_norm)
            optimizer.step()
            learner.step_done(stopwatch.spent_s)
            progress.step_done()
            if learner.step % STEPS_BETWEEN_LINES == 0:
                progress.show(learner.step, {"loss": float(loss.detach())})
            if learner.step % config.save_interval == 0:
                _keep(config, learner, arguments)
    _keep(config, learner, arguments)
    if stop.is_set():
        raise Stopped(
            f"stopped after step {learner.step}: {config.output} is usable, the same command with --resume goes on, "
            "and a new one with --init-model goes on from it"
        )
    return config.output


def go_on(config: SuperResolutionConfig, learner: SuperResolutionLearner, stopwatch: Stopwatch) -> None:
    """Where an earlier run of the same command ended. Raises CheckpointError."""
    load_checkpoint(checkpoint_file(config.output), learner)
    stopwatch.add(learner.trained_s)
    log.info("resuming at step %d", learner.step)


def make_schedule(config: SuperResolutionConfig, stopwatch: Stopwatch) -> Schedule:
    return TimeSchedule(config.time_budget, stopwatch) if config.time_budget else StepSchedule(config.steps)


def starting_network(config: SuperResolutionConfig) -> UpscaleNet:
    """Random, or that of `--init-model`. Raises ConfigError."""
    torch.manual_seed(config.seed)
    if config.init_model is None:
        try:
            return UpscaleNet(UpscaleShape(config.factor, config.channels, config.depth))
        except ValueError as error:
            raise ConfigError(f"--channels or --depth: {error}") from error
    try:
        network = load_upscale_model(config.init_model).network
    except UpscaleFileError as error:
        raise ConfigError(f"--init-model {config.init_model} {error}") from error
    if network.shape.factor != config.factor:
        raise ConfigError(f"--init-model {config.init_model} enlarges by {network.shape.factor}, not {config.factor}")
    return network.train()


def make_loss(config: SuperResolutionConfig, torch_device: torch.device) -> Loss:
    """Of an enlarged picture and the true one, (N, 3, H, W) both. Raises LossNetworkError."""
    if config.loss == "pixel":
        return nn.functional.l1_loss
    loss_network = load_loss_network(config.vgg_model_dir, FEATURE_LAYERS)
    loss_network = loss_network.to(memory_format=torch.channels_last).to(torch_device)

    def perceptual(enlarged: Tensor, true: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = loss_network(true)
        seen = content_loss(loss_network(enlarged), wanted)
        small, true_small = (nn.functional.avg_pool2d(picture, config.factor) for picture in (enlarged, true))
        colors = nn.functional.l1_loss(small, true_small)
        return seen + COLOR_SHARE * colors + GRID_SHARE * grid_loss(enlarged, true, config.factor)

    return perceptual


def _keep(config: SuperResolutionConfig, learner: SuperResolutionLearner, arguments: Sequence[str]) -> None:
    """The model, and what to go on from."""
    training = {**provenance(arguments), "step": learner.step, "config": as_json(config)}
    with failures_told(config.output):
        save_upscale_model(config.output, UpscaleModel(learner.average, training))
    save_checkpoint(checkpoint_file(config.output), learner)
