"""Everything a training run can be told, once: the command line, the header and the log are made from it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from fnst_live.options import option


class ConfigError(ValueError):
    """A setting that cannot be; the message names the flag."""


@dataclass(frozen=True)
class TrainConfig:
    """Settings of `fnst-train train`. The first seven are the flags of the program we descend from."""

    dataset: Path = option("folder of training photos, searched with its subfolders")
    style_image: tuple[Path, ...] = option("one or several paintings; each becomes a style", nargs="+")
    save_model_dir: Path = option("folder for the model, its checkpoint and its previews")
    vgg_model_dir: Path | None = option("folder with VGG-19 or VGG-16 weights", None)
    epochs: int = option("passes over the dataset", 2)
    cuda: int = option("1 trains on the GPU, 0 on the CPU", 0, choices=(0, 1))
    batch_size: int = option("pictures per step", 4)

    image_size: int = option("side of the training crops, in pixels", 192)
    style_size: int = option("shorter side that paintings are scaled to: the size of the strokes", 384)
    steps: int = option("steps to train for, instead of --epochs; 0 goes by epochs", 0)
    content_weight: float = option("how much of the content must survive", 0.5)
    style_weight: float = option("how much of the painting must appear", 1.0)
    tv_weight: float = option("how smooth it must be", 0.02)
    temporal_weight: float = option("how steady it must be under motion", 30.0)
    lr: float = option("peak learning rate of Adam", 1e-3)
    warmup_steps: int = option("steps until the peak learning rate", 100)
    clip_norm: float = option("longest gradient", 10.0)
    ema_decay: float = option("memory of the averaged weights that are saved", 0.998)
    seed: int = option("seed of everything random", 0)
    name: str = option("file name of the model, without suffix", "model")
    work: tuple[str, ...] = option("titles of the paintings, in order", (), nargs="+")
    painter: tuple[str, ...] = option("their painters, in order", (), nargs="+")
    year: tuple[str, ...] = option("their years, in order", (), nargs="+")
    preview_dir: Path | None = option("photos that previews are made of while training", None)
    save_interval: int = option("steps between checkpoints", 100)
    init_model: Path | None = option("model file to start from instead of random weights", None)

    def __post_init__(self) -> None:
        _require(self.image_size % 8 == 0 and self.image_size >= 64, "--image-size must be a multiple of 8, 64 or more")
        _require(self.batch_size >= 1, "--batch-size must be 1 or more")
        _require(self.epochs >= 1 or self.steps >= 1, "--epochs must be 1 or more")
        for flag in ("work", "painter", "year"):
            given = getattr(self, flag)
            _require(
                not given or len(given) == len(self.style_image),
                f"--{flag} needs one entry per --style-image: {len(self.style_image)}, not {len(given)}",
            )


def _require(condition: bool, message: str) -> None:  # noqa: FBT001
    if not condition:
        raise ConfigError(message)


def as_json(config: TrainConfig) -> dict[str, Any]:
    """Plain values, for the header and the log."""
    return {f.name: _plain(getattr(config, f.name)) for f in fields(config)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.name if isinstance(value, Path) else value
