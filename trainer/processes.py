"""One run on several processes: each learns from its share of every batch, and all take the same step.

`torchrun` starts them and tells each of the others. A gradient is a sum over pictures, so what the shares add up to is
what one process would have found (Goyal et al. 2017, section 2); nothing of the method changes with their number.
The first process alone writes the run's folder, and what it reads there the others are told.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor

from trainer.errors import ProcessesError

LONGEST_WAIT = timedelta(minutes=10)  # for a process that is as good as dead


class Processes:
    """All processes of a run, as one of them sees them. Every method is called by all, in the same order.

    Where the run has but one, each method gives back what it is given.
    Raises ProcessesError where another process has ended.
    """

    def __init__(self, rank: int = 0, count: int = 1, torch_device: torch.device | None = None):
        self.rank, self.count = rank, count
        self._torch_device = torch_device or torch.device("cpu")

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def share_of(self, picture_count: int) -> range:
        """Which pictures of a batch are this process's: as equal as can be. Raises ProcessesError."""
        if picture_count < self.count:
            raise ProcessesError(
                f"--batch-size {picture_count} is of the whole run and leaves some of its {self.count} processes "
                "without a picture: give a larger one, or torchrun a smaller --nproc-per-node"
            )
        return range(self.rank * picture_count // self.count, (self.rank + 1) * picture_count // self.count)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all processes, in place and in one message."""
        if self.count == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        with _others_expected():
            dist.all_reduce(flat)
        for tensor, part in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def any(self, flag: bool) -> bool:  # noqa: FBT001
        """Whether it is true for one of them at least."""
        if self.count == 1:
            return flag
        flags = torch.tensor([float(flag)], device=self._torch_device)
        with _others_expected():
            dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags.item())

    def number_of_first(self, number: float) -> float:
        """What the first one says."""
        if self.count == 1:
            return number
        numbers = torch.tensor([number], dtype=torch.float64, device=self._torch_device)
        with _others_expected():
            dist.broadcast(numbers, 0)
        return float(numbers.item())

    def bytes_of_first(self, content: bytes) -> bytes:
        """What the first one has; what the others give is of no matter."""
        if self.count == 1:
            return content
        length = int(self.number_of_first(len(content)))
        message = torch.frombuffer(bytearray(content if self.is_first else bytes(length)), dtype=torch.uint8)
        message = message.to(self._torch_device)
        with _others_expected():
            dist.broadcast(message, 0)
        return message.cpu().numpy().tobytes()


ALONE = Processes()


def local_rank() -> int:
    """Which of this machine's processes, and so which of its cards; 0 without torchrun."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextlib.contextmanager
def join_processes(torch_device: torch.device) -> Iterator[Processes]:
    """Find the processes that torchrun started beside this one. Raises ProcessesError."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield ALONE
        return
    try:
        dist.init_process_group("nccl" if torch_device.type == "cuda" else "gloo", timeout=LONGEST_WAIT)
    except (RuntimeError, ValueError) as error:
        raise ProcessesError(
            "the other processes of the run cannot be found: start all of them by torchrun, on every machine with the "
            "same --master-addr and --master-port"
        ) from error
    yield Processes(dist.get_rank(), dist.get_world_size(), torch_device)
    dist.destroy_process_group()  # not after an error: nccl would wait for processes that wait for this one


@contextlib.contextmanager
def _others_expected() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise ProcessesError(
            "another process of the run has ended, and says why; the run's last checkpoint is what to go on from"
        ) from error
