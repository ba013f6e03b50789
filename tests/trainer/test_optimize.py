"""The optimizer: it goes down, it stays a picture, and it survives a step too long."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from trainer.config import OptimizeConfig
from trainer.data import load_image
from trainer.errors import ConfigError, DivergenceError, EvaluationError, MemoryShortageError
from trainer.objective import Objective, make_objective
from trainer.optimize import iterate, load_content, noise_like, optimize, with_colors_of
from trainer.progress import ProgressLine

MakeOptimize = Callable[..., OptimizeConfig]


@pytest.fixture
def make_optimize(photos: Path, paintings: tuple[Path, Path], vgg_dir: Path, tmp_path: Path) -> MakeOptimize:
    def make(**changes: Any) -> OptimizeConfig:
        settings: dict[str, Any] = {
            "content_image": photos / "photo0.jpg", "style_image": paintings[:1], "vgg_model_dir": vgg_dir,
            "output_image": tmp_path / "painted.png", "size": 40, "iterations": 8,
        }
        return OptimizeConfig(**(settings | changes))

    return make


def objective_of(config: OptimizeConfig) -> Objective:
    sizes = [40] * len(config.style_image)
    return make_objective(config.weights, config.style_image, sizes, config.vgg_model_dir, torch.device("cpu"))


def totals(config: OptimizeConfig, start: Tensor, count: int) -> list[float]:
    content = load_content(config.content_image, config.size)
    steps = iterate(objective_of(config), content, start, config.optimizer)
    return [losses["total"] for _, losses, _ in itertools.islice(steps, count)]


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("init", ["content", "noise"])
def test_the_loss_goes_down(make_optimize: MakeOptimize, optimizer: str, init: str) -> None:
    config = make_optimize(optimizer=optimizer, init=init)
    content = load_content(config.content_image, config.size)
    curve = totals(config, content if init == "content" else noise_like(content, 0), 15)
    assert min(curve) == pytest.approx(curve[-1], rel=0.2)
    assert curve[-1] < 0.9 * curve[0]


def test_each_picture_has_the_losses_told_of_it(make_optimize: MakeOptimize) -> None:
    config = make_optimize()
    content, objective = load_content(config.content_image, config.size), objective_of(config)
    for iteration, losses, picture in itertools.islice(iterate(objective, content, content, "lbfgs"), 4):
        terms = objective.picture_losses(picture, content, torch.zeros(1, dtype=torch.long))
        assert losses["total"] == pytest.approx(float(torch.stack(list(terms.values())).sum()), rel=1e-4)
        assert 0 <= picture.min() <= picture.max() <= 1
        assert iteration or torch.equal(picture, content)


def test_a_step_too_long_is_taken_back(make_optimize: MakeOptimize) -> None:
    config = make_optimize()
    content, objective = load_content(config.content_image, config.size), objective_of(config)
    whole, count = objective.picture_losses, [0]

    def spoiled(*arguments: Any) -> dict[str, Tensor]:
        count[0] += 1
        return {name: loss * (float("nan") if count[0] == 4 else 1.0) for name, loss in whole(*arguments).items()}

    object.__setattr__(objective, "picture_losses", spoiled)
    curve = [losses["total"] for _, losses, _ in itertools.islice(iterate(objective, content, content, "lbfgs"), 8)]
    assert np.isfinite(curve).all()
    assert curve[3] == pytest.approx(min(curve[:3]))
    assert curve[-1] < curve[0]
    object.__setattr__(objective, "picture_losses", lambda *_: {"style": (_[0] * float("nan")).sum()})
    with pytest.raises(DivergenceError, match="give a lower --lr"):
        next(iterate(objective, content, content, "lbfgs"))


def test_no_memory(make_optimize: MakeOptimize, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(Objective, "picture_losses", out_of_memory)
    with pytest.raises(MemoryShortageError, match="give a smaller --size"):
        optimize(make_optimize())


def test_a_picture_with_previews(make_optimize: MakeOptimize, tmp_path: Path) -> None:
    output = optimize(make_optimize(preview_interval=4))
    with Image.open(output) as painted:
        assert painted.size == (33, 40)  # the photo is 80x96
    assert {file.name for file in tmp_path.glob("painted*")} == {"painted.png", "painted.0004.png", "painted.0008.png"}
    assert load_image(tmp_path / "painted.0004.png").sub(load_image(output)).abs().max() > 0


def test_ended_early_it_keeps_the_picture(make_optimize: MakeOptimize, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, count = ProgressLine.step_done, [0]

    def step_done(self: ProgressLine) -> None:
        whole(self)
        count[0] += 1
        if count[0] == 2:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(ProgressLine, "step_done", step_done)
    assert optimize(make_optimize(iterations=500)).is_file()
    assert count == [2]


def test_kept_colors_are_the_photos(make_optimize: MakeOptimize) -> None:
    config = make_optimize(keep_color=True, init="noise")
    content, painted = load_content(config.content_image, config.size), load_image(optimize(config))
    inside = ((painted > 0.01) & (painted < 0.99)).all(1)
    for first, second in ((0, 1), (1, 2)):
        difference = (painted[:, first] - painted[:, second]) - (content[:, first] - content[:, second])
        assert difference[inside].abs().max() < 0.01


def test_kept_colors_by_hand() -> None:
    """A red of light 0.299 and a gray of 0.5: the red is lifted by 0.201 in every channel."""
    red, gray = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1), torch.full((1, 3, 1, 1), 0.5)
    expected = torch.tensor([1.0, 0.201, 0.201]).view(1, 3, 1, 1)  # clamped
    torch.testing.assert_close(with_colors_of(red, gray), expected)


@pytest.mark.parametrize(("size", "shape"), [(0, (96, 80)), (48, (48, 40)), (200, (200, 167)), (8, (16, 16))])
def test_any_size(photos: Path, size: int, shape: tuple[int, int]) -> None:
    assert load_content(photos / "photo0.jpg", size).shape == (1, 3, *shape)


def test_several_paintings_are_blended(make_optimize: MakeOptimize, paintings: tuple[Path, Path]) -> None:
    objective = objective_of(make_optimize(style_image=paintings))
    for layer, gram in objective.blended().grams.items():
        torch.testing.assert_close(gram, objective.grams[layer].mean(0, keepdim=True))
    assert optimize(make_optimize(style_image=paintings, iterations=1)).is_file()


def test_settings_that_cannot_be(make_optimize: MakeOptimize, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="must end in"):
        optimize(make_optimize(output_image=tmp_path / "painted.txt"))
    with pytest.raises(ConfigError, match="--iterations must be 1 or more"):
        make_optimize(iterations=-1)
