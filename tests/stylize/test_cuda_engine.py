"""CUDA: with a card the real thing; without one its buffers and its way back from a failed capture, on the CPU.

Where there is no card, fakes stand at the boundary: streams that do nothing, and memory that is not pinned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from fnst_live import cuda_graph
from fnst_live.errors import EngineError
from fnst_live.frames.frame import Frame, Pixels
from fnst_live.frames.pixels import from_levels, readable
from fnst_live.pinned import Departure
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize import cuda_engine
from fnst_live.stylize.cuda_engine import SIZES_KEPT, CudaEngine, Easel, SizedNetwork
from fnst_live.stylize.selection import psnr_db, trial_picture
from fnst_live.stylize.stylizer import NetworkStylizer
from fnst_live.stylize.torch_engine import TorchEngine

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


class FakeStream:
    def synchronize(self) -> None:
        pass

    def wait_stream(self, stream: FakeStream) -> None:
        pass


class FakeGraph:
    """Counts its replays; what it "captured" stays as it was."""

    replays = 0

    def replay(self) -> None:
        FakeGraph.replays += 1


@contextmanager
def no_capture(*_: Any, **__: Any) -> Iterator[None]:
    raise RuntimeError("operation not permitted when stream is capturing\nmore")
    yield


@pytest.fixture
def on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(cuda_graph, "_idle_streams", [])
    monkeypatch.setattr(torch.cuda, "Stream", FakeStream)
    monkeypatch.setattr(torch.cuda, "stream", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", FakeStream)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", FakeGraph)
    monkeypatch.setattr(torch.cuda, "graph", no_capture)
    monkeypatch.setattr(cuda_engine, "DEVICE", torch.device("cpu"))
    monkeypatch.setattr(cuda_engine, "DTYPE", torch.float32)
    monkeypatch.setattr(cuda_engine, "TRIAL_SIZE", (16, 24))


def assert_same_picture(engine: CudaEngine, model: StyleModel, size: tuple[int, int], row: int = 0) -> None:
    picture, style = trial_picture(*size), model.styles[row].numpy()
    assert np.abs(engine.run(picture, style).astype(int) - TorchEngine(model).run(picture, style)).max() <= 1


def test_every_size_and_style_in_turn(on_cpu: None, model: StyleModel) -> None:
    engine = CudaEngine(model)
    for size in [(16, 16), (48, 64), (48, 64), (16, 16)]:
        for row in (0, 1):
            assert_same_picture(engine, model, size, row)


def test_a_classic_network_rounds_up_and_what_is_too_much_is_cropped(on_cpu: None, classic_model: StyleModel) -> None:
    painted = CudaEngine(classic_model).run(trial_picture(18, 21), classic_model.styles[0].numpy())
    assert painted.shape == (18, 21, 3)


@pytest.mark.parametrize("stroke_size", [1, 2, 4])
@pytest.mark.parametrize("size", [(256, 272), (301, 277), (130, 260), (20, 9), (1, 1)])
def test_broad_strokes_are_those_of_the_other_engines(
    on_cpu: None, model: StyleModel, size: tuple[int, int], stroke_size: int
) -> None:
    picture = Frame(trial_picture(*size), 0, Fraction(1, 30), 1, 0)
    painted, expected = (
        NetworkStylizer(
            engine, model.styles[0].numpy(), model.multiple_of, model.min_side, stroke_size
        ).stylize(picture)
        for engine in (CudaEngine(model), TorchEngine(model))
    )
    assert painted.size == expected.size
    assert psnr_db(painted.pixels, expected.pixels) >= 35


def test_broad_strokes_are_painted_in_one_go(on_cpu: None, model: StyleModel, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, sent = CudaEngine(model), []
    send = Departure.send

    def noted(departure: Departure, pixels: Pixels) -> None:
        sent.append(pixels.shape[:2])
        send(departure, pixels)

    monkeypatch.setattr(Departure, "send", noted)
    engine.run_broad(trial_picture(256, 256), model.styles[0].numpy(), 2)
    assert sent == [(256, 256)]


def test_a_picture_may_be_read_only_and_the_result_is_not_overwritten(on_cpu: None, model: StyleModel) -> None:
    engine, picture = CudaEngine(model), trial_picture(32, 32)
    picture.flags.writeable = False
    first = engine.run(picture, model.styles[0].numpy())
    kept = first.copy()
    engine.run(picture, model.styles[1].numpy())
    assert np.array_equal(first, kept)


def test_lanes_do_not_mix_their_pictures(on_cpu: None, model: StyleModel) -> None:
    engine, alone = CudaEngine(model, lanes=2), TorchEngine(model)
    pictures = [np.random.default_rng(seed).integers(0, 256, (24, 32, 3), np.uint8) for seed in range(12)]
    style = model.styles[0].numpy()
    with ThreadPoolExecutor(4) as threads:
        painted = list(threads.map(lambda pixels: engine.run(pixels, style), pictures))
    assert engine.lanes == 2
    for pixels, result in zip(pictures, painted, strict=True):
        assert np.abs(result.astype(int) - alone.run(pixels, style)).max() <= 1


def test_without_a_graph_it_says_so_and_paints_all_the_same(
    on_cpu: None, model: StyleModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert_same_picture(CudaEngine(model), model, (16, 24))
    assert "without a CUDA graph: operation not permitted when stream is capturing" in caplog.messages[0]


def test_a_captured_graph_is_replayed_for_every_picture_of_its_size(
    on_cpu: None, model: StyleModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "graph", lambda *_, **__: nullcontext())
    monkeypatch.setattr(FakeGraph, "replays", 0)
    engine, style = CudaEngine(model), model.styles[0].numpy()
    FakeGraph.replays = 0  # but for those of the trial of layouts
    for size in [(16, 16)] * 3 + [(24, 16)] * 2:
        assert engine.run(trial_picture(*size), style).shape == (*size, 3)
    assert FakeGraph.replays == 3  # the first of each size is painted sooner than captured


def test_work_is_captured_once_for_each_of_the_sizes_kept(
    on_cpu: None, model: StyleModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures: list[FakeGraph] = []

    def capture(graph: FakeGraph, **_: Any) -> nullcontext[None]:
        captures.append(graph)
        return nullcontext()

    monkeypatch.setattr(torch.cuda, "graph", capture)
    engine, style = CudaEngine(model), model.styles[0].numpy()

    def captures_for(sizes: list[tuple[int, int]]) -> int:
        before = len(captures)
        for size in sizes:
            engine.run(trial_picture(*size), style)
        return len(captures) - before

    sizes = [(16 + 8 * i, 16) for i in range(SIZES_KEPT)]
    assert captures_for(sizes * 3) == SIZES_KEPT
    assert captures_for([(16, 160)] * 2) == 1  # the oldest makes room
    assert captures_for(sizes[1:]) == 0
    assert captures_for(sizes[:1] * 2) == 1


def test_what_failed_once_is_tried_again(
    on_cpu: None, model: StyleModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    engine = CudaEngine(model)
    attempts: Iterator[Callable[[], Any]] = iter([no_capture, nullcontext])
    caplog.clear()

    def attempt(*_: Any, **__: Any) -> Any:
        return next(attempts)()

    monkeypatch.setattr(torch.cuda, "graph", attempt)
    for _ in range(3):
        assert_same_picture(engine, model, (16, 24))
    assert next(attempts, None) is None
    assert caplog.messages == []


def test_no_two_have_one_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graph, "_idle_streams", [])
    monkeypatch.setattr(torch.cuda, "Stream", FakeStream)
    owners = [FakeGraph() for _ in range(3)]
    streams = [cuda_graph.own_stream(owner) for owner in owners]
    assert len(set(map(id, streams))) == 3
    del owners[1]
    assert cuda_graph.own_stream(owners[0]) is streams[1]
    assert cuda_graph.own_stream(owners[0]) not in streams


def short_of_memory(failures: int) -> Callable[..., torch.Tensor]:
    """In place of the first thing that a card does to a picture."""
    left = iter(range(failures))

    def failing(levels: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        if next(left, None) is not None:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate\nmore")
        return from_levels(levels, dtype)

    return failing


def test_where_memory_runs_out_other_sizes_are_given_up(
    on_cpu: None, model: StyleModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, made = CudaEngine(model), []

    def easel(
        network: SizedNetwork, stream: torch.cuda.Stream, shape: tuple[int, ...], stroke_size: int, style_length: int
    ) -> Easel:
        made.append(shape[:2])
        return Easel(network, stream, shape, stroke_size, style_length)

    monkeypatch.setattr(cuda_engine, "Easel", easel)
    assert_same_picture(engine, model, (16, 16))
    monkeypatch.setattr(cuda_engine, "from_levels", short_of_memory(failures=1))
    for size in [(16, 24), (16, 24), (16, 16)]:
        assert_same_picture(engine, model, size)
    assert made == [(16, 16), (16, 24), (16, 24), (16, 16)]


def test_a_card_without_memory_is_told_of_in_a_sentence(
    on_cpu: None, model: StyleModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = CudaEngine(model)
    monkeypatch.setattr(cuda_engine, "from_levels", short_of_memory(failures=2))
    with pytest.raises(EngineError, match=r"^the card fails: CUDA out of memory\. Tried to allocate; give a smaller"):
        engine.run(trial_picture(16, 16), model.styles[0].numpy())
    assert_same_picture(engine, model, (16, 16))


def test_a_mirrored_picture(on_cpu: None, model: StyleModel) -> None:
    engine, picture, style = CudaEngine(model), trial_picture(24, 32), model.styles[0].numpy()
    for view in (picture[:, ::-1], picture[::-1], picture.transpose(1, 0, 2)):
        assert np.array_equal(engine.run(view, style), engine.run(view.copy(), style))


def test_a_style_that_was_changed_in_place_is_seen(on_cpu: None, model: StyleModel) -> None:
    engine, picture, style = CudaEngine(model), trial_picture(16, 16), model.styles[0].numpy().copy()
    first = engine.run(picture, style)
    style[:] = model.styles[1].numpy()
    assert not np.array_equal(engine.run(picture, style), first)
    assert_same_picture(engine, model, (16, 16), row=1)


@pytest.mark.parametrize(("built_for", "reason"), [(None, "built without CUDA"), ("13.0", "driver on your system")])
def test_without_a_card_it_is_refused_with_the_reason(
    model: StyleModel, monkeypatch: pytest.MonkeyPatch, built_for: str | None, reason: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", built_for)
    monkeypatch.setattr(torch.cuda, "init", no_driver)
    with pytest.raises(EngineError, match=f"{reason}.*--engine auto"):
        CudaEngine(model)


def no_driver() -> None:
    raise RuntimeError("The NVIDIA driver on your system is too old (found version 12020). Please update it.")


@needs_cuda
@pytest.mark.parametrize("size", [(16, 16), (48, 64), (240, 320)])
def test_half_precision_on_a_card_paints_nearly_the_same(model: StyleModel, size: tuple[int, int]) -> None:
    engine, reference = CudaEngine(model, lanes=2), TorchEngine(model)
    for row in (0, 1, 0):
        picture, style = trial_picture(*size), model.styles[row].numpy()
        assert psnr_db(engine.run(picture, style), reference.run(picture, style)) >= 35


@needs_cuda
@pytest.mark.parametrize("size", [(480, 640), (303, 277)])
def test_broad_strokes_on_a_card(model: StyleModel, size: tuple[int, int]) -> None:
    engine, style = CudaEngine(model), model.styles[0].numpy()
    reference = NetworkStylizer(TorchEngine(model), style, model.multiple_of, model.min_side, 2)
    expected = reference.stylize(Frame(trial_picture(*size), 0, Fraction(1, 30), 1, 0)).pixels
    for _ in range(3):
        assert psnr_db(engine.run_broad(trial_picture(*size), style, 2), expected) >= 35


@needs_cuda
def test_what_comes_back_is_sent_again_as_it_is_and_is_not_overwritten(model: StyleModel) -> None:
    engine, style = CudaEngine(model), model.styles[0].numpy()
    first = engine.run(trial_picture(48, 64), style)
    kept = first.copy()
    first.flags.writeable = False
    assert readable(first).is_pinned()
    again = engine.run(first, style)
    assert np.array_equal(first, kept)
    assert np.array_equal(again, engine.run(kept, style))


@needs_cuda
def test_a_classic_network_on_a_card(classic_model: StyleModel) -> None:
    picture, style = trial_picture(48, 64), classic_model.styles[0].numpy()
    painted = CudaEngine(classic_model).run(picture, style)
    assert psnr_db(painted, TorchEngine(classic_model).run(picture, style)) >= 35
