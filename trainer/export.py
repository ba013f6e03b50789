"""`fnst-train export`: a model for other programs.

`safetensors` makes a model file of some of a model's styles, or of a classic one; `pth` a state dict that the PyTorch
examples program loads; `onnx` a graph of one style for any picture size, checked against torch before it is written.
"""

from __future__ import annotations

import importlib.util
import io
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import StyleModel, save_model, select_styles
from trainer.checkpoint import serialized
from trainer.config import ExportConfig
from trainer.errors import ExportError
from trainer.evaluate import load_any_model
from trainer.run_folder import failures_told, require_writable, write_whole

ONNX_NEEDS = ("onnx", "onnxscript")
ONNX_LOGGERS = ("onnxscript", "onnx_ir", "torch.onnx")
OPSET = 18
CHECKED_SIZES = ((64, 96), (136, 80))  # height, width; neither is the one that was traced
CLASSIC_STRIDE = 4  # the classic network takes other sizes, too, but paints them larger than they were
LARGEST_DIFFERENCE = 2e-3  # half a level of 255

log = logging.getLogger(__name__)


def export(config: ExportConfig) -> Path:
    """Write the file, and return it. Raises TrainerError."""
    model = load_any_model(config.model)
    if config.style:
        model = _chosen(config, model)
    require_writable(config.output, "--output")
    {"onnx": _to_onnx, "safetensors": _to_safetensors, "pth": _to_pth}[config.format](config.output, model)
    return config.output


def _chosen(config: ExportConfig, model: StyleModel) -> StyleModel:
    try:
        return select_styles(model, config.style)
    except KeyError as error:
        names = ", ".join(card.name for card in model.header.styles)
        raise ExportError(f"--style {error.args[0]} is not in {config.model}: it has {names}") from error


def _to_safetensors(file: Path, model: StyleModel) -> None:
    with failures_told(file):
        save_model(file, model)


def _to_pth(file: Path, model: StyleModel) -> None:
    """Under the names of the PyTorch examples program, which are those of our own classic network."""
    if not isinstance(model.network, JohnsonNet):
        raise ExportError("--format pth is for the classic network of Johnson et al.: export this one as safetensors")
    eps = model.network.in1.eps
    if eps != JohnsonNet().in1.eps:
        log.warning("the model was made with an eps of %g, which that program sets to 1e-5", eps)
    write_whole(file, lambda partial: partial.write_bytes(serialized(model.network.state_dict())))


class OneStyle(nn.Module):
    """A network that has made up its mind: pictures (N, 3, H, W) in, pictures out, both RGB in [0, 1]."""

    style: Tensor

    def __init__(self, network: nn.Module, style: Tensor):
        super().__init__()
        self.network = network
        self.register_buffer("style", style)

    def forward(self, image: Tensor) -> Tensor:
        painted: Tensor = self.network(image, self.style.expand(image.shape[0], -1))
        return painted.clamp(0, 1)


def _to_onnx(file: Path, model: StyleModel) -> None:
    missing = [name for name in ONNX_NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(f"--format onnx needs {' and '.join(missing)}: run pip install 'fnst-live[onnx]'")
    if len(model.header.styles) > 1:
        names = ", ".join(card.name for card in model.header.styles)
        raise ExportError(f"an ONNX file holds one style: choose one with --style, of {names}")
    network = OneStyle(model.network, model.styles[:1]).eval()
    stride = max(CLASSIC_STRIDE, model.multiple_of)

    def write(partial: Path) -> None:
        write_graph(partial, network, stride)
        check_graph(partial, network, stride)

    write_whole(file, write)


def write_graph(file: Path, network: OneStyle, stride: int) -> None:
    """For any number of pictures of any size whose sides the network's stride divides."""
    sides = {
        axis: stride * torch.export.Dim(f"{name}_steps", min=2, max=4096)
        for axis, name in ((2, "height"), (3, "width"))
    }
    picture = torch.rand(2, 3, 12 * stride, 10 * stride)
    for talkative in ONNX_LOGGERS:
        logging.getLogger(talkative).setLevel(logging.WARNING)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the exporter about itself
        program = torch.onnx.export(
            network, (picture,), dynamo=True, opset_version=OPSET, verbose=False, input_names=["image"],
            output_names=["painted"], dynamic_shapes={"image": {0: torch.export.Dim("count"), **sides}},
        )
    assert program is not None
    program.save(str(file), external_data=False)


def check_graph(file: Path, network: OneStyle, stride: int) -> None:
    """Hold it against torch. Raises ExportError."""
    graph = _compiled(file)
    for image in _checked_pictures(stride):
        with torch.no_grad():
            expected = network(image)
        painted = torch.from_numpy(graph(image.numpy())[0])
        difference = float((painted - expected).abs().max())
        if not difference <= LARGEST_DIFFERENCE:
            raise ExportError(f"the ONNX graph paints other pictures than torch, by up to {difference:.3g} of 1")


def _checked_pictures(stride: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(0)
    for height, width in CHECKED_SIZES:
        yield torch.rand(1, 3, height // stride * stride, width // stride * stride,
                         generator=generator)


def _compiled(file: Path) -> Any:
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it must not call home
    import openvino

    core = openvino.Core()
    graph = core.read_model(io.BytesIO(file.read_bytes()))  # of a path, the suffix would have to be .onnx
    return core.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
