"""Everything a training run can be told, once: the command line, the header and config.json are made from it."""

from __future__ import annotations

import math
import re
import tempfile
import types
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import median_low
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from fnst_live.options import flag_of, option
from trainer.errors import ConfigError

T = TypeVar("T")

AT_LEAST = {
    "batch_size": 1, "style_size": 32, "steps": 0, "warmup_steps": 1, "save_interval": 1, "preview_interval": 1,
    "content_weight": 0, "style_weight": 0, "palette_weight": 0, "tv_weight": 0, "temporal_weight": 0, "ema_decay": 0,
    "shape": 1,
}
MORE_THAN_NOTHING = ("lr", "clip_norm", "time_budget")
LARGEST_SEED = 2**62  # with room for the steps that are added to it
SMALLEST_SIDE = 32    # of a picture that the loss network shall see
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> float:
    """Seconds of "90", "90s", "10m", "1.5h" or "1h30m". Raises ValueError, as argparse wants it of a type."""
    number = r"(\d+(?:\.\d+)?)"
    if not re.fullmatch(f"({number}[hms])*{number}[hms]?", text):
        raise ValueError(f"{text!r} is no duration")
    return sum(float(count) * SECONDS[unit] for count, unit in re.findall(f"{number}([hms]?)", text))


parse_duration.__name__ = "duration"  # argparse: "invalid duration value"


@dataclass(frozen=True)
class LossWeights:
    """What matters how much in the sum of all losses; see losses.py for what 1 means of each. style: per painting."""

    content: float
    style: tuple[float, ...]
    tv: float = 0.0
    temporal: float = 0.0
    style_levels: int = 1
    palette: float = 0.0


@dataclass(frozen=True)
class TrainConfig:
    """Settings of `fnst-train train`. The first seven are the flags of the program we descend from."""

    dataset: Path = option("folder of training photos, searched with its subfolders", metavar="DIR")
    style_image: tuple[Path, ...] = option("one or several paintings; each becomes a style", nargs="+", metavar="FILE")
    save_model_dir: Path = option("folder of the run: model, log, checkpoints, previews", metavar="DIR")
    vgg_model_dir: Path | None = option("folder with VGG-19 or VGG-16 weights", None, metavar="DIR")
    epochs: int = option("passes over the dataset", 2)
    cuda: int = option("1 trains on the GPU, 0 on the CPU", 0, choices=(0, 1))
    batch_size: int = option("pictures per step", 4)
    precision: str = option(
        "arithmetic: bfloat16 is twice as fast where the processor has it, auto looks; float16 is for cards without it",
        "auto", choices=("auto", "float32", "bfloat16", "float16"),
    )
    network: str = option("what learns: johnson2016 is the classic network, of one painting",
                          "transformer_net", choices=("transformer_net", "johnson2016"))
    shape: tuple[int, ...] = option(
        "of transformer_net: channels at a half, a quarter and an eighth of the size, and how many residual blocks; "
        "that of --init-model, or the shipped model's, if not given",
        (), nargs=4, metavar="COUNT",
    )

    image_size: int = option("side of the training crops, in pixels", 192)
    style_size: tuple[int, ...] = option(
        "shorter side that paintings are scaled to: the size of the strokes; one for all or one per painting",
        (384,), nargs="+", metavar="PIXELS",
    )
    style_levels: int = option(
        "how often the painting is looked at, each time at half the size: 2 learns its shapes beside its strokes", 1,
        choices=(1, 2, 3),
    )
    augment: str = option("roughen photos as webcams do: dark, noisy, blurred by motion", "webcam",
                          choices=("webcam", "none"))
    steps: int = option("steps to train for, instead of --epochs; 0 goes by epochs", 0)
    time_budget: float | None = option("time to train for, instead of --epochs: 90s, 10m, 1h30m", None,
                                       type=parse_duration, metavar="TIME")
    content_weight: float = option("how much of the content must survive", 0.5)
    style_weight: tuple[float, ...] = option(
        "how much of the painting must appear; one for all or one per painting", (1.0,), nargs="+", metavar="WEIGHT",
    )
    palette_weight: float = option("how much of the painting's range of colors must appear", 0.3)
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
    preview_dir: Path | None = option(
        "photos that previews are made of while training; without it a few are held out of --dataset",
        None, metavar="DIR",
    )
    preview_interval: int = option("steps between previews", 500)
    save_interval: int = option("steps between checkpoints", 100)
    teacher: Path | None = option(
        "learn to paint what this model paints, instead of the paintings: the start of a network of another --shape",
        None, metavar="MODEL",
    )
    init_model: Path | None = option("model file to start from instead of random weights", None, metavar="FILE")

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_names()
        self._check_choices()

    @property
    def style_names(self) -> list[str]:
        """A style is called what its painting's file is called."""
        return [file.stem for file in self.style_image]

    @property
    def style_sizes(self) -> tuple[int, ...]:
        """One per painting."""
        return self._per_painting(self.style_size)

    @property
    def weights(self) -> LossWeights:
        style = self._per_painting(self.style_weight)
        return LossWeights(
            self.content_weight, style, self.tv_weight, self.temporal_weight, self.style_levels, self.palette_weight
        )

    def _per_painting(self, given: tuple[T, ...]) -> tuple[T, ...]:
        return given if len(given) > 1 else given * len(self.style_image)

    def _check_numbers(self) -> None:
        require_numbers(self)
        _require(self.image_size % 8 == 0 and self.image_size >= 64, "--image-size must be a multiple of 8, 64 or more")
        _require(self.epochs >= 1 or self.steps >= 1, "--epochs must be 1 or more")
        _require(self.ema_decay < 1, "--ema-decay must be less than 1")
        _require(not (self.steps and self.time_budget), "--steps and --time-budget exclude each other: give one")

    def _check_choices(self) -> None:
        _require(
            self.precision != "float16" or self.cuda == 1,
            "--precision float16 is for graphics cards, --cuda 1: a processor takes 25 times as long as with float32",
        )
        _require(
            self.network != "johnson2016" or len(self.style_image) == 1,
            "--network johnson2016 learns one painting: give one --style-image, or leave --network away",
        )
        _require(
            not self.shape or self.network == "transformer_net",
            "--shape is of transformer_net: johnson2016 has but one",
        )
        _require(
            not (self.shape and self.init_model),
            "--shape and --init-model exclude each other: the model has its shape",
        )

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
                f"{flag_of(name)} needs one entry per --style-image: {len(self.style_image)}, not {len(given)}",
            )
        for name in ("style_size", "style_weight"):
            given = getattr(self, name)
            _require(
                len(given) in (1, len(self.style_image)),
                f"{flag_of(name)} needs one entry, or one per --style-image: {len(self.style_image)}, not {len(given)}",
            )


@dataclass(frozen=True)
class AdaptConfig:
    """Settings of `fnst-train adapt`."""

    base: Path = option("model file whose network learns the new style", metavar="MODEL")
    style_image: Path = option("the painting", metavar="FILE")
    output: Path | None = option("the new model file; NAME.safetensors if not given", None, metavar="FILE")
    time_budget: float = option("time to learn for, in seconds or as 90s, 2m", 120.0, type=parse_duration,
                                metavar="TIME")
    steps: int = option("steps to learn for, instead of --time-budget; 0 goes by time", 0)
    dataset: Path | None = option("folder of photos to learn on; without it made-up pictures do", None, metavar="DIR")
    vgg_model_dir: Path | None = option("folder with VGG-19 or VGG-16 weights", None, metavar="DIR")
    cuda: int = option("1 learns on the GPU, 0 on the CPU", 0, choices=(0, 1))
    precision: str = option("arithmetic", "auto", choices=("auto", "float32", "bfloat16"))
    batch_size: int = option("pictures per step; the more steps there are in the time, the better", 2)
    image_size: int = option("side of the pictures, in pixels", 160)
    style_size: int | None = option("shorter side of the painting: the size of the strokes; the model's if not given",
                                    None)
    style_levels: int | None = option(
        "how often the painting is looked at, each time at half the size; the model's if not given", None,
        choices=(1, 2, 3),
    )
    content_weight: float | None = option("how much of the content must survive; the model's if not given", None)
    style_weight: float = option("how much of the painting must appear", 1.0)
    palette_weight: float | None = option(
        "how much of the painting's range of colors must appear; the model's if not given", None,
    )
    tv_weight: float = option("how smooth it must be", 0.02)
    temporal_weight: float = option("how steady it must be under motion, which keeps a frame away; 0 is quicker", 4.0)
    lr: float = option("peak learning rate of Adam", 1e-2)
    clip_norm: float = option("longest gradient", 10.0)
    seed: int = option("seed of everything random", 0)
    name: str | None = option("what the style is called; as the painting's file if not given", None)
    work: str = option("title of the painting", "")
    painter: str = option("its painter", "")
    year: str = option("its year", "")

    def __post_init__(self) -> None:
        require_numbers(self)
        _require(self.image_size % 8 == 0 and self.image_size >= 32, "--image-size must be a multiple of 8, 32 or more")

    def completed(self, trained: Mapping[str, Any]) -> AdaptConfig:
        """With the settings that the model was trained with, where the command does not tell."""
        return replace(
            self,
            content_weight=trained.get("content_weight", 0.5) if self.content_weight is None else self.content_weight,
            style_size=median_low(trained_style_sizes(trained)) if self.style_size is None else self.style_size,
            style_levels=trained.get("style_levels", 1) if self.style_levels is None else self.style_levels,
            palette_weight=trained.get("palette_weight", 0.0) if self.palette_weight is None else self.palette_weight,
        )

    @property
    def weights(self) -> LossWeights:
        return LossWeights(
            self.content_weight or 0.0, (self.style_weight,), self.tv_weight, self.temporal_weight,
            self.style_levels or 1, self.palette_weight or 0.0,
        )

    @property
    def style_name(self) -> str:
        return self.name or self.style_image.stem

    @property
    def output_file(self) -> Path:
        return self.output or Path(f"{self.style_name}.safetensors")

    def require_inputs(self) -> None:
        """Look at all that lies on disk before the first step. Raises ConfigError."""
        _require(self.base.is_file(), f"--base {self.base} does not exist")
        _require_painting(self.style_image)
        _require(self.dataset is None or self.dataset.is_dir(), f"--dataset {self.dataset} is not a folder")
        _require(self.output_file.suffix == ".safetensors", f"--output {self.output_file} must end in .safetensors")
        _require(not _is_one_file(self.output_file, self.base), f"--output {self.output_file} is --base itself: "
                 "give another name")


@dataclass(frozen=True)
class OptimizeConfig:
    """Settings of `fnst-train optimize`."""

    content_image: Path = option("the photo", metavar="FILE")
    style_image: tuple[Path, ...] = option("the painting; of several the mean", nargs="+", metavar="FILE")
    output_image: Path = option("where the result goes", metavar="FILE")
    iterations: int = option("how often the picture is changed", 300)
    optimizer: str = option("who changes it", "lbfgs", choices=("lbfgs", "adam"))
    init: str = option("what it starts from", "content", choices=("content", "noise"))
    size: int = option("longer side of the result, in pixels; 0 leaves the photo as it is", 512)
    style_size: int | None = option("shorter side of the painting: the size of the strokes; the result's if not given",
                                    None)
    style_levels: int = option(
        "how often the painting is looked at, each time at half the size: 2 sees its shapes beside its strokes", 1,
        choices=(1, 2, 3),
    )
    keep_color: bool = option("take the light of the result and the color of the photo", default=False)
    preview_interval: int = option("iterations between previews beside the result; 0 makes none", 0)
    content_weight: float = option("how much of the content must survive", 0.1)
    style_weight: float = option("how much of the painting must appear", 1.0)
    tv_weight: float = option("how smooth it must be", 0.02)
    lr: float | None = option("step length; 1 for lbfgs and 0.02 for adam if not given", None)
    vgg_model_dir: Path | None = option("folder with VGG-19 or VGG-16 weights", None, metavar="DIR")
    cuda: int = option("1 computes on the GPU, 0 on the CPU", 0, choices=(0, 1))
    precision: str = option("arithmetic", "float32", choices=("auto", "float32", "bfloat16"))
    seed: int = option("seed of the noise", 0)

    def __post_init__(self) -> None:
        require_numbers(self, least={"iterations": 1, "size": 0, "preview_interval": 0})
        _require(self.size == 0 or self.size >= SMALLEST_SIDE, f"--size must be 0, or {SMALLEST_SIDE} or more")
        for given in (self.content_image, *self.style_image):
            _require(not _is_one_file(self.output_image, given), f"--output-image would be written over {given}: give "
                     "another name")

    @property
    def weights(self) -> LossWeights:
        return LossWeights(self.content_weight, (self.style_weight,), self.tv_weight, style_levels=self.style_levels)


@dataclass(frozen=True)
class EvaluateConfig:
    """Settings of `fnst-train evaluate`."""

    model: Path = option("a .safetensors or .pth model", metavar="FILE")
    style_image: tuple[Path, ...] = option("paintings, called as the styles are", nargs="+", metavar="FILE")
    photos: Path = option("folder of photos that the model has not been trained on", metavar="DIR")
    output: Path = option("folder for evaluation.json and evaluation.png", metavar="DIR")
    sizes: tuple[int, ...] = option("sides of the pictures, in pixels", (256, 512, 1024), nargs="+")
    photo_count: int = option("how many photos", 4)
    iterations: int = option("how far the optimizer's curve goes", 200)
    optimizer: str = option("who draws the curve", "lbfgs", choices=("lbfgs", "adam"))
    init: str = option("what the optimizer starts from", "noise", choices=("content", "noise"))
    content_weight: float | None = option("weight of the content loss; as in training if not given", None)
    style_weight: float | None = option("weight of the style loss; as in training if not given", None)
    tv_weight: float | None = option("weight of the total variation; as in training if not given", None)
    style_size: int | None = option("shorter side of the paintings; as in training if not given", None)
    vgg_model_dir: Path | None = option("folder with VGG-19 or VGG-16 weights", None, metavar="DIR")
    cuda: int = option("1 computes on the GPU, 0 on the CPU", 0, choices=(0, 1))
    precision: str = option("arithmetic", "float32", choices=("auto", "float32", "bfloat16"))
    seed: int = option("seed of the noise", 0)

    def __post_init__(self) -> None:
        require_numbers(self, least={"iterations": 0, "photo_count": 1})
        _require(min(self.sizes) >= SMALLEST_SIDE, f"--sizes must be {SMALLEST_SIDE} or more")

    def require_inputs(self) -> None:
        """Look at all that lies on disk before the first picture. Raises ConfigError."""
        for file in self.style_image:
            _require_painting(file)
        _require(self.photos.is_dir(), f"--photos {self.photos} is not a folder")


@dataclass(frozen=True)
class FetchConfig:
    """Settings of `fnst-train fetch-vgg`."""

    vgg_model_dir: Path = option("folder that the weights go into", metavar="DIR")
    network: str = option("which network", "vgg19", choices=("vgg16", "vgg19"))


@dataclass(frozen=True)
class SuperResolutionConfig:
    """Settings of `fnst-train sr-train`."""

    dataset: Path = option("folder of photos, searched with its subfolders", metavar="DIR")
    output: Path = option("the model file, NAME.safetensors", metavar="FILE")
    factor: int = option("how many times larger", 4, choices=(2, 4, 8))
    loss: str = option("what is compared: pixels, or what VGG sees", "pixel", choices=("pixel", "perceptual"))
    vgg_model_dir: Path | None = option("folder with VGG-19 or VGG-16 weights", None, metavar="DIR")
    steps: int = option("steps to train for", 4000)
    time_budget: float | None = option("time to train for, instead of --steps: 90s, 10m, 1h30m", None,
                                       type=parse_duration, metavar="TIME")
    batch_size: int = option("pictures per step", 16)
    crop_size: int = option("side of the small pictures, in pixels", 32)
    channels: int = option("of the network's inner layers", 32)
    depth: int = option("how many of them there are", 4)
    lr: float = option("peak learning rate of Adam", 2e-3)
    clip_norm: float = option("longest gradient", 1.0)
    cuda: int = option("1 trains on the GPU, 0 on the CPU", 0, choices=(0, 1))
    precision: str = option("arithmetic", "auto", choices=("auto", "float32", "bfloat16"))
    seed: int = option("seed of everything random", 0)
    save_interval: int = option("steps between two saved models and checkpoints", 500)
    resume: bool = option("go on, bit for bit, from the checkpoint beside --output", default=False)
    init_model: Path | None = option("model file to start from instead of random weights", None, metavar="FILE")

    def __post_init__(self) -> None:
        require_numbers(self, least={"steps": 1, "crop_size": 8, "channels": 1, "depth": 1})
        _require(self.output.suffix == ".safetensors", f"--output {self.output} must end in .safetensors")

    def require_inputs(self) -> None:
        """Look at all that lies on disk before the first step. Raises ConfigError."""
        _require(self.dataset.is_dir(), f"--dataset {self.dataset} is not a folder")
        _require(self.output.parent.is_dir(), f"--output {self.output} lies in a folder that does not exist")


@dataclass(frozen=True)
class SuperResolutionEvaluateConfig:
    """Settings of `fnst-train sr-eval`."""

    model: tuple[Path, ...] = option("models of one factor; each becomes a column", nargs="+", metavar="FILE")
    dataset: tuple[Path, ...] = option("folders of large pictures; each becomes a row", nargs="+", metavar="DIR")
    output: Path | None = option("JSON file for the figures of every picture", None, metavar="FILE")
    save_pictures: Path | None = option("folder for the enlarged pictures, bicubic beside them", None, metavar="DIR")
    vgg_model_dir: Path | None = option("folder with VGG-19 or VGG-16 weights", None, metavar="DIR")


@dataclass(frozen=True)
class ExportConfig:
    """Settings of `fnst-train export`."""

    model: Path = option("a .safetensors or .pth model", metavar="FILE")
    format: str = option("what to make of it", choices=("onnx", "safetensors", "pth"))
    output: Path = option("the file to write", metavar="FILE")
    style: tuple[str, ...] = option("only these styles of it, in this order", (), nargs="+", metavar="NAME")

    def __post_init__(self) -> None:
        _require(self.output.suffix == f".{self.format}", f"--output {self.output} must end in .{self.format}")
        _require(self.output.parent.is_dir(), f"--output {self.output} lies in a folder that does not exist")


@dataclass(frozen=True)
class MergeConfig:
    """Settings of `fnst-train merge`."""

    models: tuple[Path, ...] = option("models that were adapted from one, or that one; of styles of one name the last "
                                      "counts", nargs="+", metavar="FILE")
    output: Path = option("the model file to write, NAME.safetensors", metavar="FILE")

    def __post_init__(self) -> None:
        _require(self.output.suffix == ".safetensors", f"--output {self.output} must end in .safetensors")
        _require(self.output.parent.is_dir(), f"--output {self.output} lies in a folder that does not exist")


def trained_style_sizes(trained: Mapping[str, Any]) -> Sequence[int]:
    """Of a model's header, the sizes that its paintings had: one for all, or one per style."""
    sizes = trained.get("style_size", 384)
    return list(sizes) if isinstance(sizes, Sequence) else [sizes]


def require_numbers(config: Any, least: Mapping[str, float] = types.MappingProxyType({})) -> None:
    """The limits that a flag has in whatever command it stands, and those of this one. Raises ConfigError."""
    given = {f.name: getattr(config, f.name) for f in fields(config) if getattr(config, f.name) is not None}
    for name, limit in {**AT_LEAST, **least}.items():
        for number in _numbers(given.get(name, ())):
            _require(math.isfinite(number) and number >= limit, f"{flag_of(name)} must be {limit} or more")
    _require(0 <= given.get("seed", 0) <= LARGEST_SEED, f"--seed must be 0 to {LARGEST_SEED}")
    for name in MORE_THAN_NOTHING:
        if name in given:
            _require(math.isfinite(given[name]) and given[name] > 0, f"{flag_of(name)} must be more than 0")


def _numbers(value: Any) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,)


def require_inputs(config: TrainConfig) -> None:
    """Look at all that lies on disk before the first step, not after the hundredth. Raises ConfigError."""
    _require(config.dataset.is_dir(), f"--dataset {config.dataset} is not a folder")
    for file in config.style_image:
        _require_painting(file)
    if config.init_model is not None:
        _require(config.init_model.is_file(), f"--init-model {config.init_model} does not exist")
    if config.teacher is not None:
        _require(config.teacher.is_file(), f"--teacher {config.teacher} does not exist")
    if config.preview_dir is not None:
        _require(config.preview_dir.is_dir(), f"--preview-dir {config.preview_dir} is not a folder")
    _require_writable(config.save_model_dir)


def _require_painting(file: Path) -> None:
    _require(not file.is_dir(), f"--style-image {file} is a folder: give the paintings in it, as {file}/*.jpg")
    _require(file.is_file(), f"--style-image {file} does not exist")


def _is_one_file(a: Path, b: Path) -> bool:
    return a.exists() and b.exists() and a.samefile(b)


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


def as_json(config: Any) -> dict[str, Any]:
    """Plain values, for the header of a model; of a file its name alone, since folders are nobody's business."""
    return {f.name: _plain(getattr(config, f.name)) for f in fields(config)}


def as_full_json(config: Any) -> dict[str, Any]:
    """Plain values with whole paths, so that `from_json` makes the same settings of them wherever it is called."""
    return {f.name: _plain(_absolute(getattr(config, f.name)), whole_paths=True) for f in fields(config)}


def from_json(config_class: type[T], values: Mapping[str, Any]) -> T:
    """The settings that `as_full_json` wrote. Raises ConfigError, TypeError for what is something else."""
    hints = get_type_hints(config_class)
    unknown = ", ".join(sorted(values.keys() - hints.keys()))
    _require(not unknown, f"has settings that this version does not know: {unknown}")
    return config_class(**{name: _typed(value, hints[name]) for name, value in values.items()})


def _plain(value: Any, *, whole_paths: bool = False) -> Any:
    if isinstance(value, tuple):
        return [_plain(item, whole_paths=whole_paths) for item in value]
    if isinstance(value, Path):
        return str(value) if whole_paths else value.name
    return value


def _absolute(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_absolute(item) for item in value)
    return value.absolute() if isinstance(value, Path) else value


def _typed(value: Any, hint: Any) -> Any:
    """JSON knows neither paths nor tuples; what is a list now was one value in older runs."""
    if get_origin(hint) is tuple:
        values = value if isinstance(value, (list, tuple)) else [value]
        return tuple(_typed(item, get_args(hint)[0]) for item in values)
    if get_origin(hint) is types.UnionType and value is not None:
        return _typed(value, get_args(hint)[0])
    return Path(value) if hint is Path else value
