"""The training loop: Johnson et al. 2016 with many styles in one network (Dumoulin et al. 2017).

Read `train` from top to bottom. What is minimized stands in objective.py, what a step sees in batches.py, what it
changes in learner.py, and what lies in the folder afterwards in run_folder.py.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch

from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, build_network, save_model
from trainer.batches import BatchesAhead, make_batch
from trainer.checkpoint import checkpoint_files, load_newest_checkpoint, save_checkpoint
from trainer.config import TrainConfig, as_json, require_inputs
from trainer.data import PhotoBatches, find_photos, hold_out
from trainer.descent import backward, is_going_wrong, remember_loss
from trainer.device import choose_device
from trainer.errors import DivergenceError
from trainer.learner import Learner, new_learner, set_learning_rate, update_averages
from trainer.model_card import write_card
from trainer.objective import make_objective
from trainer.preview import PREVIEW_PHOTO_COUNT, save_preview_strips
from trainer.progress import TrainingLog, read_log
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
    torch_device = choose_device(use_cuda=bool(config.cuda))
    files, preview_files = training_and_preview_photos(config)
    photos = PhotoBatches(files, config.batch_size, config.image_size, config.seed, augment=config.augment == "webcam")
    objective = make_objective(
        config.weights, config.style_image, config.style_sizes, config.vgg_model_dir, torch_device, config.precision
    )
    learner = new_learner(config, torch_device)
    folder = open_run(config, arguments)
    keeper = Keeper(config, folder, learner, provenance(arguments), preview_files)
    resume(folder, learner, stopwatch)
    schedule = make_schedule(config, len(files), stopwatch)

    make = partial(make_batch, photos, style_count=len(config.style_image), with_motion=config.temporal_weight > 0)
    with (
        TrainingLog(folder, learner.course.step, schedule) as training_log,
        stop_on_signals() as stop,
        BatchesAhead(make) as batches,
    ):
        if learner.course.step == 0:  # what a rollback before the first checkpoint goes back to
            schedule.closing_takes(keeper.keep() + keeper.preview())
        while not schedule.is_over(learner.course.step) and not stop.is_set():
            course = learner.course
            batch = batches.take(course.step)
            rate = config.lr * course.rate_factor
            set_learning_rate(
                learner.optimizer, rate, config.warmup_steps, course.step, schedule.done(course.step)
            )
            losses = backward(objective, learner.network, learner.styles, batch, course)
            gradient_norm = torch.nn.utils.clip_grad_norm_(learner.parameters, config.clip_norm)
            if is_going_wrong(course, losses, gradient_norm):
                roll_back(folder, learner, training_log)
                continue
            learner.optimizer.step()
            update_averages(learner, config.ema_decay)
            course.step += 1
            course.trained_s = stopwatch.spent_s
            remember_loss(course, losses)

            training_log.step_done(
                course.step, losses, learner.optimizer.param_groups[0]["lr"], is_last=schedule.is_over(course.step)
            )
            if course.step % config.save_interval == 0:
                schedule.closing_takes(keeper.keep())
            if course.step % config.preview_interval == 0:
                keeper.preview()
    keeper.keep()
    if stop.is_set():
        raise Stopped(
            f"stopped after step {learner.course.step}: {folder.model_file} is usable as it is, and "
            f"fnst-train train --resume {folder.path} goes on"
        )
    keeper.preview()
    return folder.model_file


class Keeper:
    """Writes what shall outlive the run. Each method returns the seconds that it took."""

    def __init__(
        self,
        config: TrainConfig,
        folder: RunFolder,
        learner: Learner,
        origin: Mapping[str, str],
        preview_photos: Sequence[Path],
    ):
        self._config, self._folder, self._learner, self._origin = config, folder, learner, origin
        self._preview_photos = preview_photos

    def keep(self) -> float:
        """The checkpoint, the model and its card."""
        started_s = time.monotonic()
        save_checkpoint(self._folder.checkpoints, self._learner)
        model = averaged_model(self._config, self._learner, self._origin)
        save_model(self._folder.model_file, model)
        told = [entry for entry in read_log(self._folder.log_file) if "total" in entry]
        losses = {k: v for k, v in told[-1].items() if k not in ("step", "lr")} if told else {}
        write_card(self._folder.card_file, model.header, losses, self._learner.course.trained_s)
        return time.monotonic() - started_s

    def preview(self) -> float:
        started_s = time.monotonic()
        model = averaged_model(self._config, self._learner, self._origin)
        save_preview_strips(model, self._preview_photos, self._folder.preview_file(self._learner.course.step))
        return time.monotonic() - started_s


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


def roll_back(folder: RunFolder, learner: Learner, training_log: TrainingLog) -> None:
    """To the last checkpoint, at half the rate; to the one before if that one did not help. Raises DivergenceError."""
    failed = learner.course
    failed_step, rate_factor = failed.step + 1, failed.rate_factor / 2
    if rate_factor < LEAST_RATE_FACTOR:
        raise DivergenceError(
            f"the loss of step {failed_step} explodes at any rate: {folder.path} keeps what was good, "
            "start again with a lower --lr"
        )
    files = checkpoint_files(folder.checkpoints)
    if failed.failed_step >= failed_step and len(files) > 1:
        files[0].unlink()
    load_newest_checkpoint(folder.checkpoints, learner)
    course = learner.course
    course.rate_factor, course.failed_step, course.piece_count = rate_factor, failed_step, failed.piece_count
    training_log.happened(
        failed_step, "rollback",
        f"the loss of step {failed_step} is no number or explodes: back to step {course.step}, "
        f"from here on at 1/{1 / rate_factor:.0f} of the rate",
    )


def averaged_model(config: TrainConfig, learner: Learner, origin: Mapping[str, str]) -> StyleModel:
    """The running averages as a model, on the learner's device."""
    training = {**origin, "step": learner.course.step, "config": as_json(config)}
    header = ModelHeader("transformer_net", style_cards(config), learner.network.shape, training)
    network = build_network(header).to(learner.styles.device)
    with torch.no_grad():
        for parameter, average in zip(network.parameters(), learner.averages[:-1], strict=True):
            parameter.copy_(average)
    return StyleModel(header, network.eval(), learner.averages[-1].clone())


def style_cards(config: TrainConfig) -> tuple[StyleCard, ...]:
    """A card per painting."""
    blank = [""] * len(config.style_image)
    columns = zip(config.style_names, config.painter or blank, config.work or blank, config.year or blank, strict=True)
    return tuple(StyleCard(*column) for column in columns)
