"""The training loop: Johnson et al. 2016 with many styles in one network (Dumoulin et al. 2017).

Read `train_together` and `take_step` from top to bottom. What is minimized stands in objective.py (or imitation.py),
what a step sees in batches.py, what it changes in learner.py, who takes part in processes.py, and what is kept of it in
keeper.py.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from trainer.batch_workers import batches_ahead, process_count
from trainer.batches import Batch, make_batch
from trainer.checkpoint import checkpoint_files, load_newest_checkpoint, share_state
from trainer.config import TrainConfig, require_inputs
from trainer.data import PhotoCrops, find_photos, hold_out, load_pixels
from trainer.descent import (
    Minimized,
    backward,
    gradient_graph_of,
    is_going_wrong,
    is_scaled_too_far,
    remember_loss,
)
from trainer.device import choose_device
from trainer.errors import DivergenceError
from trainer.gradient_graph import GradientGraph
from trainer.imitation import make_imitation
from trainer.keeper import Keeper
from trainer.learner import Learner, new_learner, set_learning_rate, update_averages
from trainer.objective import make_objective
from trainer.photo_shelf import shelved
from trainer.preview import PREVIEW_PHOTO_COUNT
from trainer.processes import Processes, join_processes, local_rank
from trainer.provenance import provenance
from trainer.run_folder import RunFolder, open_run
from trainer.schedule import Schedule, StepSchedule, Stopwatch, TimeSchedule
from trainer.stopping import Stopped, stop_on_signals

LEAST_RATE_FACTOR = 1 / 256

log = logging.getLogger(__name__)


def train(config: TrainConfig, arguments: Sequence[str] = ()) -> Path:
    """Train, and return the model file. Goes on from the folder's checkpoint if there is one.

    arguments: those of the command line, for the model's header. Raises TrainerError, Stopped.
    """
    stopwatch = Stopwatch()
    require_inputs(config)
    torch_device = choose_device(use_cuda=bool(config.cuda), number=local_rank())
    with join_processes(torch_device) as processes:
        return train_together(config, arguments, stopwatch, torch_device, processes)


def train_together(
    config: TrainConfig,
    arguments: Sequence[str],
    stopwatch: Stopwatch,
    torch_device: torch.device,
    processes: Processes,
) -> Path:
    """All processes of the run go through this side by side; mostly there is but one."""
    share = processes.share_of(config.batch_size)
    files, preview_files = training_and_preview_photos(config)
    helpers = process_count(torch_device)
    photos = PhotoCrops(
        files, config.batch_size, config.image_size, config.seed, augment=config.augment == "webcam",
        load=shelved(files, helpers) if helpers else load_pixels,
    )
    objective = what_to_minimize(config, torch_device)
    learner = new_learner(config, torch_device)
    is_alone_on_card = torch_device.type == "cuda" and processes.count == 1 and not learner.scaler.is_enabled()
    graph = gradient_graph_of(objective, learner.network, learner.styles) if is_alone_on_card else None
    folder = RunFolder(config.save_model_dir, config.name)
    if processes.is_first:
        open_run(config, arguments)
        resume(folder, learner, stopwatch)
    share_state(learner, processes)
    schedule = make_schedule(config, len(files), stopwatch)
    origin = provenance(arguments)
    keeper = Keeper(config, folder, learner, origin, preview_files, schedule) if processes.is_first else None

    style_count, with_motion = len(config.style_image), config.temporal_weight > 0 and config.teacher is None
    on_card = torch_device.type == "cuda"
    make = partial(
        make_batch, photos, style_count=style_count, with_motion=with_motion, share=share, on_card=on_card
    )
    ahead = batches_ahead(make, helpers, pinned=on_card)
    with stop_on_signals() as stop, ahead as batches, keeper or contextlib.nullcontext():
        while not processes.any(stop.is_set() or (processes.is_first and schedule.is_over(learner.course.step))):
            step = learner.course.step
            batch = batches.take(step)
            done = processes.number_of_first(schedule.done(step))
            losses = take_step(config, objective, learner, batch, done, processes, graph)
            if losses is None:
                roll_back(folder, learner, processes, keeper)
                continue
            learner.course.trained_s = stopwatch.spent_s
            if keeper:
                keeper.step_done(losses)
        was_stopped = processes.any(stop.is_set())
        if keeper:
            keeper.finish(was_stopped=was_stopped)
        processes.any(flag=False)  # whoever left sooner would have torchrun end the one that writes
    if was_stopped:
        raise Stopped(
            f"stopped after step {learner.course.step}: {folder.model_file} is usable as it is, and "
            f"fnst-train train --resume {folder.path} goes on"
        )
    return folder.model_file


def take_step(
    config: TrainConfig, objective: Minimized, learner: Learner, batch: Batch, done: float, processes: Processes,
    graph: GradientGraph | None = None,
) -> dict[str, Tensor] | None:
    """Learn from the batch, and return its losses; None where that would spoil the weights, which stay as they are.

    batch: this process's share; done: 0..1 of the whole run; graph: see `backward`.
    """
    course, scaler = learner.course, learner.scaler
    set_learning_rate(learner.optimizer, config.lr * course.rate_factor, config.warmup_steps, course.step, done)
    losses = backward(
        objective, learner.network, learner.styles, batch, course, processes=processes, scaler=scaler, graph=graph
    )
    scaler.unscale_(learner.optimizer)
    gradient_norm = torch.nn.utils.clip_grad_norm_(learner.parameters, config.clip_norm)
    if is_scaled_too_far(scaler, losses, gradient_norm):
        scaler.update()  # to half of it
        return take_step(config, objective, learner, batch, done, processes, graph)
    if is_going_wrong(course, losses, gradient_norm):
        scaler.update()
        return None
    scaler.step(learner.optimizer)
    scaler.update()
    update_averages(learner, config.ema_decay)
    course.step += 1
    remember_loss(course, losses)
    return losses


def what_to_minimize(config: TrainConfig, torch_device: torch.device) -> Minimized:
    """Raises ConfigError, LossNetworkError, DataError."""
    if config.teacher is not None:
        return make_imitation(config, config.teacher, torch_device)
    return make_objective(
        config.weights, config.style_image, config.style_sizes, config.vgg_model_dir, torch_device, config.precision
    )


def training_and_preview_photos(config: TrainConfig) -> tuple[list[Path], list[Path]]:
    """Raises DataError."""
    files = find_photos(config.dataset)
    if config.preview_dir is not None:
        return files, find_photos(config.preview_dir, "--preview-dir")
    return hold_out(files, PREVIEW_PHOTO_COUNT)


def resume(folder: RunFolder, learner: Learner, stopwatch: Stopwatch) -> None:
    """Raises CheckpointError."""
    file = load_newest_checkpoint(folder.checkpoints, learner)
    if file is not None:
        stopwatch.add(learner.course.trained_s)
        log.info("resuming at step %d from %s", learner.course.step, file)


def make_schedule(config: TrainConfig, photo_count: int, stopwatch: Stopwatch) -> Schedule:
    if config.time_budget is not None:
        return TimeSchedule(config.time_budget, stopwatch)
    return StepSchedule(config.steps or config.epochs * math.ceil(photo_count / config.batch_size))


def roll_back(folder: RunFolder, learner: Learner, processes: Processes, keeper: Keeper | None) -> None:
    """To the last checkpoint, at half the rate; to the one before if that one did not help. Raises DivergenceError."""
    failed = learner.course
    failed_step, rate_factor = failed.step + 1, failed.rate_factor / 2
    if rate_factor < LEAST_RATE_FACTOR:
        raise DivergenceError(
            f"the loss of step {failed_step} explodes at any rate: {folder.path} keeps what was good, "
            "start again with a lower --lr"
        )
    if processes.is_first:
        files = checkpoint_files(folder.checkpoints)
        if failed.failed_step >= failed_step and len(files) > 1:
            files[0].unlink()
        load_newest_checkpoint(folder.checkpoints, learner)
    share_state(learner, processes)
    course = learner.course
    course.rate_factor, course.failed_step, course.piece_count = rate_factor, failed_step, failed.piece_count
    if keeper:
        keeper.happened(
            failed_step, "rollback",
            f"the loss of step {failed_step} is no number or explodes: back to step {course.step}, "
            f"from here on at 1/{1 / rate_factor:.0f} of the rate",
        )
