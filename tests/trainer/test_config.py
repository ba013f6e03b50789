"""Settings that cannot be are refused by the name of their flag, before anything is loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainer.config import (
    TrainConfig,
    as_full_json,
    as_json,
    from_json,
    parse_duration,
    require_inputs,
    trained_style_sizes,
)
from trainer.errors import ConfigError

MakeConfig = Callable[..., TrainConfig]


def config(**changes: Any) -> TrainConfig:
    settings: dict[str, Any] = {
        "dataset": Path("photos"), "style_image": (Path("wave.jpg"),), "save_model_dir": Path("out"),
    }
    return TrainConfig(**(settings | changes))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", 0), ("epochs", -1), ("batch_size", 0), ("image_size", 63), ("image_size", 60), ("image_size", 0),
        ("style_size", (31,)), ("style_size", (64, 64)), ("steps", -1), ("content_weight", -0.1),
        ("style_weight", (1.0, -1.0)), ("style_weight", (1.0, 1.0)),
        ("style_weight", (float("nan"),)),
        ("tv_weight", float("inf")), ("temporal_weight", -1.0), ("lr", 0.0), ("lr", float("nan")), ("clip_norm", 0.0),
        ("palette_weight", -1.0),
        ("warmup_steps", 0), ("ema_decay", 1.0), ("ema_decay", -0.1), ("save_interval", 0), ("name", "a/b"),
        ("time_budget", 0.0), ("preview_interval", 0),
        ("name", ""), ("name", ".."), ("work", ("one", "two")), ("painter", ("one", "two")), ("year", ("1", "2")),
    ],
)
def test_the_flag_is_named(setting: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"^--{setting.replace('_', '-')} ") as caught:
        config(**{setting: value})
    assert "\n" not in str(caught.value)


def test_one_size_and_weight_for_all_paintings_or_one_for_each() -> None:
    paintings = (Path("wave.jpg"), Path("muse.jpg"))
    assert config(style_image=paintings).weights.style == (1.0, 1.0)
    assert config(style_image=paintings, style_weight=(1.0, 2.0)).weights.style == (1.0, 2.0)
    assert config(style_image=paintings, style_size=(256,)).style_sizes == (256, 256)
    assert config(style_image=paintings, style_size=(256, 512)).style_sizes == (256, 512)


@pytest.mark.parametrize(
    ("told", "sizes"), [({}, [384]), ({"style_size": 48}, [48]), ({"style_size": [48, 64]}, [48, 64])]
)
def test_the_sizes_a_header_tells_of(told: dict[str, Any], sizes: list[int]) -> None:
    assert trained_style_sizes(told) == sizes


def test_half_precision_of_a_processor_is_refused() -> None:
    with pytest.raises(ConfigError, match="--precision float16 is for graphics cards"):
        config(precision="float16")
    assert config(precision="float16", cuda=1).precision == "float16"


def test_the_classic_network_is_of_one_painting() -> None:
    with pytest.raises(ConfigError, match="--network johnson2016 learns one painting"):
        config(network="johnson2016", style_image=(Path("wave.jpg"), Path("muse.jpg")))


def test_one_value_of_an_older_run_is_a_list_of_one(make_config: MakeConfig) -> None:
    older = {**as_full_json(make_config()), "style_size": 64, "style_weight": 2.0}
    read = from_json(TrainConfig, older)
    assert (read.style_size, read.style_weight) == ((64,), (2.0,))


def test_steps_stand_in_for_epochs() -> None:
    assert config(epochs=0, steps=5).steps == 5


def test_only_one_length() -> None:
    with pytest.raises(ConfigError, match="--steps and --time-budget exclude each other"):
        config(steps=5, time_budget=60.0)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1.5h", 5400), ("1h30m", 5400), ("1m30", 90)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "10 m", "-5m", "10x", "1.2.3m", "ten", ".5m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"shape": (8, 8, 0, 1)}, "--shape must be 1 or more"),
        ({"shape": (8, 8, 8, 1), "network": "johnson2016"}, "--shape is of transformer_net"),
        ({"shape": (8, 8, 8, 1), "init_model": Path("a.safetensors")}, "--shape and --init-model exclude each other"),
    ],
)
def test_shapes_that_cannot_be(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        config(**more)


def test_two_paintings_of_one_name() -> None:
    with pytest.raises(ConfigError, match="--style-image has two paintings called wave: rename one"):
        config(style_image=(Path("a/wave.jpg"), Path("muse.jpg"), Path("b/wave.png")))


def test_styles_are_named_after_their_files() -> None:
    assert config(style_image=(Path("a/wave.jpg"), Path("starry.night.png"))).style_names == ["wave", "starry.night"]


def test_as_json_knows_no_folders() -> None:
    plain = as_json(config(style_image=(Path("/home/me/wave.jpg"),), work=("The Wave",)))
    assert plain["style_image"] == ["wave.jpg"]
    assert plain["work"] == ["The Wave"]
    assert "/home" not in json.dumps(plain)


def test_all_there(make_config: MakeConfig) -> None:
    require_inputs(make_config())
    assert list(make_config().save_model_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("dataset", Path("missing"), "--dataset missing is not a folder"),
        ("style_image", (Path("missing.jpg"),), "--style-image missing.jpg does not exist"),
        ("init_model", Path("missing.safetensors"), "--init-model missing.safetensors does not exist"),
        ("preview_dir", Path("missing"), "--preview-dir missing is not a folder"),
    ],
)
def test_missing_inputs(make_config: MakeConfig, setting: str, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        require_inputs(make_config(**{setting: value}))


def test_a_file_is_no_dataset(make_config: MakeConfig, paintings: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        require_inputs(make_config(dataset=paintings[0]))


@pytest.mark.parametrize("below", [Path(), Path("models")])
def test_a_folder_that_cannot_be_written_to(make_config: MakeConfig, tmp_path: Path, below: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    with pytest.raises(ConfigError, match=r"--save-model-dir .*cannot be written to"):
        require_inputs(make_config(save_model_dir=in_the_way / below))
