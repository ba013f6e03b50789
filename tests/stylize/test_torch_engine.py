"""Plain torch: the network itself, bytes in, bytes out."""

from __future__ import annotations

import numpy as np
import torch

from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize.selection import trial_picture
from fnst_live.stylize.torch_engine import TorchEngine


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
