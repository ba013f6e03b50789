"""What shall outlive a run: log, checkpoints, previews, the model and its card."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import torch
from torch import Tensor

from fnst_live.stylenet.model_file import ModelHeader, StyleModel, build_network, save_model
from trainer.checkpoint import save_checkpoint
from trainer.config import TrainConfig, as_json
from trainer.learner import Learner
from trainer.model_card import write_card
from trainer.preview import save_preview_strips
from trainer.progress import TrainingLog, read_log
from trainer.run_folder import RunFolder, failures_told
from trainer.schedule import Schedule


class Keeper:
    """Told of all that happens in a run by its first process, the only one that writes."""

    def __init__(
        self,
        config: TrainConfig,
        folder: RunFolder,
        learner: Learner,
        origin: Mapping[str, str],
        preview_photos: Sequence[Path],
        schedule: Schedule,
    ):
        self._config, self._folder, self._learner, self._origin = config, folder, learner, origin
        self._preview_photos, self._schedule = preview_photos, schedule
        self._closing = contextlib.ExitStack()
        self._log = self._closing.enter_context(TrainingLog(folder, learner.course.step, schedule))

    def __enter__(self) -> Keeper:
        """What a rollback before the first checkpoint goes back to, and how long all of it takes to keep."""
        if self._learner.course.step == 0:
            started_s = time.monotonic()
            self.keep()
            self.preview()
            self._schedule.closing_takes(time.monotonic() - started_s)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def step_done(self, losses: Mapping[str, Tensor]) -> None:
        step = self._learner.course.step
        rate = self._learner.optimizer.param_groups[0]["lr"]
        self._log.step_done(step, losses, rate, is_last=self._schedule.is_over(step))
        if step % self._config.save_interval == 0:
            started_s = time.monotonic()
            self.keep()
            self._schedule.closing_takes(time.monotonic() - started_s)
        if step % self._config.preview_interval == 0:
            self.preview()

    def happened(self, step: int, event: str, sentence: str) -> None:
        self._log.happened(step, event, sentence)

    def finish(self, *, was_stopped: bool) -> None:
        """A user who stopped it waits for no preview."""
        self.keep()
        if not was_stopped:
            self.preview()

    def keep(self) -> None:
        """The checkpoint, the model and its card."""
        save_checkpoint(self._folder.checkpoints, self._learner)
        model = averaged_model(self._config, self._learner, self._origin)
        with failures_told(self._folder.model_file):
            save_model(self._folder.model_file, model)
        told = [entry for entry in read_log(self._folder.log_file) if "total" in entry]
        losses = {k: v for k, v in told[-1].items() if k not in ("step", "lr")} if told else {}
        write_card(self._folder.card_file, model.header, losses, self._learner.course.trained_s)

    def preview(self) -> None:
        model = averaged_model(self._config, self._learner, self._origin)
        save_preview_strips(model, self._preview_photos, self._folder.preview_file(self._learner.course.step))


def averaged_model(config: TrainConfig, learner: Learner, origin: Mapping[str, str]) -> StyleModel:
    """The running averages as a model, on the learner's device."""
    training = {**origin, "step": learner.course.step, "config": as_json(config)}
    header = ModelHeader(learner.header.architecture, learner.header.styles, learner.header.shape, training)
    network = build_network(header).to(learner.styles.device)
    with torch.no_grad():
        for parameter, average in zip(network.parameters(), learner.averages[:-1], strict=True):
            parameter.copy_(average)
    return StyleModel(header, network.eval(), learner.averages[-1].clone())
