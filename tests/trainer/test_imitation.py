"""A network that learns from another one, by the losses themselves and as a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, load_model, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles
from trainer.batches import Batch, make_batch
from trainer.config import TrainConfig
from trainer.data import PhotoCrops, find_photos
from trainer.errors import ConfigError
from trainer.imitation import make_imitation
from trainer.training import train

MakeConfig = Callable[..., TrainConfig]
CPU = torch.device("cpu")
SHAPE = NetShape(half=4, quarter=8, eighth=8, residual_blocks=2)


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    """Knows both paintings, in another order."""
    torch.manual_seed(3)
    network = TransformerNet(SHAPE)
    network.head.conv.weight.data *= 3  # some contrast
    styles = initial_styles(2, SHAPE)
    styles[1] *= 2
    file = tmp_path / "teacher.safetensors"
    save_model(file, StyleModel(ModelHeader("transformer_net", (StyleCard("muse"), StyleCard("wave")), SHAPE), network,
                                styles))
    return file


def batch_of(config: TrainConfig) -> Batch:
    photos = PhotoCrops(find_photos(config.dataset), 4, 64, seed=99)
    return make_batch(photos, 0, len(config.style_image), with_motion=False)


def losses_of(config: TrainConfig, teacher: Path, model: StyleModel) -> dict[str, float]:
    with torch.no_grad():
        losses = make_imitation(config, teacher, CPU).losses(model.network, model.styles, batch_of(config))
    return {name: float(value) for name, value in losses.items()}


def with_the_paintings_order(model: StyleModel) -> StyleModel:
    return StyleModel(model.header, model.network, model.styles[[1, 0]])


def test_the_teachers_own_pictures_are_no_error(make_config: MakeConfig, teacher: Path) -> None:
    model = with_the_paintings_order(load_model(teacher))
    losses = losses_of(make_config(precision="float32"), teacher, model)
    assert losses == {"pixels": 0, "edges": 0, "total": 0}


def test_a_picture_that_is_off_by_a_constant_has_the_right_edges(make_config: MakeConfig, teacher: Path) -> None:
    model = with_the_paintings_order(load_model(teacher))
    model.network.get_parameter("head.conv.bias").data += 0.1
    losses = losses_of(make_config(precision="float32"), teacher, model)
    assert losses["pixels"] == pytest.approx(0.1 + 4 * 0.01, rel=1e-4)
    assert losses["edges"] == pytest.approx(0, abs=1e-5)


def test_a_run_comes_nearer_to_it(make_config: MakeConfig, teacher: Path) -> None:
    def error_after(steps: int) -> float:
        config = make_config(
            teacher=teacher, shape=(8, 8, 8, 2), steps=steps, lr=0.005, warmup_steps=1, precision="float32",
            save_model_dir=teacher.parent / f"run{steps}", vgg_model_dir=teacher.parent / "no VGG is needed",
        )
        return losses_of(config, teacher, load_model(train(config)))["total"]

    assert error_after(120) < 0.8 * error_after(1)


def test_a_teacher_must_know_the_paintings(make_config: MakeConfig, teacher: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "sunset.jpg"
    stranger.write_bytes(b"")
    with pytest.raises(ConfigError, match="has no style 'sunset'"):
        make_imitation(make_config(style_image=(stranger,)), teacher, CPU)


def test_a_teacher_that_is_none(make_config: MakeConfig, teacher: Path) -> None:
    teacher.write_text("no model")
    with pytest.raises(ConfigError, match="--teacher"):
        make_imitation(make_config(), teacher, CPU)
    with pytest.raises(ConfigError, match="does not exist"):
        train(make_config(teacher=teacher.with_name("gone")))
