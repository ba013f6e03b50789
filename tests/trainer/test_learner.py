"""What a run starts from, how fast it learns, and what it remembers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.learner import STYLE_TABLE_RATE, new_learner, set_learning_rate, update_averages

MakeConfig = Callable[..., TrainConfig]
CPU = torch.device("cpu")


def save_known_model(folder: Path) -> StyleModel:
    torch.manual_seed(3)
    cards = StyleCard("muse", "Picabia", "La Muse", "1912"), StyleCard("scream")
    header = ModelHeader("transformer_net", cards, NetShape(8, 8, 8, 1))
    model = StyleModel(header, TransformerNet(header.shape), torch.randn(2, NetShape(8, 8, 8, 1).style_length))
    save_model(folder / "known.safetensors", model)
    return model


def test_the_seed_decides_the_beginning(make_config: MakeConfig) -> None:
    first, second, other = (new_learner(make_config(seed=seed), CPU) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters, second.parameters, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters, other.parameters, strict=True))


def test_a_row_of_the_style_table_per_painting(make_config: MakeConfig) -> None:
    learner = new_learner(make_config(), CPU)
    assert learner.styles.shape == (2, NetShape().style_length)
    assert learner.style_names == ["wave", "muse"]
    assert len(learner.averages) == len(learner.parameters)


def test_a_shape_of_ones_own(make_config: MakeConfig) -> None:
    learner = new_learner(make_config(shape=(8, 16, 24, 2)), CPU)
    assert learner.header.shape == NetShape(8, 16, 24, 2)
    assert learner.styles.shape == (2, NetShape(8, 16, 24, 2).style_length)


def test_a_shape_that_nobody_could_train(make_config: MakeConfig) -> None:
    with pytest.raises(ConfigError, match="--shape: eighth must be a count from 1 to 4096, not 5000"):
        new_learner(make_config(shape=(8, 16, 5000, 2)), CPU)


def test_known_styles_keep_their_rows_and_new_ones_start_from_the_mean(make_config: MakeConfig, tmp_path: Path) -> None:
    known = save_known_model(tmp_path)
    learner = new_learner(make_config(init_model=tmp_path / "known.safetensors"), CPU)
    torch.testing.assert_close(learner.styles.data, torch.stack([known.styles.mean(0), known.styles[0]]))
    assert learner.header.shape == known.header.shape
    assert learner.network.training


def test_what_is_known_of_a_painting_need_not_be_said_again(make_config: MakeConfig, tmp_path: Path) -> None:
    save_known_model(tmp_path)
    known = tmp_path / "known.safetensors"
    wave, muse = new_learner(make_config(init_model=known, year=("1831", "1935")), CPU).header.styles
    assert (wave, muse) == (StyleCard("wave", year="1831"), StyleCard("muse", "Picabia", "La Muse", "1935"))


def test_an_initial_model_that_is_none(make_config: MakeConfig, tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(ConfigError, match=r"--init-model .*text.safetensors is not a safetensors file"):
        new_learner(make_config(init_model=tmp_path / "text.safetensors"), CPU)


def test_an_initial_model_of_the_classic_network(make_config: MakeConfig, tmp_path: Path) -> None:
    header = ModelHeader("johnson2016", (StyleCard("candy"),))
    save_model(tmp_path / "candy.safetensors", StyleModel(header, JohnsonNet(), torch.zeros(1, 0)))
    with pytest.raises(ConfigError, match="is of another network than is to be trained: give --network johnson2016"):
        new_learner(make_config(init_model=tmp_path / "candy.safetensors"), CPU)


def test_learning_rate_warms_up_and_ends_at_nothing(make_config: MakeConfig) -> None:
    config = make_config(lr=0.1, warmup_steps=10)
    learner = new_learner(config, CPU)
    rates = []
    for step in range(101):
        set_learning_rate(learner.optimizer, config.lr, config.warmup_steps, step, step / 100)
        network_rate, table_rate = (group["lr"] for group in learner.optimizer.param_groups)
        assert table_rate == pytest.approx(STYLE_TABLE_RATE * network_rate)
        rates.append(network_rate)
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == rates[9] == pytest.approx(0.1, rel=0.03)
    assert rates[50] == pytest.approx(0.05)
    assert rates[100] == pytest.approx(0)


def test_averages_follow_soon_at_first_and_slowly_later(make_config: MakeConfig) -> None:
    learner = new_learner(make_config(), CPU)
    with torch.no_grad():
        learner.styles.fill_(1.0)
        learner.averages[-1].zero_()
    update_averages(learner, 0.9)
    assert float(learner.averages[-1][0, 0]) == pytest.approx(0.9)  # step 0 remembers a tenth
    learner.course.step = 100_000
    learner.averages[-1].zero_()
    update_averages(learner, 0.9)
    assert float(learner.averages[-1][0, 0]) == pytest.approx(0.1)


def test_a_short_run_warms_up_for_a_tenth_of_it(make_config: MakeConfig) -> None:
    learner = new_learner(make_config(), CPU)
    set_learning_rate(learner.optimizer, 0.1, 1000, step=20, done=0.1)
    assert learner.optimizer.param_groups[0]["lr"] == pytest.approx(0.1, rel=0.03)
