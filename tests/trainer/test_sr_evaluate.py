"""How well networks enlarge: the measures by hand, and the table in miniature."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from fnst_live.stylenet.upscale_net import UpscaleModel, UpscaleNet, UpscaleShape, save_upscale_model
from trainer.config import SuperResolutionEvaluateConfig
from trainer.errors import DataError, EvaluationError
from trainer.loss_network import LossNetwork, load_loss_network
from trainer.sr_evaluate import (
    BEST_DB,
    DISTANCE_LAYERS,
    bicubic,
    compare,
    evaluate_super_resolution,
    feature_distance,
    luma,
    psnr,
    ssim,
    table,
)

MakeEvaluate = Callable[..., SuperResolutionEvaluateConfig]


def model_of(file: Path, factor: int = 2) -> Path:
    torch.manual_seed(0)
    save_upscale_model(file, UpscaleModel(UpscaleNet(UpscaleShape(factor, 4, 1))))
    return file


@pytest.fixture
def make_evaluate(photos: Path, vgg_dir: Path, tmp_path: Path) -> MakeEvaluate:
    def make(**changes: Any) -> SuperResolutionEvaluateConfig:
        settings: dict[str, Any] = {
            "model": (model_of(tmp_path / "ours.safetensors"),), "dataset": (photos,), "vgg_model_dir": vgg_dir,
        }
        return SuperResolutionEvaluateConfig(**(settings | changes))

    return make


@pytest.fixture
def loss_network(vgg_dir: Path) -> LossNetwork:
    return load_loss_network(vgg_dir, DISTANCE_LAYERS)


def levels(height: int, width: int, seed: int) -> Tensor:
    return torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(seed)) * 219 + 16


def naive_ssim(a: Tensor, b: Tensor) -> float:
    """Wang et al. 2004, equations 13 to 15, window by window."""
    line = np.exp(-(np.arange(-5.0, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    x, y = a[0, 0].double().numpy(), b[0, 0].double().numpy()
    values = []
    for top in range(x.shape[0] - 10):
        for left in range(x.shape[1] - 10):
            p, q = x[top : top + 11, left : left + 11], y[top : top + 11, left : left + 11]
            mean_p, mean_q = (window * p).sum(), (window * q).sum()
            var_p, var_q = (window * (p - mean_p) ** 2).sum(), (window * (q - mean_q) ** 2).sum()
            both = (window * (p - mean_p) * (q - mean_q)).sum()
            values.append(
                (2 * mean_p * mean_q + 2.55**2) * (2 * both + 7.65**2)
                / ((mean_p**2 + mean_q**2 + 2.55**2) * (var_p + var_q + 7.65**2))
            )
    return float(np.mean(values))


def test_luma_of_black_white_and_red() -> None:
    colors = torch.tensor([[0.0, 0, 0], [1, 1, 1], [1, 0, 0]]).T.reshape(1, 3, 1, 3)
    torch.testing.assert_close(luma(colors).flatten(), torch.tensor([16.0, 235.0, 81.481]), rtol=0, atol=2e-3)


def test_psnr_by_hand() -> None:
    a = levels(8, 8, 0)
    assert psnr(a, a + 5) == pytest.approx(20 * math.log10(255 / 5), abs=1e-4)
    assert psnr(a, a) == BEST_DB


def test_ssim_is_the_mean_over_all_windows() -> None:
    a = levels(17, 20, 0)
    b = 0.7 * a + 0.3 * levels(17, 20, 1) + 4
    assert ssim(a, b) == pytest.approx(naive_ssim(a, b), abs=1e-4)
    assert ssim(a, a) == pytest.approx(1, abs=1e-6)


def test_the_border_does_not_count(loss_network: LossNetwork) -> None:
    large = torch.rand(1, 3, 32, 32)
    other = large.clone()
    other[:, :, :4] = other[:, :, -4:] = 0
    other[:, :, :, :4] = other[:, :, :, -4:] = 0
    figures = compare(other, large, 4, loss_network)
    assert figures["psnr"] == BEST_DB
    assert figures["ssim"] == 1
    assert compare(other, large, 2, loss_network)["psnr"] < 30


def test_the_distance_is_nothing_between_equals(loss_network: LossNetwork) -> None:
    picture = torch.rand(1, 3, 32, 32)
    assert feature_distance(picture, picture, loss_network) == 0
    slight, strong = (feature_distance((picture + by * torch.rand(1, 3, 32, 32)).clamp(0, 1), picture, loss_network)
                      for by in (0.05, 0.8))
    assert 0 < slight < strong


def test_bicubic_is_that_of_the_literature() -> None:
    """Pillow's, whose a is MATLAB's -0.5, in floats: of bytes it cuts off what overshoots after each pass."""
    picture = np.random.default_rng(0).random((9, 12), np.float32)
    expected = np.asarray(Image.fromarray(picture).resize((48, 36), Image.Resampling.BICUBIC))
    ours = bicubic(torch.from_numpy(picture)[None, None], 4)[0, 0].numpy()
    np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_the_table_holds_means() -> None:
    def figures(dB: float) -> dict[str, float]:  # noqa: N803
        return {"psnr": dB, "ssim": dB / 100, "distance": dB / 10}

    text = table({"Set2": {"a": {"bicubic": figures(20)}, "b": {"bicubic": figures(30)}}}, ["bicubic"])
    assert text.splitlines() == [
        "| set | bicubic |", "|---|---|", "| Set2 | 25.00 dB / 0.2500 / 2.500 |",
    ]


def test_a_column_for_every_model_and_a_row_for_every_folder(
    make_evaluate: MakeEvaluate, photos: Path, tmp_path: Path
) -> None:
    models = (model_of(tmp_path / "a.safetensors"), model_of(tmp_path / "b.safetensors"))
    report, pictures = tmp_path / "report.json", tmp_path / "pictures"
    text = evaluate_super_resolution(
        make_evaluate(model=models, dataset=(photos, photos / "more"), output=report, save_pictures=pictures)
    )
    assert [line.split("|")[1].strip() for line in text.splitlines()[2:]] == ["photos", "more"]
    assert text.startswith("| set | bicubic | a | b |")
    written = json.loads(report.read_text())
    assert written["factor"] == 2
    assert written["results"]["photos"]["photo0.jpg"].keys() == {"bicubic", "a", "b"}
    with Image.open(pictures / "more-photo4.png") as picture:
        assert picture.size == (4 * 64, 70)


@pytest.mark.parametrize("factor", [4, 8])
def test_sizes_that_the_factor_does_not_divide(make_evaluate: MakeEvaluate, tmp_path: Path, factor: int) -> None:
    (tmp_path / "odd").mkdir()
    Image.effect_noise((67, 61), 40).convert("RGB").save(tmp_path / "odd" / "noise.png")
    model = model_of(tmp_path / "model.safetensors", factor)
    assert "| odd |" in evaluate_super_resolution(make_evaluate(model=(model,), dataset=(tmp_path / "odd",)))


def test_models_of_two_factors_are_refused(make_evaluate: MakeEvaluate, tmp_path: Path) -> None:
    models = (model_of(tmp_path / "x2.safetensors", 2), model_of(tmp_path / "x4.safetensors", 4))
    with pytest.raises(EvaluationError, match="--model names models of different factors"):
        evaluate_super_resolution(make_evaluate(model=models))


def test_input_that_is_not_there(make_evaluate: MakeEvaluate, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"--model .*gone\.safetensors does not exist"):
        evaluate_super_resolution(make_evaluate(model=(tmp_path / "gone.safetensors",)))
    with pytest.raises(DataError, match="--dataset"):
        evaluate_super_resolution(make_evaluate(dataset=(tmp_path / "gone",)))


def test_names_that_the_table_could_not_tell_apart_are_refused(
    make_evaluate: MakeEvaluate, photos: Path, tmp_path: Path
) -> None:
    ours = tmp_path / "ours.safetensors"
    for changes, sentence in (
        ({"model": (ours, ours)}, "--model names ours twice"),
        ({"model": (model_of(tmp_path / "bicubic.safetensors"),)}, "--model names bicubic twice"),
        ({"dataset": (photos, photos)}, "--dataset names photos twice"),
    ):
        with pytest.raises(EvaluationError, match=sentence):
            evaluate_super_resolution(make_evaluate(**changes))


def test_a_picture_too_small_to_compare_is_named(make_evaluate: MakeEvaluate, tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    Image.effect_noise((16, 40), 40).convert("RGB").save(tmp_path / "few" / "a.png")
    with pytest.raises(EvaluationError, match=r"a\.png is too small.* 17 pixels"):
        evaluate_super_resolution(make_evaluate(dataset=(tmp_path / "few",)))
    Image.effect_noise((17, 40), 40).convert("RGB").save(tmp_path / "few" / "a.png")
    evaluate_super_resolution(make_evaluate(dataset=(tmp_path / "few",)))
