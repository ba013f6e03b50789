"""The losses of a batch and their gradient on a card, captured once as a CUDA graph and replayed for every batch.

A step is a thousand kernels, most of them done sooner than Python can name them: 4 pictures took half as long as 64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

import torch
from torch import Tensor, nn

from fnst_live.cuda_graph import captured, own_stream
from trainer.batches import Batch, Motion

Losses = dict[str, Tensor]
Backward = Callable[[Batch], Losses]  # gives the parameters the gradient of the batch


class GradientGraph:
    """Stands for a `Backward`, which must take its own steps from what the batch holds alone."""

    def __init__(self, backward: Backward, parameters: Sequence[nn.Parameter]):
        self._backward, self._parameters = backward, parameters
        self._batch: Batch | None = None
        self._replay: Callable[[], tuple[Losses, list[Tensor | None]]]

    def __call__(self, batch: Batch) -> Losses:
        """batch: on the card. The first one, and one of another size than before, is captured."""
        if self._batch is None or _shapes(batch) != _shapes(self._batch):
            self._capture(batch)
        assert self._batch is not None
        for kept, fresh in zip(_tensors(self._batch), _tensors(batch), strict=True):
            kept.copy_(fresh)
        losses, gradients = self._replay()
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        return {name: loss.clone() for name, loss in losses.items()}  # the next batch's come to the same place

    def _capture(self, batch: Batch) -> None:
        held = batch.to(batch.content.device)
        stream, current = own_stream(self), torch.cuda.current_stream()

        def work() -> tuple[Losses, list[Tensor | None]]:
            for parameter in self._parameters:
                parameter.grad = None
            return self._backward(held), [parameter.grad for parameter in self._parameters]

        stream.wait_stream(current)
        with torch.cuda.stream(stream):
            self._replay = captured(work, stream)
        current.wait_stream(stream)
        self._batch = held  # not earlier: memory may have run out


def _tensors(batch: Batch) -> list[Tensor]:
    motion = [getattr(batch.motion, part.name) for part in fields(Motion)] if batch.motion else []
    return [batch.content, batch.rows, *motion]


def _shapes(batch: Batch) -> list[torch.Size]:
    return [tensor.shape for tensor in _tensors(batch)]
