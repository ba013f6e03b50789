"""State dicts of the PyTorch examples program `fast_neural_style`, and of its many descendants.

They are pickles, so they are read with `weights_only=True`, which knows tensors and plain containers and runs
nothing. Two layouts are about: today's (`in1.weight`, `in1.bias`, eps 1e-5), sometimes with the `running_mean` and
`running_var` of torch before 0.4, and the first one (`in1.scale`, `in1.shift`, eps 1e-9).

The program that one was written from, abhiskk/fast-neural-style, has the first layout too, but reads BGR. No key
tells the two apart, so its models come out with red and blue swapped.
"""

from __future__ import annotations

import pickle
import pickletools
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import ModelFileError, ModelHeader, StyleCard, StyleModel

FIRST_LAYOUT_EPS = 1e-9
LEFTOVER = re.compile(r"\.(running_mean|running_var|num_batches_tracked)$")
WRAPPERS = ("state_dict", "model_state_dict", "model")
LOAD_ERRORS = (
    pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, LookupError, AttributeError, TypeError,
)
CALLS = frozenset({"GLOBAL", "STACK_GLOBAL", "INST"})


def load_legacy(path: Path) -> StyleModel:
    """A classic model as a style of its own, named after the file. Raises ModelFileError, and OSError to open it."""
    weights = _plain_names(_read_state_dict(path))
    is_first_layout = any(key.endswith(".scale") for key in weights)
    if not all(bool(value.isfinite().all()) for value in weights.values()):
        raise ModelFileError("has weights that are not finite numbers: its training went wrong")
    network = JohnsonNet()
    try:
        network.load_state_dict({_today(key): value for key, value in weights.items()})
    except RuntimeError as error:
        raise ModelFileError("holds weights, but not those of a fast_neural_style network") from error
    if is_first_layout:
        network.set_norm_eps(FIRST_LAYOUT_EPS)
    header = ModelHeader("johnson2016", (StyleCard(path.stem),))
    return StyleModel(header, network.eval(), torch.zeros(1, 0))


def _read_state_dict(path: Path) -> Mapping[str, Any]:
    content = _read_without_running(path)
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not all(_is_named_tensor(*item) for item in content.items()):
        raise ModelFileError("is a torch file, but not a state dict")
    return content


def _read_without_running(path: Path) -> Any:
    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of formats that torch then refuses with an error, told below
        try:
            return torch.load(stream, map_location="cpu", weights_only=True)
        except LOAD_ERRORS as error:
            if "GLOBAL" in str(error) or _is_pickle_of_objects(stream):
                raise ModelFileError(
                    "holds program code besides weights: it was refused and nothing of it was run; "
                    "a state dict alone would load"
                ) from error
            raise ModelFileError("is not a file of torch weights, or is cut short") from error


def _is_pickle_of_objects(stream: IO[bytes]) -> bool:
    """A pickle that torch knows nothing of, and that names a class or function to call. Reads it, runs nothing."""
    stream.seek(0)
    try:
        return not CALLS.isdisjoint([opcode.name for opcode, _, _ in pickletools.genops(stream)])
    except ValueError:
        return False


def _is_named_tensor(name: Any, value: Any) -> bool:
    return isinstance(name, str) and isinstance(value, Tensor)


def _plain_names(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """Without what a DataParallel wrapper or an old torch added."""
    names = {key.removeprefix("module."): value.float() for key, value in state.items()}
    return {key: value for key, value in names.items() if not LEFTOVER.search(key)}


def _today(key: str) -> str:
    return re.sub(r"\.shift$", ".bias", re.sub(r"\.scale$", ".weight", key))
