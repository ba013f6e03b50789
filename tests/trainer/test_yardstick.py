"""How many iterations a pass is worth: by hand, and measured in small."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles
from trainer.config import EvaluateConfig
from trainer.errors import ConfigError, DataError, EvaluationError
from trainer.yardstick import evaluate, sentence, style_size_of, weights_of, worth

MakeEvaluate = Callable[..., EvaluateConfig]


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    shape, trained = NetShape(8, 8, 8, 1), {"config": {"content_weight": 0.25, "style_size": 48}}
    torch.manual_seed(1)
    header = ModelHeader("transformer_net", (StyleCard("muse"), StyleCard("wave")), shape, trained)
    save_model(tmp_path / "model.safetensors", StyleModel(header, TransformerNet(shape), initial_styles(2, shape)))
    return tmp_path / "model.safetensors"


@pytest.fixture
def make_evaluate(
    model_file: Path, photos: Path, paintings: tuple[Path, Path], vgg_dir: Path, tmp_path: Path
) -> MakeEvaluate:
    def make(**changes: Any) -> EvaluateConfig:
        settings: dict[str, Any] = {
            "model": model_file, "style_image": paintings, "photos": photos, "output": tmp_path / "report",
            "vgg_model_dir": vgg_dir, "sizes": (32, 40), "photo_count": 2, "iterations": 6,
        }
        return EvaluateConfig(**(settings | changes))

    return make


@pytest.mark.parametrize(
    ("network_loss", "iterations"), [(9.0, 0), (5.0, 1), (4.9, 2), (1.0, 3), (0.5, None)]
)
def test_worth_by_hand(network_loss: float, iterations: int | None) -> None:
    assert worth(network_loss, [8.0, 5.0, 2.0, 1.0]) == iterations


def test_a_report_for_every_style_and_size(make_evaluate: MakeEvaluate, tmp_path: Path) -> None:
    report = json.loads(evaluate(make_evaluate()).read_text())
    assert [(r["style"], r["style_size"], r["size"], r["photo_count"]) for r in report["results"]] == [
        ("wave", 48, 32, 2), ("wave", 48, 40, 2), ("muse", 48, 32, 2), ("muse", 48, 40, 2),
    ]
    for result in report["results"]:
        assert result["weights"] == {
            "content": 0.25, "style": [1.0], "tv": 0.02, "temporal": 0.0, "style_levels": 1, "palette": 0.0,
        }
        curve, network = result["curve"], result["network"]
        assert len(curve["total"]) == 7
        assert curve.keys() == network.keys() == {"content", "style", "tv", "total"}
        assert network["total"] == pytest.approx(network["content"] + network["style"] + network["tv"], abs=1e-5)
        assert result["worth_iterations"] == worth(network["total"], curve["total"])
    with Image.open(tmp_path / "report" / "evaluation.png") as plot:
        assert plot.size == (3 * 480, 2 * 320)


def test_the_command_wins_over_the_header(make_evaluate: MakeEvaluate) -> None:
    weights = weights_of(make_evaluate(style_weight=3.0), 0, {"style_weight": 2.0})
    assert (weights.content, weights.style) == (0.5, (3.0,))


def test_every_style_is_judged_by_what_it_was_trained_for(make_evaluate: MakeEvaluate) -> None:
    trained = {"style_weight": [2.0, 4.0], "style_levels": 2}
    assert weights_of(make_evaluate(), 0, trained).style_levels == 2
    assert [weights_of(make_evaluate(), row, trained).style for row in range(2)] == [(2.0,), (4.0,)]
    assert [style_size_of(row, {"style_size": [48, 64]}) for row in range(2)] == [48, 64]
    assert [style_size_of(row, {"style_size": [48]}) for row in range(2)] == [48, 48]


def test_a_classic_model(make_evaluate: MakeEvaluate, tmp_path: Path, paintings: tuple[Path, Path]) -> None:
    """It has one style, whatever that is called, and no header to tell its weights."""
    torch.save(JohnsonNet().state_dict(), tmp_path / "candy.pth")
    config = make_evaluate(
        model=tmp_path / "candy.pth", style_image=paintings[:1], sizes=(32,), photo_count=1, iterations=0
    )
    (result,) = json.loads(evaluate(config).read_text())["results"]
    assert len(result["curve"]["total"]) == 1


def test_the_sentence() -> None:
    result = {"style": "wave", "size": 256, "worth_iterations": 87, "iterations": 200}
    assert sentence(result) == "wave, 256 px: one pass is worth 87 iterations"
    assert sentence({**result, "worth_iterations": None}) == "wave, 256 px: one pass is worth more than 200 iterations"


def test_what_cannot_be(make_evaluate: MakeEvaluate, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no style of the model is called photo0; it has muse, wave"):
        evaluate(make_evaluate(style_image=(photos / "photo0.jpg",)))
    with pytest.raises(ConfigError, match="--sizes must be 32 or more"):
        make_evaluate(sizes=(256, 8))
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "photo.jpg").write_bytes(b"damaged")
    with pytest.raises(DataError, match="--photos needs a folder of photos"):
        evaluate(make_evaluate(photos=tmp_path / "damaged"))
