"""The training loop: Johnson et al. 2016 with many styles in one network (Dumoulin et al. 2017).

Read `train_together` from top to bottom. What is minimized stands in objective.py, what a step sees in batches.py, what
it changes in learner.py, who takes part in processes.py, and what lies in the folder afterwards in keeper.py.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from trainer.batches import BatchesAhead, make_batch
from trainer.checkpoint import checkpoint_files, load_newest_checkpoint, share_state
from trainer.config import TrainConfig, require_inputs
from trainer.data import PhotoCrops, find_photos, hold_out
from trainer.descent import backward, is_going_wrong, is_scaled_too_far, remember_loss
from trainer.device import choose_device
from trainer.errors import DivergenceError
from trainer.keeper import Keeper
from trainer.learner import Learner, new_learner, set_learning_rate, update_averages
from trainer.objective import make_objective
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
    """All processes of a run are here at the same line, mostly there is but one."""
    share = processes.share_of(config.batch_size)
    files, preview_files = training_and_preview_photos(config)
    photos = PhotoCrops(files, config.batch_size, config.image_size, config.seed, augment=config.augment == "webcam")
    objective = make_objective(
        config.weights, config.style_image, config.style_sizes, config.vgg_model_dir, torch_device, config.precision
    )
    learner = new_learner(config, torch_device)
    folder = RunFolder(config.save_model_dir, config.name)
    if processes.is_first:
        open_run(config, arguments)
        resume(folder, learner, stopwatch)
    share_state(learner, processes)
    schedule = make_schedule(config, len(files), stopwatch)

    style_count, with_motion = len(config.style_image), config.temporal_weight > 0
    make = partial(make_batch, photos, style_count=style_count, with_motion=with_motion, share=share)
    with contextlib.ExitStack() as closing:
        keeper = None
        if processes.is_first:
            keeper = Keeper(config, folder, learner, provenance(arguments), preview_files, schedule)
            closing.enter_context(keeper)
        stop = closing.enter_context(stop_on_signals())
        batches = closing.enter_context(BatchesAhead(make))
        if keeper and learner.course.step == 0:
            keeper.begin()
        while not processes.any(stop.is_set() or (processes.is_first and schedule.is_over(learner.course.step))):
            course = learner.course
            batch = batches.take(course.step)
            done = processes.number_of_first(schedule.done(course.step))
            rate = config.lr * course.rate_factor
            set_learning_rate(learner.optimizer, rate, config.warmup_steps, course.step, done)
            losses = backward(
                objective, learner.network, learner.styles, batch, course, processes=processes, scaler=learner.scaler
            )
            learner.scaler.unscale_(learner.optimizer)
            gradient_norm = torch.nn.utils.clip_grad_norm_(learner.parameters, config.clip_norm)
            if is_scaled_too_far(learner.scaler, losses, gradient_norm):
                learner.scaler.update()  # and once more
                continue
            if is_going_wrong(course, losses, gradient_norm):
                learner.scaler.update()
                roll_back(folder, learner, processes, keeper)
                continue
            learner.scaler.step(learner.optimizer)
            learner.scaler.update()
            update_averages(learner, config.ema_decay)
            course.step += 1
            course.trained_s = stopwatch.spent_s
            remember_loss(course, losses)
            if keeper:
                keeper.step_done(losses)

        was_stopped = processes.any(stop.is_set())
        if keeper:
            keeper.keep()
            if not was_stopped:
                keeper.preview()
        processes.any(flag=False)  # nobody leaves, which would end the others, before all is written
    if was_stopped:
        raise Stopped(
            f"stopped after step {learner.course.step}: {folder.model_file} is usable as it is, and "
            f"fnst-train train --resume {folder.path} goes on"
        )
    return folder.model_file


def training_and_preview_photos(config: TrainConfig) -> tuple[list[Path], list[Path]]:
    """Raises DataError."""
    files = find_photos(config.dataset)
    if config.preview_dir is not None:
        return files, find_photos(config.preview_dir)
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
