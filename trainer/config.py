"""Everything a training run can be told, once: the command line, the header and the log are made from it."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from fnst_live.options import option
from trainer.errors import ConfigError

AT_LEAST = {
    "batch_size": 1, "style_size": 32, "steps": 0, "warmup_steps": 1, "save_interval": 1,
    "content_weight": 0, "style_weight": 0, "tv_weight": 0, "temporal_weight": 0, "ema_decay": 0,
}
MORE_THAN_NOTHING = ("lr", "clip_norm")


@dataclass(frozen=True)
class TrainConfig:
    """Settings of `fnst-train train`. The first seven are the flags of the program we descend from."""

    dataset: Path = option("folder of training photos, searched with its subfolders", metavar="DIR")
    style_image: tuple[Path, ...] = option("one or several paintings; each becomes a style", nargs="+", metavar="FILE")
    save_model_dir: Path = option("folder for the model, its checkpoint and its previews", metavar="DIR")
    vgg_model_dir: Path | None = option("folder with VGG-19 or VGG-16 weights", None, metavar="DIR")
    epochs: int = option("passes over the dataset", 2)
    cuda: int = option("1 trains on the GPU, 0 on the CPU", 0, choices=(0, 1))
    batch_size: int = option("pictures per step", 4)
    precision: str = option(
        "arithmetic: bfloat16 is twice as fast where the processor has it, auto looks",
        "auto", choices=("auto", "float32", "bfloat16"),
    )

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
    preview_dir: Path | None = option("photos that previews are made of while training", None, metavar="DIR")
    save_interval: int = option("steps between checkpoints", 100)
    init_model: Path | None = option("model file to start from instead of random weights", None, metavar="FILE")

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_names()

    @property
    def style_names(self) -> list[str]:
        """A style is called what its painting's file is called."""
        return [file.stem for file in self.style_image]

    def _check_numbers(self) -> None:
        _require(self.image_size % 8 == 0 and self.image_size >= 64, "--image-size must be a multiple of 8, 64 or more")
        _require(self.epochs >= 1 or self.steps >= 1, "--epochs must be 1 or more")
        _require(self.ema_decay < 1, "--ema-decay must be less than 1")
        for name, least in AT_LEAST.items():
            value = getattr(self, name)
            _require(math.isfinite(value) and value >= least, f"{_flag(name)} must be {least} or more")
        for name in MORE_THAN_NOTHING:
            value = getattr(self, name)
            _require(math.isfinite(value) and value > 0, f"{_flag(name)} must be more than 0")

    def _check_names(self) -> None:
        is_plain = bool(self.name.strip(".")) and Path(self.name).name == self.name
        _require(is_plain, "--name must be a file name without folders")
        twice = [name for name, count in Counter(self.style_names).items() if count > 1]
        _require(
            not twice,
            f"--style-image has two paintings called {', '.join(twice)}: rename one, since a file names its style",
        )
        for name in ("work", "painter", "year"):
            given = getattr(self, name)
            _require(
                not given or len(given) == len(self.style_image),
                f"{_flag(name)} needs one entry per --style-image: {len(self.style_image)}, not {len(given)}",
            )


def require_inputs(config: TrainConfig) -> None:
    """Look at all that lies on disk before the first step, not after the hundredth. Raises ConfigError."""
    _require(config.dataset.is_dir(), f"--dataset {config.dataset} is not a folder")
    for file in config.style_image:
        _require(file.is_file(), f"--style-image {file} does not exist")
    if config.init_model is not None:
        _require(config.init_model.is_file(), f"--init-model {config.init_model} does not exist")
    if config.preview_dir is not None:
        _require(config.preview_dir.is_dir(), f"--preview-dir {config.preview_dir} is not a folder")
    _require_writable(config.save_model_dir)


def _require_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(f"--save-model-dir {folder} cannot be written to: {error.strerror}") from error


def _require(condition: bool, message: str) -> None:  # noqa: FBT001
    if not condition:
        raise ConfigError(message)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def as_json(config: TrainConfig) -> dict[str, Any]:
    """Plain values, for the header and the log."""
    return {f.name: _plain(getattr(config, f.name)) for f in fields(config)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.name if isinstance(value, Path) else value
