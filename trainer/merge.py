"""`fnst-train merge`: the styles of several models in one file, where all are of one network, as adapted ones are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fnst_live.stylenet.model_file import StyleCard, StyleModel, save_model
from trainer.config import MergeConfig, trained_style_sizes
from trainer.errors import MergeError
from trainer.evaluate import load_any_model
from trainer.provenance import provenance
from trainer.run_folder import failures_told, require_writable


@dataclass(frozen=True, eq=False)
class Style:
    """A row of a model's style table, and what else the model knows of it. size: what its painting was scaled to."""

    card: StyleCard
    row: Tensor
    size: int

    def learned_anew(self, before: Style) -> Style:
        """In the place of that one, whose painting is the same."""
        return replace(self, card=self.card.over(before.card))


def merge(config: MergeConfig, arguments: Sequence[str] = ()) -> Path:
    """Write the file, and return it. Raises TrainerError.

    Of styles of one name the last one counts, in the place of the first.
    """
    require_writable(config.output, "--output")
    models = [load_any_model(file) for file in config.models]
    for file, model in zip(config.models, models, strict=True):
        if not is_same_network(models[0], model):
            raise MergeError(
                f"{file} is of another network than {config.models[0]}: give models that were adapted from one"
            )
    styles: dict[str, Style] = {}
    for style in (style for model in models for style in styles_of(model)):
        before = styles.get(style.card.name)
        styles[style.card.name] = style if before is None else style.learned_anew(before)
    with failures_told(config.output):
        save_model(config.output, merged(models, list(styles.values()), arguments))
    return config.output


def is_same_network(a: StyleModel, b: StyleModel) -> bool:
    """To the bit: a style means nothing to any other."""
    if (a.header.architecture, a.header.shape) != (b.header.architecture, b.header.shape):
        return False
    ours, theirs = a.network.state_dict(), b.network.state_dict()
    return all(torch.equal(weight, theirs[name]) for name, weight in ours.items())


def styles_of(model: StyleModel) -> list[Style]:
    sizes = trained_style_sizes(_settings(model))
    numbered = enumerate(zip(model.header.styles, model.styles, strict=True))
    return [Style(card, row, sizes[number if number < len(sizes) else 0]) for number, (card, row) in numbered]


def merged(models: Sequence[StyleModel], styles: Sequence[Style], arguments: Sequence[str]) -> StyleModel:
    """Trained as the first was; how the others were learned is kept beside."""
    first, *others = models
    training = {
        **first.header.training,
        "config": {**_settings(first), "style_size": [style.size for style in styles]},
        "merged": [provenance(arguments), *(_without_base(other.header.training) for other in others)],
    }
    header = replace(first.header, styles=tuple(style.card for style in styles), training=training)
    return StyleModel(header, first.network, torch.stack([style.row for style in styles]))


def _without_base(training: Mapping[str, Any]) -> dict[str, Any]:
    """An adapted model tells of the one it was made from, too, which is told already."""
    return {name: told for name, told in training.items() if name != "base"}


def _settings(model: StyleModel) -> Mapping[str, Any]:
    settings: Mapping[str, Any] = model.header.training.get("config", {})
    return settings
