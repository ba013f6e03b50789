"""Where the trainer computes."""

from __future__ import annotations

import torch

from trainer.errors import ConfigError


def choose_device(*, use_cuda: bool, number: int = 0) -> torch.device:
    """The CUDA card of that number, or the CPU. Raises ConfigError where there is no such card."""
    if not use_cuda:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ConfigError("--cuda 1 needs an NVIDIA card and a torch built for it, and finds none: use --cuda 0")
    count = torch.cuda.device_count()
    if number >= count:
        raise ConfigError(f"each process needs a card of its own: torchrun --nproc-per-node {count}, or use --cuda 0")
    torch.cuda.set_device(number)
    return torch.device("cuda", number)


def mixed_precision(precision: str, torch_device: torch.device) -> torch.autocast:
    """The context in which networks run: convolutions in half precision, or all in float32; "auto" asks the device.

    bfloat16 has the range of float32; of float16 the loss must be scaled (Micikevicius et al. 2018).
    """
    if precision == "auto":
        precision = "bfloat16" if has_bfloat16(torch_device) else "float32"
    half = torch.float16 if precision == "float16" else torch.bfloat16
    return torch.autocast(torch_device.type, dtype=half, enabled=precision != "float32")


def has_bfloat16(torch_device: torch.device) -> bool:
    """Whether the device computes in bfloat16 by itself: emulated, it is slower than float32."""
    if torch_device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16") or flags.get("bf16"))
