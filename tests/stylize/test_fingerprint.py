"""One name for what is the same, another for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import StyleModel
from fnst_live.stylize import fingerprint
from fnst_live.stylize.fingerprint import (
    cpu_flags,
    cpu_name,
    library_version,
    machine_fingerprint,
    model_fingerprint,
)

CPU_INFO = "processor\t: 0\nmodel name\t: A Processor @ 3 GHz\nflags\t\t: fpu avx2 sse amx_bf16 avx512_bf16x\n\n"


def test_styles_are_no_part_of_the_network(model: StyleModel) -> None:
    before = model_fingerprint(model)
    model.styles = torch.zeros_like(model.styles)
    assert model_fingerprint(model) == before


def test_other_weights_are_another_network(model: StyleModel, another_model: StyleModel) -> None:
    assert model_fingerprint(model) != model_fingerprint(another_model)


def test_one_weight_makes_the_difference(model: StyleModel) -> None:
    before = model_fingerprint(model)
    with torch.no_grad():
        next(model.network.parameters()).view(-1)[0] += 1e-6
    assert model_fingerprint(model) != before


def test_classic_networks_of_the_first_layout_differ_in_what_is_no_weight(classic_model: StyleModel) -> None:
    before = model_fingerprint(classic_model)
    assert isinstance(classic_model.network, JohnsonNet)
    classic_model.network.set_norm_eps(1e-9)
    assert model_fingerprint(classic_model) != before


def test_a_machine_is_itself_until_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [machine_fingerprint(), machine_fingerprint()]
    assert names[0] == names[1]
    for what, value in [("cpu_name", "another processor"), ("cuda_name", "a card"), ("library_version", "9.9")]:
        monkeypatch.setattr(fingerprint, what, lambda *_, value=value: value)
        names.append(machine_fingerprint())
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    names.append(machine_fingerprint())
    assert len(set(names)) == 5


def test_the_processor_is_read_from_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "CPU_INFO", tmp_path / "cpuinfo")
    fingerprint.CPU_INFO.write_text(CPU_INFO)
    assert cpu_name() == "A Processor @ 3 GHz"
    assert cpu_flags() == ["avx2", "amx_bf16"]


def test_a_system_that_does_not_tell_is_named_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "CPU_INFO", tmp_path / "none")
    assert cpu_name()
    assert cpu_flags() == []
    assert machine_fingerprint()


def test_versions_are_read_without_an_import() -> None:
    assert (library_version("torch") or "").split("+")[0] == torch.__version__.split("+")[0]
    assert library_version("no-such-library") is None
