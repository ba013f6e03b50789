"""What a training step changes: the network, the style table, their running averages, the optimizer.

Dumoulin et al. 2017: all styles share the network, and each has a row of its own in the style table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fnst_live.stylenet.model_file import ModelFileError, StyleModel, load_model
from fnst_live.stylenet.transformer_net import NetShape, TransformerNet, initial_styles
from trainer.config import TrainConfig
from trainer.errors import ConfigError

STYLE_TABLE_RATE = 5.0  # a row has few numbers and sees few pictures: it must learn faster than what all share


@dataclass
class Learner:
    """styles: (style_count, style_length), row by row in the order of style_names; step: how many are done."""

    network: TransformerNet
    styles: torch.nn.Parameter
    style_names: list[str]
    averages: list[Tensor]
    optimizer: torch.optim.Optimizer
    step: int = 0

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
