"""What a training step changes: the network, the style table, their running averages, the optimizer.

Dumoulin et al. 2017: all styles share the network, and each has a row of its own in the style table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler

from fnst_live.stylenet.model_file import ModelFileError, ModelHeader, StyleCard, StyleModel, build_network, load_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import initial_styles
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
    """header: of the model to be. styles: (style_count, style_length), row by row in the order of style_names.

    scaler: of the loss, where gradients are float16; else it leaves it as it is.
    """

    header: ModelHeader
    network: nn.Module
    styles: nn.Parameter
    averages: list[Tensor]
    optimizer: torch.optim.Optimizer
    scaler: GradScaler
    course: Course = field(default_factory=Course)

    @property
    def style_names(self) -> list[str]:
        return [card.name for card in self.header.styles]

    @property
    def parameters(self) -> list[nn.Parameter]:
        return [*self.network.parameters(), self.styles]


def new_learner(config: TrainConfig, torch_device: torch.device) -> Learner:
    """A network to start from: random, or the one of `--init-model`. Raises ConfigError."""
    torch.manual_seed(config.seed)
    start = _random_model(config) if config.init_model is None else _initial_model(config, config.init_model)
    network = start.network.train().to(memory_format=torch.channels_last).to(torch_device)
    styles = nn.Parameter(start.styles.to(torch_device))
    averages = [p.detach().clone() for p in (*network.parameters(), styles)]
    groups = [{"params": list(network.parameters()), "factor": 1.0}, {"params": [styles], "factor": STYLE_TABLE_RATE}]
    optimizer = torch.optim.Adam(groups, lr=config.lr)
    return Learner(start.header, network, styles, averages, optimizer, new_scaler(config.precision, torch_device))


def new_scaler(precision: str, torch_device: torch.device) -> GradScaler:
    return GradScaler(torch_device.type, enabled=precision == "float16")


def _random_model(config: TrainConfig) -> StyleModel:
    shape = _shape(config) if config.network == "transformer_net" else None
    header = ModelHeader(config.network, style_cards(config), shape)
    count = len(header.styles)
    return StyleModel(header, build_network(header), initial_styles(count, shape) if shape else torch.zeros(count, 0))


def _shape(config: TrainConfig) -> NetShape:
    try:
        return NetShape(*config.shape)
    except ValueError as error:
        raise ConfigError(f"--shape: {error}") from error


def _initial_model(config: TrainConfig, file: Path) -> StyleModel:
    try:
        model = load_model(file)
    except ModelFileError as error:
        raise ConfigError(f"--init-model {file} {error}") from error
    if model.header.architecture != config.network:
        raise ConfigError(
            f"--init-model {file} is of another network than is to be trained: give --network "
            f"{model.header.architecture}, or another model"
        )
    known = {card.name: card for card in model.header.styles}
    cards = tuple(card.over(known.get(card.name, card)) for card in style_cards(config))
    header = replace(model.header, styles=cards)
    return StyleModel(header, model.network, _rows_by_name(config.style_names, model))


def style_cards(config: TrainConfig) -> tuple[StyleCard, ...]:
    """A card per painting."""
    blank = [""] * len(config.style_image)
    columns = zip(config.style_names, config.painter or blank, config.work or blank, config.year or blank, strict=True)
    return tuple(StyleCard(*column) for column in columns)


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
        torch._foreach_lerp_(learner.averages, [*learner.parameters], 1 - decay)  # a card is told but once
