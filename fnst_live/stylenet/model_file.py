"""Model files: safetensors with a header that says whose picture it is and how it was trained.

A file holds one network and one or many styles. The header lives in the file's own metadata, so there is no
catalogue beside it that could disagree, and listing the styles of a folder reads a few kilobytes per file.
safetensors is plain numbers: nothing in such a file can run code.

Layout, format 1: metadata `format`, `architecture`, `styles`, `training` (the last three JSON); tensors
`network.<parameter>` and `styles` (style_count, style_length).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.transformer_net import NetShape, TransformerNet

FORMAT = "fnst-live-style/1"
NETWORK_PREFIX = "network."
STYLES_KEY = "styles"


class ModelFileError(ValueError):
    """The file is not a model this program can use; the message is the sentence for the user."""


@dataclass(frozen=True)
class StyleCard:
    """What is known of one style: the name it is chosen by, and the painting behind it."""

    name: str
    painter: str = ""
    work: str = ""
    year: str = ""


@dataclass(frozen=True)
class ModelHeader:
    """Everything about a model file but its numbers.

    architecture: "transformer_net" or "johnson2016".
    styles: one card per row of the style table.
    training: settings, command line and commit, as the trainer wrote them.
    """

    architecture: str
    styles: tuple[StyleCard, ...]
    shape: NetShape | None = None
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class StyleModel:
    """A network ready to run and the style vectors that go with it.

    network: `forward(image (N, 3, H, W) in [0, 1], style (N, style_length)) -> (N, 3, H, W)`.
    styles: (style_count, style_length) float32; style_length is 0 for a network of a single fixed style.
    """

    header: ModelHeader
    network: nn.Module
    styles: Tensor

    @property
    def multiple_of(self) -> int:
        """What the network's input must be divisible by in width and height."""
        return cast(int, self.network.multiple_of)

    @property
    def min_side(self) -> int:
        """What the network's input must measure at least in width and height."""
        return cast(int, self.network.min_side)

    def style_index(self, name: str) -> int:
        """Row of the named style. Raises KeyError."""
        names = [card.name for card in self.header.styles]
        if name not in names:
            raise KeyError(name)
        return names.index(name)


def build_network(header: ModelHeader) -> nn.Module:
    """An untrained network of the header's architecture. Raises ModelFileError for an unknown one."""
    if header.architecture == "transformer_net":
        return TransformerNet(header.shape)
    if header.architecture == "johnson2016":
        return JohnsonNet()
    raise ModelFileError(f"holds the unknown architecture '{header.architecture}'; a newer fnst-live may read it")


def read_header(path: Path) -> ModelHeader:
    """The header alone, without reading the weights. Raises ModelFileError."""
    with _opened(path) as file:
        return _parse_header(file.metadata() or {})


def load_model(path: Path) -> StyleModel:
    """Network and styles of a model file, on the CPU in float32. Raises ModelFileError."""
    with _opened(path) as file:
        header = _parse_header(file.metadata() or {})
        tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118  (not a dict)
    network = build_network(header)
    styles = tensors.pop(STYLES_KEY, torch.zeros(len(header.styles), 0))
    weights = {key.removeprefix(NETWORK_PREFIX): value for key, value in tensors.items()}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ModelFileError("has weights that do not fit the architecture its header names") from error
    expected = (len(header.styles), header.shape.style_length if header.shape else 0)
    if tuple(styles.shape) != expected:
        raise ModelFileError(f"has a style table of {tuple(styles.shape)} where {expected} was expected")
    if not all(bool(t.isfinite().all()) for t in (styles, *weights.values())):
        raise ModelFileError("has weights that are not finite numbers: its training went wrong")
    return StyleModel(header, network.eval(), styles)


def save_model(path: Path, model: StyleModel) -> None:
    """Write beside the final name, rename when whole."""
    tensors = {NETWORK_PREFIX + key: value for key, value in model.network.state_dict().items()}
    if model.styles.shape[1]:
        tensors[STYLES_KEY] = model.styles
    tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(save(tensors, _header_metadata(model.header)))  # save_file would lock others out
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def select_styles(model: StyleModel, names: Sequence[str]) -> StyleModel:
    """A model of only these styles, in this order: how one style becomes a file of its own."""
    rows = [model.style_index(name) for name in names]
    header = ModelHeader(
        model.header.architecture,
        tuple(model.header.styles[row] for row in rows),
        model.header.shape,
        model.header.training,
    )
    return StyleModel(header, model.network, model.styles[rows].clone())


@contextlib.contextmanager
def _opened(path: Path) -> Any:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            yield file
    except SafetensorError as error:
        raise ModelFileError("is not a safetensors file, or is cut short") from error


def _header_metadata(header: ModelHeader) -> dict[str, str]:
    architecture = {"name": header.architecture, "shape": asdict(header.shape) if header.shape else None}
    return {
        "format": FORMAT,
        "architecture": json.dumps(architecture),
        "styles": json.dumps([asdict(card) for card in header.styles], ensure_ascii=False),
        "training": json.dumps(dict(header.training), ensure_ascii=False),
    }


def _parse_header(metadata: Mapping[str, str]) -> ModelHeader:
    if metadata.get("format") != FORMAT:
        raise ModelFileError("is a safetensors file but not a style model of fnst-live")
    try:
        architecture = json.loads(metadata["architecture"])
        shape = architecture["shape"]
        cards = json.loads(metadata["styles"])
        if not cards:
            raise ValueError("no styles")
        return ModelHeader(
            architecture=architecture["name"],
            styles=tuple(StyleCard(**card) for card in cards),
            shape=NetShape(**shape) if shape else None,
            training=json.loads(metadata["training"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError("has a damaged header") from error
