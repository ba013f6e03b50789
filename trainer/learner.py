"""What a training step changes: the network, the style table, their running averages, the optimizer.

Dumoulin et al. 2017: all styles share the network, and each has a row of its own in the style table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from fnst_live.stylenet.model_file import ModelFileError, StyleModel, load_model
from fnst_live.stylenet.transformer_net import NetShape, TransformerNet, initial_styles
from trainer.config import TrainConfig
from trainer.errors import ConfigError

STYLE_TABLE_RATE = 5.0  # a row has few numbers and sees few pictures: it must learn faster than what all share


@dataclass
class Course:
    """Where a run stands, beside its weights.

    step: how many are done. trained_s: how long they took, over all sittings. rate_factor: halved by every rollback.
    piece_count: what a batch is cut into, doubled where memory runs out. usual_loss: a running average, to know an
    explosion by. failed_step: where the last rollback came from.
    """

    step: int = 0
    trained_s: float = 0.0
    rate_factor: float = 1.0
    piece_count: int = 1
    usual_loss: float = 0.0
    failed_step: int = 0


@dataclass
class Learner:
    """styles: (style_count, style_length), row by row in the order of style_names."""

    network: TransformerNet
    styles: torch.nn.Parameter
    style_names: list[str]
    averages: list[Tensor]
    optimizer: torch.optim.Optimizer
    course: Course = field(default_factory=Course)

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        return [*self.network.parameters(), self.styles]


def new_learner(config: TrainConfig, torch_device: torch.device) -> Learner:
    """A network to start from: random, or the one of `--init-model`. Raises ConfigError."""
    torch.manual_seed(config.seed)
    if config.init_model is None:
        shape = NetShape()
        network, table = TransformerNet(shape), initial_styles(len(config.style_image), shape)
    else:
        network, table = _initial_model(config, config.init_model)
    network = network.to(memory_format=torch.channels_last).to(torch_device)
    styles = torch.nn.Parameter(table.to(torch_device))
    averages = [p.detach().clone() for p in (*network.parameters(), styles)]
    groups = [{"params": list(network.parameters()), "factor": 1.0}, {"params": [styles], "factor": STYLE_TABLE_RATE}]
    return Learner(network, styles, config.style_names, averages, torch.optim.Adam(groups, lr=config.lr))


def _initial_model(config: TrainConfig, file: Path) -> tuple[TransformerNet, Tensor]:
    try:
        model = load_model(file)
    except ModelFileError as error:
        raise ConfigError(f"--init-model {file} {error}") from error
    if not isinstance(model.network, TransformerNet):
        raise ConfigError(f"--init-model {file} is a classic model: give one of the transformer network")
    return model.network.train(), _rows_by_name(config.style_names, model)


def _rows_by_name(names: list[str], model: StyleModel) -> Tensor:
    """The known styles' rows; for a painting the model has never seen, the mean of those it has."""
    known = {card.name: model.styles[row] for row, card in enumerate(model.header.styles)}
    return torch.stack([known.get(name, model.styles.mean(0)) for name in names])


def set_learning_rate(optimizer: torch.optim.Optimizer, peak: float, warmup_steps: int, step: int, done: float) -> None:
    """Linear warm-up, of a tenth of the run at most, then cosine to nothing. done: 0..1 of the whole run."""
    warm = min(1.0, max((step + 1) / warmup_steps, 10 * done))
    cosine = 0.5 * (1 + math.cos(math.pi * done))
    for group in optimizer.param_groups:
        group["lr"] = peak * group["factor"] * warm * cosine


def update_averages(learner: Learner, decay: float) -> None:
    """Exponential moving average; its memory grows with the run, so that random beginnings are soon forgotten."""
    decay = min(decay, (learner.course.step + 1) / (learner.course.step + 10))
    with torch.no_grad():
        for average, parameter in zip(learner.averages, learner.parameters, strict=True):
            average.lerp_(parameter, 1 - decay)
