"""Where and in what precision the trainer computes."""

from __future__ import annotations

import pytest
import torch

from trainer.device import choose_device, has_bfloat16, mixed_precision
from trainer.errors import ConfigError

CPU = torch.device("cpu")


@pytest.mark.parametrize(("precision", "expected"), [("bfloat16", torch.bfloat16), ("float32", torch.float32)])
def test_precision_of_convolutions(precision: str, expected: torch.dtype) -> None:
    with mixed_precision(precision, CPU):
        assert torch.nn.Conv2d(3, 4, 3)(torch.rand(1, 3, 8, 8)).dtype == expected


@pytest.mark.parametrize(
    ("flags", "expected"), [({"avx512_bf16": True}, True), ({"amx_bf16": True}, True), ({"avx512_f": True}, False)]
)
def test_auto_asks_the_processor(flags: dict[str, bool], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    assert has_bfloat16(CPU) is expected
    with mixed_precision("auto", CPU):
        assert torch.is_autocast_enabled("cpu") is expected


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_no_card() -> None:
    with pytest.raises(ConfigError, match="--cuda 1 needs an NVIDIA card"):
        choose_device(use_cuda=True)
