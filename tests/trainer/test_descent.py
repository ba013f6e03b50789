"""The gradient in pieces against that of the whole, and what counts as going wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles
from trainer.batches import Batch, move
from trainer.config import LossWeights
from trainer.descent import backward, gradient_graph_of, is_going_wrong, is_out_of_memory, remember_loss
from trainer.errors import MemoryShortageError
from trainer.learner import Course
from trainer.objective import Objective, make_objective

SHAPE = NetShape(8, 8, 8, 1)


@pytest.fixture
def objective(paintings: tuple[Path, Path], vgg_dir: Path) -> Objective:
    weights = LossWeights(0.5, (1, 2), 0.02, 30, palette=0.3)
    return make_objective(weights, paintings, [48, 48], vgg_dir, torch.device("cpu"))


@pytest.fixture
def batch() -> Batch:
    content = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    return Batch(content, torch.tensor([0, 1, 1]), move(content, torch.Generator().manual_seed(1)), whole=3)


def gradient(objective: Objective, batch: Batch, piece_count: int) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(1)
    network, styles = TransformerNet(SHAPE), nn.Parameter(initial_styles(2, SHAPE))
    losses = backward(objective, network, styles, batch, Course(piece_count=piece_count))
    gradients = [parameter.grad for parameter in (*network.parameters(), styles)]
    return torch.cat([g.flatten() for g in gradients if g is not None]), losses


@pytest.mark.parametrize("piece_count", [2, 3])
def test_pieces_add_up_to_the_whole(objective: Objective, batch: Batch, piece_count: int) -> None:
    whole, losses = gradient(objective, batch, 1)
    parts, partial_losses = gradient(objective, batch, piece_count)
    torch.testing.assert_close(parts, whole, rtol=1e-3, atol=1e-5 * float(whole.abs().max()))
    torch.testing.assert_close(partial_losses, losses)


def on_card(objective: Objective) -> Objective:
    card = torch.device("cuda")
    return replace(
        objective,
        loss_network=objective.loss_network.to(card),
        grams={layer: gram.to(card) for layer, gram in objective.grams.items()},
        palette=[spots.to(card) for spots in objective.palette],
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card")
def test_a_replayed_step_is_a_step(objective: Objective, batch: Batch) -> None:
    objective = on_card(objective)
    torch.manual_seed(1)
    network, styles = TransformerNet(SHAPE).cuda(), nn.Parameter(initial_styles(2, SHAPE).cuda())
    graph = gradient_graph_of(objective, network, styles)
    for pictures in (batch, batch, replace(batch, content=batch.content.flip(0)), batch.pieces(2)[0]):
        expected = backward(objective, network, styles, pictures, Course())
        gradients = [parameter.grad for parameter in (*network.parameters(), styles)]
        losses = backward(objective, network, styles, pictures, Course(), graph=graph)
        torch.testing.assert_close(losses, expected, rtol=1e-4, atol=1e-6)
        for parameter, gradient in zip((*network.parameters(), styles), gradients, strict=True):
            torch.testing.assert_close(parameter.grad, gradient, rtol=1e-2, atol=1e-4)


def test_an_older_gradient_is_forgotten(objective: Objective, batch: Batch) -> None:
    network, styles, course = TransformerNet(SHAPE), nn.Parameter(initial_styles(2, SHAPE)), Course()
    backward(objective, network, styles, batch, course)
    assert styles.grad is not None
    first = styles.grad.clone()
    backward(objective, network, styles, batch, course)
    torch.testing.assert_close(styles.grad, first)


class TooLarge(nn.Module):
    def forward(self, *_: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def test_not_even_one_picture_fits(objective: Objective, batch: Batch) -> None:
    course = Course()
    with pytest.raises(MemoryShortageError, match="give a smaller --image-size"):
        backward(objective, TooLarge(), nn.Parameter(torch.zeros(2, 1)), batch, course)
    assert course.piece_count == 3


def test_other_errors_are_not_taken_for_it(objective: Objective, batch: Batch) -> None:
    with pytest.raises(RuntimeError, match="split_with_sizes"):
        backward(objective, TransformerNet(SHAPE), nn.Parameter(torch.zeros(2, 3)), batch, Course())
    assert is_out_of_memory(RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"))
    for message in ("CUDA error: out of memory", "CUDNN_STATUS_ALLOC_FAILED", "std::bad_alloc"):
        assert is_out_of_memory(RuntimeError(message))
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.parametrize(
    ("total", "norm", "step", "is_wrong"),
    [
        (0.5, 1.0, 100, False), (9.9, 1.0, 100, False), (10.1, 1.0, 100, True), (10.1, 1.0, 5, False),
        (float("nan"), 1.0, 0, True), (0.5, float("nan"), 0, True), (0.5, float("inf"), 100, True),
    ],
)
def test_going_wrong(total: float, norm: float, step: int, is_wrong: bool) -> None:
    course = Course(step=step, usual_loss=0.5)
    assert is_going_wrong(course, {"total": torch.tensor(total)}, torch.tensor(norm)) is is_wrong


def test_the_usual_loss_follows_slowly() -> None:
    course = Course(step=1)
    remember_loss(course, {"total": torch.tensor(2.0)})
    assert course.usual_loss == 2.0
    course.step = 2
    remember_loss(course, {"total": torch.tensor(1.0)})
    assert course.usual_loss == pytest.approx(1.95)
