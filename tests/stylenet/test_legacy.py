"""Classic models: both layouts against the network written down once more, and files that must be refused."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from fnst_live.stylenet.legacy import load_legacy
from fnst_live.stylenet.model_file import ModelFileError, load_model, save_model

StateDict = dict[str, Tensor]
Levels = npt.NDArray[np.uint8]

CONVOLUTIONS = {  # name: channels in, channels out, kernel size
    "conv1": (3, 32, 9), "conv2": (32, 64, 3), "conv3": (64, 128, 3),
    **{f"res{block}.conv{half}": (128, 128, 3) for block in range(1, 6) for half in (1, 2)},
    "deconv1": (128, 64, 3), "deconv2": (64, 32, 3), "deconv3": (32, 3, 9),
}
NORMALIZATIONS = {
    "in1": 32, "in2": 64, "in3": 128,
    **{f"res{block}.in{half}": 128 for block in range(1, 6) for half in (1, 2)},
    "in4": 64, "in5": 32,
}


def random_weights(scale_key: str, shift_key: str, seed: int = 1) -> StateDict:
    """Of such a size that the picture uses all 256 levels, and some more."""
    generator = torch.Generator().manual_seed(seed)

    def noise(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    state = {}
    for name, (channels_in, channels_out, kernel) in CONVOLUTIONS.items():
        fan_in = channels_in * kernel * kernel
        state[f"{name}.conv2d.weight"] = noise(channels_out, channels_in, kernel, kernel) / fan_in**0.5
        state[f"{name}.conv2d.bias"] = 0.1 * noise(channels_out)
    for name, channels in NORMALIZATIONS.items():
        state[f"{name}.{scale_key}"] = 1 + 0.3 * noise(channels)
        state[f"{name}.{shift_key}"] = 0.3 * noise(channels)
    state["deconv3.conv2d.weight"] *= 100
    state["deconv3.conv2d.bias"] += 120
    return state


def new_layout() -> StateDict:
    return random_weights("weight", "bias")


def first_layout() -> StateDict:
    return random_weights("scale", "shift")


class Restatement:
    """The network of Johnson et al. 2016, supplement, with instance normalization and resize-convolutions."""

    def __init__(self, state: StateDict, scale_key: str, shift_key: str, eps: float):
        self.state, self.scale_key, self.shift_key, self.eps = state, scale_key, shift_key, eps

    def stylize(self, levels: Levels) -> Levels:
        """uint8 (H, W, 3) to the same, cut off below the decimal point as NumPy does it."""
        x = torch.from_numpy(levels.transpose(2, 0, 1).astype(np.float32))[None]
        for name, norm, stride in (("conv1", "in1", 1), ("conv2", "in2", 2), ("conv3", "in3", 2)):
            x = self.normalize(norm, self.convolve(name, x, stride)).clamp_min(0)
        for block in (f"res{number}" for number in range(1, 6)):
            inner = self.normalize(f"{block}.in1", self.convolve(f"{block}.conv1", x)).clamp_min(0)
            x = x + self.normalize(f"{block}.in2", self.convolve(f"{block}.conv2", inner))
        for name, norm in (("deconv1", "in4"), ("deconv2", "in5")):
            doubled = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
            x = self.normalize(norm, self.convolve(name, doubled)).clamp_min(0)
        y = self.convolve("deconv3", x)[0].clamp(0, 255).numpy()
        return y.transpose(1, 2, 0).astype(np.uint8)

    def convolve(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight, bias = self.state[f"{name}.conv2d.weight"], self.state[f"{name}.conv2d.bias"]
        return F.conv2d(nn.ReflectionPad2d(weight.shape[-1] // 2)(x), weight, bias, stride=stride)

    def normalize(self, name: str, x: Tensor) -> Tensor:
        centered = x - x.mean((2, 3), keepdim=True)
        normalized = centered / (centered.square().mean((2, 3), keepdim=True) + self.eps).sqrt()
        scale, shift = self.state[f"{name}.{self.scale_key}"], self.state[f"{name}.{self.shift_key}"]
        return normalized * scale[:, None, None] + shift[:, None, None]


def smooth_picture(height: int, width: int) -> Levels:
    """Like a photo: smooth, with edges, dark and light."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 120 * np.sin(x / (5 + c) + c) * np.cos(y / 7) for c in range(3)]
    picture = np.stack(waves, 2)
    picture[height // 3 :, width // 2 :] *= 0.3
    return picture.astype(np.uint8)


def saved(folder: Path, content: Any, **options: Any) -> Path:
    file = folder / "candy.pth"
    torch.save(content, file, **options)
    return file


def stylize(file: Path, levels: Levels) -> Levels:
    model = load_legacy(file)
    image = torch.from_numpy(levels).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        stylized = model.network(image, model.styles)[0].clamp(0, 1).mul(255).round()
    result: Levels = stylized.permute(1, 2, 0).numpy().astype(np.uint8)
    return result


@pytest.mark.parametrize(("height", "width"), [(40, 52), (41, 54), (43, 39), (16, 16)])
@pytest.mark.parametrize("layout", [("weight", "bias", 1e-5), ("scale", "shift", 1e-9)])
def test_same_picture_as_the_program_it_was_trained_with(
    tmp_path: Path, layout: tuple[str, str, float], height: int, width: int
) -> None:
    scale_key, shift_key, eps = layout
    state = random_weights(scale_key, shift_key)
    picture = smooth_picture(height, width)
    expected = Restatement(state, scale_key, shift_key, eps).stylize(picture)
    stylized = stylize(saved(tmp_path, state), picture)
    assert stylized.shape == expected.shape  # a multiple of 4, as that program writes it
    assert np.abs(stylized.astype(int) - expected.astype(int)).max() <= 1
    assert len(np.unique(expected)) > 100  # else the comparison says little


def test_the_first_layout_has_an_epsilon_of_its_own(tmp_path: Path) -> None:
    """Where a channel hardly varies, 1e-5 and 1e-9 are two different pictures."""
    state = first_layout()
    for key in state:
        if key.endswith("conv1.conv2d.weight"):
            state[key] *= 1e-3
    picture = smooth_picture(32, 32)
    expected, other = (Restatement(state, "scale", "shift", eps).stylize(picture).astype(int) for eps in (1e-9, 1e-5))
    stylized = stylize(saved(tmp_path, state), picture).astype(int)
    assert np.abs(other - expected).max() > 5
    assert np.abs(stylized - expected).max() <= 1


def test_training_in_bfloat16_paints_the_same_to_within_its_rounding(tmp_path: Path) -> None:
    model = load_legacy(saved(tmp_path, new_layout()))
    pictures = torch.from_numpy(np.stack([smooth_picture(40, 52), smooth_picture(40, 52)[::-1]])).permute(0, 3, 1, 2)
    images = pictures.float() / 255 * torch.tensor([1.0, 0.2]).view(2, 1, 1, 1)  # each has statistics of its own
    styles = model.styles.expand(2, -1)
    exact = model.network(images, styles)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model.network(images, styles).float()
    assert 20 * (rough - exact).norm() < exact.norm()
    assert (rough - exact).abs().max() > 0  # else it was not in bfloat16


def with_leftovers(state: StateDict) -> StateDict:
    """As torch before 0.4 saved them."""
    leftovers: StateDict = {}
    for name, channels in NORMALIZATIONS.items():
        leftovers[f"{name}.running_mean"] = torch.zeros(channels)
        leftovers[f"{name}.running_var"] = torch.ones(channels)
        leftovers[f"{name}.num_batches_tracked"] = torch.tensor(7)
    return state | leftovers


WRAPPINGS: dict[str, Callable[[StateDict], Any]] = {
    "plain": lambda state: state,
    "leftovers": with_leftovers,
    "state_dict": lambda state: {"state_dict": state, "epoch": 2},
    "model": lambda state: {"model": state, "optimizer": {"lr": 1e-3}},
    "DataParallel": lambda state: {f"module.{key}": value for key, value in state.items()},
    "all": lambda state: {"model": {f"module.{key}": value for key, value in with_leftovers(state).items()}},
    "half": lambda state: {key: value.half() for key, value in state.items()},
    "parameters": lambda state: {key: nn.Parameter(value) for key, value in state.items()},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("layout", [new_layout, first_layout])
@pytest.mark.parametrize("is_zip", [True, False])
def test_wrappings(tmp_path: Path, wrapping: str, layout: Callable[[], StateDict], is_zip: bool) -> None:
    state = layout()
    file = saved(tmp_path, WRAPPINGS[wrapping](state), _use_new_zipfile_serialization=is_zip)
    weights = load_legacy(file).network.state_dict()
    assert len(weights) == len(state)
    for key, value in state.items():
        today = key.replace(".scale", ".weight").replace(".shift", ".bias")
        torch.testing.assert_close(weights[today], value, rtol=1e-3, atol=1e-3 if wrapping == "half" else 0)


def test_the_header_names_the_file(tmp_path: Path) -> None:
    model = load_legacy(saved(tmp_path, new_layout()))
    assert [card.name for card in model.header.styles] == ["candy"]
    assert model.header.architecture == "johnson2016"
    assert model.styles.shape == (1, 0)
    assert not model.network.training


def test_a_classic_model_can_be_saved_as_ours(tmp_path: Path) -> None:
    picture = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(2))
    classic = load_legacy(saved(tmp_path, new_layout()))
    save_model(tmp_path / "candy.safetensors", classic)
    ours = load_model(tmp_path / "candy.safetensors")
    assert torch.equal(ours.network(picture, ours.styles), classic.network(picture, classic.styles))


class Payload:
    """What a hostile pickle is made of: unpickling it runs a command."""

    def __init__(self, proof: Path):
        self.proof = proof

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.proof}",)


def write_hostile(kind: str, file: Path, proof: Path) -> None:
    if kind == "in a zip":
        torch.save({**new_layout(), "extra": Payload(proof)}, file)
    elif kind == "before zips":
        torch.save({**new_layout(), "extra": Payload(proof)}, file, _use_new_zipfile_serialization=False)
    else:
        file.write_bytes(pickle.dumps({"a": 1, "b": Payload(proof)}, protocol=int(kind)))


@pytest.mark.parametrize("kind", ["in a zip", "before zips", "0", "2", "3", "4", "5"])
def test_code_is_refused_and_not_run(tmp_path: Path, kind: str) -> None:
    proof, file = tmp_path / "it-ran", tmp_path / "hostile.pth"
    write_hostile(kind, file, proof)
    with pytest.raises(ModelFileError, match=r"program code.*nothing of it was run"):
        load_legacy(file)
    assert not proof.exists()
    if kind.isdigit():  # the payload is a real one: plain pickle would have run it
        pickle.loads(file.read_bytes())
        assert proof.exists()


def test_a_whole_module_is_code(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="program code"):
        load_legacy(saved(tmp_path, nn.Linear(2, 2)))


@pytest.mark.parametrize(
    "content",
    [[1, 2], {}, torch.zeros(3), {"a": torch.zeros(3)}, {1: torch.zeros(3)}, {"a": 1.0}, {"model": {}}, "text"],
)
def test_torch_files_of_something_else(tmp_path: Path, content: Any) -> None:
    with pytest.raises(ModelFileError, match=r"not a state dict|not those of a fast_neural_style network"):
        load_legacy(saved(tmp_path, content))


def test_weights_of_another_shape(tmp_path: Path) -> None:
    state = new_layout() | {"conv1.conv2d.weight": torch.zeros(16, 3, 9, 9)}
    with pytest.raises(ModelFileError, match="not those of a fast_neural_style network"):
        load_legacy(saved(tmp_path, state))


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    state = new_layout()
    state["in1.bias"][3] = float("nan")
    with pytest.raises(ModelFileError, match="not finite"):
        load_legacy(saved(tmp_path, state))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00", b"hello", b"{}", b"<!DOCTYPE html><html></html>", b"import os\nos.system('true')\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", bytes(range(256)) * 8,
        b"PK\x03\x04", b"\x80\x02", b"\x80\x02}q\x00.",
    ],
)
def test_files_of_something_else(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.pth"
    file.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"not a file of torch weights|not a state dict"):
        load_legacy(file)


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.pth", "w") as archive:
        archive.writestr("notes.txt", "nothing")
    with pytest.raises(ModelFileError, match="not a file of torch weights"):
        load_legacy(tmp_path / "other.pth")


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_truncated(tmp_path: Path, is_zip: bool, share: float) -> None:
    file = saved(tmp_path, new_layout(), _use_new_zipfile_serialization=is_zip)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelFileError, match="cut short"):
        load_legacy(file)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_legacy(tmp_path / "missing.pth")
