"""Model files: safetensors with a header that says whose picture it is and how it was trained.

A file holds one network and one or many styles. The header lives in the file's own metadata, so there is no
catalogue beside it that could disagree, and listing the styles of a folder reads a few kilobytes per file.
safetensors is plain numbers: nothing in such a file can run code.

Reading one takes no torch, which takes a second to load: OpenVINO paints without it.

Layout, format 1: metadata `format`, `architecture`, `styles`, `training` (the last three JSON); tensors
`network.<parameter>` and `styles` (style_count, style_length).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from fnst_live.stylenet.net_shape import MIN_SIDE, MULTIPLE_OF, NetShape

if TYPE_CHECKING:
    from torch import Tensor, nn

FORMAT = "fnst-live-style/1"
NETWORK_PREFIX = "network."
STYLES_KEY = "styles"
NORM_EPS = 1e-5  # torch's own
UNFIT = "has weights that do not fit the architecture its header names"

Weights = dict[str, npt.NDArray[np.float32]]


class ModelFileError(ValueError):
    """The file is not a model this program can use; the message is the sentence for the user."""


@dataclass(frozen=True)
class StyleCard:
    """What is known of one style: the name it is chosen by, and the painting behind it."""

    name: str
    painter: str = ""
    work: str = ""
    year: str = ""

    def over(self, before: StyleCard) -> StyleCard:
        """What is not said of the painting again still holds."""
        return StyleCard(self.name, self.painter or before.painter, self.work or before.work, self.year or before.year)


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
    def weights(self) -> Weights:
        """The network's parameters by name, float32."""
        return {name: value.numpy() for name, value in self.network.state_dict().items()}

    @property
    def style_table(self) -> npt.NDArray[np.float32]:
        """`styles` as an array."""
        table: npt.NDArray[np.float32] = self.styles.numpy()
        return table

    @property
    def norm_eps(self) -> float:
        """What is added to the variances of a classic network; the other's is always the same."""
        return next((cast(float, module.eps) for module in self.network.modules() if hasattr(module, "eps")), NORM_EPS)

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


class StoredModel(StyleModel):
    """A transformer network as it lies in a file: torch is loaded when `network` or `styles` is asked for."""

    multiple_of, min_side, norm_eps = MULTIPLE_OF, MIN_SIDE, NORM_EPS

    def __init__(self, header: ModelHeader, weights: Weights, style_table: npt.NDArray[np.float32]):
        self.header, self._weights, self._style_table = header, weights, style_table

    @property
    def weights(self) -> Weights:
        return self._weights

    @property
    def style_table(self) -> npt.NDArray[np.float32]:
        return self._style_table

    @cached_property
    def network(self) -> nn.Module:  # type: ignore[override]
        from torch import from_numpy

        network = build_network(self.header)
        network.load_state_dict({name: from_numpy(weight) for name, weight in self.weights.items()})
        return network.eval()

    @cached_property
    def styles(self) -> Tensor:  # type: ignore[override]
        from torch import from_numpy

        return from_numpy(self.style_table)


def build_network(header: ModelHeader) -> nn.Module:
    """An untrained network of the header's architecture. Raises ModelFileError for an unknown one."""
    from fnst_live.stylenet.johnson_net import JohnsonNet
    from fnst_live.stylenet.transformer_net import TransformerNet

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
        tensors = _arrays(file, path)
    table = tensors.pop(STYLES_KEY, np.zeros((len(header.styles), 0), np.float32))
    weights = {key.removeprefix(NETWORK_PREFIX): value for key, value in tensors.items()}
    model = _model_of(header, weights, table)
    expected = (len(header.styles), header.shape.style_length if header.shape else 0)
    if table.shape != expected:
        raise ModelFileError(f"has a style table of {table.shape} where {expected} was expected")
    if not all(np.isfinite(values).all() for values in (table, *weights.values())):
        raise ModelFileError("has weights that are not finite numbers: its training went wrong")
    return model


def _arrays(file: Any, path: Path) -> Weights:
    try:
        return {key: np.asarray(file.get_tensor(key), np.float32) for key in file.keys()}  # noqa: SIM118  (not a dict)
    except (TypeError, AttributeError):  # numpy has no bfloat16, nor anything shorter
        from safetensors.torch import load_file

        return {key: value.float().numpy() for key, value in load_file(path).items()}


def _model_of(header: ModelHeader, weights: Weights, table: npt.NDArray[np.float32]) -> StyleModel:
    """Raises ModelFileError."""
    if header.architecture == "transformer_net" and header.shape is not None:
        if {name: weight.shape for name, weight in weights.items()} != header.shape.weight_shapes:
            raise ModelFileError(UNFIT)
        return StoredModel(header, weights, table)
    network = build_network(header)
    from torch import from_numpy

    try:
        network.load_state_dict({name: from_numpy(weight) for name, weight in weights.items()})
    except RuntimeError as error:
        raise ModelFileError(UNFIT) from error
    return StyleModel(header, network.eval(), from_numpy(table))


def save_model(path: Path, model: StyleModel) -> None:
    """Write beside the final name, rename when whole."""
    from safetensors.torch import save

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
        with safe_open(path, framework="np") as file:
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
