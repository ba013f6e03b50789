"""Models for other programs: each format is read back by something other than what wrote it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.legacy import load_legacy
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, load_model, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles
from trainer import export as export_module
from trainer.config import ExportConfig
from trainer.errors import ConfigError, ExportError
from trainer.export import OneStyle, export

SHAPE = NetShape(8, 8, 8, 1)


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    network = TransformerNet(SHAPE).eval()
    with torch.no_grad():
        network.head.conv.weight.mul_(15)
    styles = initial_styles(3, SHAPE) + 0.3 * torch.randn(3, SHAPE.style_length)
    header = ModelHeader("transformer_net", tuple(StyleCard(name) for name in ("wave", "muse", "scream")), SHAPE)
    save_model(tmp_path / "model.safetensors", StyleModel(header, network, styles))
    return tmp_path / "model.safetensors"


@pytest.fixture
def classic_file(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    torch.save(JohnsonNet().state_dict(), tmp_path / "candy.pth")
    return tmp_path / "candy.pth"


def run(model: Path, output: Path, *style: str) -> Path:
    return export(ExportConfig(model, output.suffix[1:], output, style))


def test_some_styles_as_a_model_of_their_own(model_file: Path, tmp_path: Path) -> None:
    old, new = load_model(model_file), load_model(run(model_file, tmp_path / "two.safetensors", "scream", "wave"))
    assert [card.name for card in new.header.styles] == ["scream", "wave"]
    assert torch.equal(new.styles, old.styles[[2, 0]])


def test_an_unknown_style(model_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"--style monet is not in .*: it has wave, muse, scream"):
        run(model_file, tmp_path / "two.safetensors", "monet")


def test_a_classic_model_to_safetensors_and_back(classic_file: Path, tmp_path: Path) -> None:
    there = run(classic_file, tmp_path / "candy.safetensors")
    back = run(there, tmp_path / "again.pth")
    state, original = (torch.load(file, weights_only=True) for file in (back, classic_file))
    assert state.keys() == original.keys()
    assert all(torch.equal(state[key], original[key]) for key in original)
    assert load_legacy(back).header.styles == (StyleCard("again"),)


def test_only_the_classic_network_is_for_pth(model_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="--format pth is for the classic network"):
        run(model_file, tmp_path / "model.pth")


def test_an_eps_that_gets_lost_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    network = JohnsonNet()
    network.set_norm_eps(1e-9)
    header = ModelHeader("johnson2016", (StyleCard("candy"),))
    export_module._to_pth(tmp_path / "candy.pth", StyleModel(header, network, torch.zeros(1, 0)))
    assert "an eps of 1e-09" in caplog.text


def test_the_suffix_is_the_formats(model_file: Path) -> None:
    with pytest.raises(ConfigError, match=r"--output model.pth must end in .onnx"):
        ExportConfig(model_file, "onnx", Path("model.pth"))


def test_onnx_without_its_packages(model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ExportError, match=r"needs onnx and onnxscript: run pip install 'fnst-live\[onnx\]'"):
        run(model_file, tmp_path / "wave.onnx", "wave")


@pytest.fixture
def with_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "ONNX_NEEDS", ())


@pytest.mark.usefixtures("with_packages")
def test_an_onnx_file_holds_one_style(model_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="choose one with --style, of wave, muse, scream"):
        run(model_file, tmp_path / "all.onnx")


needs_onnx = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in export_module.ONNX_NEEDS), reason="needs the extra onnx"
)


@needs_onnx
def test_onnx_paints_as_torch_does_at_any_size(model_file: Path, tmp_path: Path) -> None:
    graph = export_module._compiled(run(model_file, tmp_path / "muse.onnx", "muse"))
    model = load_model(model_file)
    network = OneStyle(model.network, model.styles[1:2])
    for shape in ((1, 3, 16, 48), (2, 3, 104, 56)):
        image = torch.rand(shape)
        with torch.no_grad():
            torch.testing.assert_close(torch.from_numpy(graph(image.numpy())[0]), network(image), rtol=0, atol=2e-3)


@needs_onnx
def test_a_classic_model_as_onnx(classic_file: Path, tmp_path: Path) -> None:
    graph = export_module._compiled(run(classic_file, tmp_path / "candy.onnx"))
    assert graph(torch.rand(1, 3, 40, 28).numpy())[0].shape == (1, 3, 40, 28)


@needs_onnx
def test_a_graph_that_paints_otherwise_is_not_kept(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = export_module.write_graph

    def write_another(file: Path, network: OneStyle, stride: int) -> None:
        whole(file, OneStyle(network.network, 2 * network.style), stride)

    monkeypatch.setattr(export_module, "write_graph", write_another)
    with pytest.raises(ExportError, match="paints other pictures than torch"):
        run(model_file, tmp_path / "wave.onnx", "wave")
    assert not list(tmp_path.glob("*wave.onnx*"))


def test_one_style_is_clamped() -> None:
    class Glare(torch.nn.Module):
        def forward(self, image: Any, _: Any) -> Any:
            return image * 9 - 4

    painted = OneStyle(Glare(), torch.zeros(1, 1))(torch.rand(2, 3, 4, 4))
    assert (painted.min(), painted.max()) == (0, 1)
