"""Where the trainer computes."""

from __future__ import annotations

import torch

from trainer.errors import ConfigError


def choose_device(*, use_cuda: bool) -> torch.device:
    """The first CUDA card, or the CPU. Raises ConfigError where there is no such card."""
    if use_cuda and not torch.cuda.is_available():
        raise ConfigError("--cuda 1 needs an NVIDIA card and a torch built for it, and finds none: use --cuda 0")
    return torch.device("cuda" if use_cuda else "cpu")


def mixed_precision(precision: str, torch_device: torch.device) -> torch.autocast:
    """The context in which networks run: convolutions in bfloat16, or all in float32; "auto" asks the device.

    bfloat16 has the range of float32, so no loss needs scaling (Micikevicius et al. 2018 needed it for float16).
    """
    use_bfloat16 = has_bfloat16(torch_device) if precision == "auto" else precision == "bfloat16"
    return torch.autocast(torch_device.type, dtype=torch.bfloat16, enabled=use_bfloat16)


def has_bfloat16(torch_device: torch.device) -> bool:
    """Whether the device computes in bfloat16 by itself: emulated, it is slower than float32."""
    if torch_device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16") or flags.get("bf16"))
