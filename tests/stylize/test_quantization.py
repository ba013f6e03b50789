"""The limits between which layers work, and what is made of them."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys

import numpy as np
import openvino as ov
import pytest

from fnst_live import paths
from fnst_live.frames.frame import FrameSize
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize import quantization
from fnst_live.stylize.openvino_graph import graph_of
from fnst_live.stylize.quantization import input_ranges, measured_ranges


@pytest.fixture(autouse=True)
def small_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantization, "SCENE", FrameSize(64, 48))


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[StyleModel]:
    """Of whose layers, in their order."""
    found: list[StyleModel] = []

    def measure(model: StyleModel) -> list[tuple[float, float]]:
        found.append(model)
        return measured_ranges(model)

    monkeypatch.setattr(quantization, "measured_ranges", measure)
    return found


def operations(graph: ov.Model, kind: str) -> list[ov.Node]:
    return [node for node in graph.get_ops() if node.get_type_name() == kind]


def test_a_range_for_every_convolution(model: StyleModel) -> None:
    ranges = input_ranges(model)
    assert len(ranges) == len(operations(graph_of(model, 16, 16), "Convolution"))
    assert all(low < high for low, high in ranges)
    assert ranges[0] == pytest.approx((-0.5, 0.5))  # the picture itself
    assert all(low == 0 for low, _ in ranges[1:4])  # after a ReLU


def test_all_styles_are_looked_at(model: StyleModel) -> None:
    whole = np.array(input_ranges(model))
    model.styles = model.styles[:1]
    first = np.array(input_ranges(model))
    assert (whole[:, 0] <= first[:, 0]).all()
    assert (whole[:, 1] >= first[:, 1]).all()
    assert (whole != first).any()


def test_ranges_are_measured_once(model: StyleModel, another_model: StyleModel, measurements: list[StyleModel]) -> None:
    first = input_ranges(model)
    assert input_ranges(model) == first
    assert measurements == [model]
    input_ranges(another_model)
    assert measurements == [model, another_model]


def test_ranges_are_of_these_styles(model: StyleModel, measurements: list[StyleModel]) -> None:
    input_ranges(model)
    model.styles = model.styles[:1]
    input_ranges(model)
    assert len(measurements) == 2


@pytest.mark.parametrize("remembered", [
    7, "text", [], [1, 2], [[1, 2, 3]], [["a", "b"]], [[0, math.inf]], [[None, 1]], [[0, 1]], 1000 * [[0, 1]],
])
def test_a_damaged_memory_is_as_good_as_none(
    model: StyleModel, measurements: list[StyleModel], remembered: object
) -> None:
    ranges = input_ranges(model)
    file = paths.cache_dir() / "ranges.json"
    file.write_text(json.dumps(dict.fromkeys(json.loads(file.read_text()), remembered)))
    assert input_ranges(model) == ranges
    assert len(measurements) == 2


def test_limits_that_are_none_are_measured_anew(model: StyleModel, measurements: list[StyleModel]) -> None:
    ranges = input_ranges(model)
    file = paths.cache_dir() / "ranges.json"
    (key,) = json.loads(file.read_text())
    for damaged in ((1.0, 0.0), (0.0, 0.0), (0.0, math.nan)):
        file.write_text(json.dumps({key: [*ranges[:-1], damaged]}))
        assert input_ranges(model) == ranges
    assert len(measurements) == 4


def test_a_classic_network(classic_model: StyleModel) -> None:
    assert len(input_ranges(classic_model)) == 16


def test_with_ranges_inputs_and_weights_are_in_levels(model: StyleModel) -> None:
    with_ranges = graph_of(model, 16, 16, input_ranges(model))
    convolutions = operations(with_ranges, "Convolution")
    assert len(operations(with_ranges, "FakeQuantize")) == 2 * len(convolutions)
    assert operations(graph_of(model, 16, 16), "FakeQuantize") == []


def test_weights_of_seven_bits_leave_half_of_their_levels_unused(model: StyleModel) -> None:
    ranges = input_ranges(model)

    def limits(*, spares_bit: bool) -> list[float]:
        graph = graph_of(model, 16, 16, ranges, spares_bit=spares_bit)
        of_weights = [node for node in operations(graph, "FakeQuantize") if node.get_levels() == 255]
        return [float(node.input_value(2).get_node().get_data().max()) for node in of_weights]

    whole, spared = limits(spares_bit=False), limits(spares_bit=True)
    assert len(whole) == len(ranges)
    assert [b / a for a, b in zip(whole, spared, strict=True)] == pytest.approx([2] * len(whole))


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="what it tells of are x86's instructions")
def test_a_processor_without_vnni_is_found_out() -> None:
    program = "from fnst_live.stylize.quantization import saturates_sums; print(saturates_sums())"
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout == "True\n"
