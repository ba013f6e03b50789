"""Plain torch: the network itself, bytes in, bytes out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fnst_live.errors import EngineError
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.selection import psnr_db, trial_picture
from fnst_live.stylize.torch_engine import TorchEngine

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def style_of(model: StyleModel, row: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    vector: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = model.styles[row].numpy()
    return vector


def test_it_paints_what_the_network_paints(model: StyleModel) -> None:
    picture = trial_picture(48, 64)
    painted = TorchEngine(model).run(picture, style_of(model))
    image = torch.from_numpy(picture.copy()).permute(2, 0, 1).unsqueeze(0) / 255
    with torch.inference_mode():
        expected = model.network(image, model.styles[:1])[0].permute(1, 2, 0).clamp(0, 1) * 255
    assert painted.dtype == np.uint8
    assert painted.shape == picture.shape
    assert np.abs(painted - expected.numpy()).max() < 0.51
    assert painted.std() > 20, "the test says little of a grey picture"


def test_a_classic_network_paints_too(classic_model: StyleModel) -> None:
    painted = TorchEngine(classic_model).run(trial_picture(32, 48), style_of(classic_model))
    assert painted.shape == (32, 48, 3)
    assert painted.std() > 10


def test_a_frame_may_be_read_only_and_stays_as_it_was(model: StyleModel) -> None:
    picture = trial_picture(32, 32)
    before = picture.copy()
    picture.flags.writeable = False
    TorchEngine(model).run(picture, style_of(model))
    assert np.array_equal(picture, before)


def test_the_result_is_not_overwritten_by_the_next(model: StyleModel) -> None:
    engine, picture = TorchEngine(model), trial_picture(32, 32)
    first = engine.run(picture, style_of(model, 0))
    kept = first.copy()
    second = engine.run(picture, style_of(model, 1))
    assert np.array_equal(first, kept)
    assert not np.array_equal(first, second)


def test_the_model_belongs_to_the_caller(model: StyleModel) -> None:
    model.network.train()
    TorchEngine(model)
    assert model.network.training
    assert all(weight.dtype == torch.float32 and weight.requires_grad for weight in model.network.parameters())


def test_it_says_what_it_is(model: StyleModel) -> None:
    engine = TorchEngine(model)
    assert (engine.name, engine.precision) == ("torch", "f32")


@pytest.mark.parametrize(("built_for", "reason"), [(None, "built without CUDA"), ("13.0", "driver or card")])
def test_without_a_card_cuda_is_refused_with_the_reason(
    model: StyleModel, monkeypatch: pytest.MonkeyPatch, built_for: str | None, reason: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", built_for)
    with pytest.raises(EngineError, match=f"{reason}.*--engine auto"):
        TorchEngine(model, "cuda")


@needs_cuda
@pytest.mark.parametrize("size", [(16, 16), (48, 64), (240, 320)])
def test_half_precision_on_cuda_paints_nearly_the_same(model: StyleModel, size: tuple[int, int]) -> None:
    picture, style = trial_picture(*size), style_of(model)
    engine = TorchEngine(model, "cuda")
    assert (engine.name, engine.precision) == ("cuda", "f16")
    assert psnr_db(engine.run(picture, style), TorchEngine(model).run(picture, style)) >= 35


@needs_cuda
def test_a_classic_network_on_cuda(classic_model: StyleModel) -> None:
    picture, style = trial_picture(48, 64), style_of(classic_model)
    painted = TorchEngine(classic_model, "cuda").run(picture, style)
    assert psnr_db(painted, TorchEngine(classic_model).run(picture, style)) >= 35
