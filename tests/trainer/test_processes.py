"""Two processes against one: the same numbers, one folder, and a clear end whatever ends one of them.

They are started as torchrun starts them: by environment variables that tell each of the others.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from fnst_live.stylenet.model_file import load_model
from trainer.config import TrainConfig
from trainer.errors import ProcessesError
from trainer.processes import ALONE, Processes, join_processes
from trainer.progress import read_log
from trainer.run_folder import open_run
from trainer.training import train

MakeConfig = Callable[..., TrainConfig]
PATIENCE_S = 120
LEARNING_RATE = 1e-4

PROLOGUE = """
import os, signal, sys
from pathlib import Path
import torch
from trainer import cli
from trainer.keeper import Keeper
from trainer.learner import Learner
from trainer.objective import Objective
from trainer.run_folder import resumed_config

torch.set_num_threads(1)
rank = int(os.environ["RANK"])
whole = Objective.losses
calls = 0

def at_call(number, act):
    "Before this process learns from a batch for the number-th time."
    def losses(self, *arguments):
        global calls
        calls += 1
        return act(whole, self, *arguments) if calls == number else whole(self, *arguments)
    Objective.losses = losses

def short_of_memory(whole, *arguments):
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes.")

def spoiled(whole, *arguments):
    losses = whole(*arguments)
    return {**losses, "total": losses["total"] * float("nan")}

def killed(whole, *arguments):
    os.kill(os.getpid(), signal.SIGKILL)

def stopped(whole, *arguments):
    signal.raise_signal(signal.SIGINT)
    return whole(*arguments)
"""
EPILOGUE = """
sys.exit(cli.main(["train", "--resume", sys.argv[1]]))
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def run_together(config: TrainConfig, trouble: str = "") -> list[tuple[int, str, str]]:
    """Two processes train. Exit code, standard output and standard error of each."""
    open_run(config, [])
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    command = [sys.executable, "-c", PROLOGUE + trouble + EPILOGUE, str(config.save_model_dir)]
    running = [
        subprocess.Popen(
            command, env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]
    try:
        outputs = [process.communicate(timeout=PATIENCE_S) for process in running]
    finally:
        for process in running:
            process.kill()
    return [(process.returncode, *output) for process, output in zip(running, outputs, strict=True)]


def under_torchrun(config: TrainConfig) -> subprocess.Popen[str]:
    open_run(config, [])
    where = ["--nproc-per-node", "2", "--master-addr", "127.0.0.1", "--master-port", str(free_port())]
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *where, "-m", "trainer", "train", "--resume",
         str(config.save_model_dir)],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def numbers_of(config: TrainConfig) -> Mapping[str, Tensor]:
    model = load_model(config.save_model_dir / "model.safetensors")
    return {**model.network.state_dict(), "styles": model.styles}


def events_of(config: TrainConfig) -> list[Any]:
    return [entry["event"] for entry in read_log(config.save_model_dir / "log.jsonl") if "event" in entry]


def assert_close(one: TrainConfig, other: TrainConfig) -> None:
    """Where a gradient is nothing but rounding, Adam makes a step of its sign all the same: that may be seen in one
    weight of many, and is never more than the step."""
    for name, numbers in numbers_of(one).items():
        difference = (numbers_of(other)[name] - numbers).abs()
        assert float(difference.max()) < LEARNING_RATE, name
        assert float((difference > 2e-5 + 1e-3 * numbers.abs()).float().mean()) < 1e-4, name


@pytest.fixture
def pair(make_config: MakeConfig, tmp_path: Path) -> tuple[TrainConfig, TrainConfig]:
    """For one process and for two: three pictures a step, so that one has two of them."""
    one, two = (
        make_config(
            save_model_dir=tmp_path / name, precision="float32", batch_size=3, steps=4, lr=LEARNING_RATE, ema_decay=0.1
        )
        for name in ("one", "two")
    )
    return one, two


def test_two_processes_end_where_one_does(pair: tuple[TrainConfig, TrainConfig]) -> None:
    one, two = pair
    first, second = run_together(two)
    assert first[0] == second[0] == 0, first[2] + second[2]
    assert first[1] == f"{two.save_model_dir / 'model.safetensors'}\n"
    assert second[1:] == ("", "")  # what concerns both is said once
    train(one)
    assert_close(one, two)
    losses, others = (list(read_log(config.save_model_dir / "log.jsonl"))[-1] for config in pair)
    assert losses == pytest.approx(others, rel=1e-3)


def test_torchrun(make_config: MakeConfig) -> None:
    config = make_config(batch_size=3, steps=1)
    with under_torchrun(config) as running:
        output, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, errors
    assert output == f"{config.save_model_dir / 'model.safetensors'}\n"


def test_ctrl_c_of_torchrun(make_config: MakeConfig) -> None:
    config = make_config(batch_size=3, steps=100_000)
    log_file = config.save_model_dir / "log.jsonl"
    with under_torchrun(config) as running:
        deadline_s = time.monotonic() + PATIENCE_S
        while not (log_file.exists() and log_file.read_text()) and time.monotonic() < deadline_s:
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert running.returncode != 0
    assert errors.count("fnst-train: stopped after step") == 1, errors
    step = load_model(config.save_model_dir / "model.safetensors").header.training["step"]
    assert step >= 10
    assert f"stopped after step {step}:" in errors


def test_whatever_befalls_one_of_them_both_go_on(pair: tuple[TrainConfig, TrainConfig]) -> None:
    """Memory runs out, then a loss is no number: one halves its share alone, and both go back together."""
    trouble = "at_call(2, short_of_memory) if rank == 1 else at_call(4, spoiled)"
    first, second = run_together(pair[1], trouble)
    assert first[0] == second[0] == 0, first[2] + second[2]
    assert "each batch of 2 is taken in 2 pieces" in second[2]
    assert events_of(pair[1]) == ["rollback"]
    assert all(numbers.isfinite().all() for numbers in numbers_of(pair[1]).values())


def test_stopped_and_gone_on_with(pair: tuple[TrainConfig, TrainConfig]) -> None:
    """Ctrl-C reaches one of them only; both take the same last step."""
    one, two = pair
    first, second = run_together(two, "rank == 1 and at_call(2, stopped)")
    assert first[0] == second[0] == 130, first[2] + second[2]
    assert "stopped after step 2" in first[2]
    assert load_model(two.save_model_dir / "model.safetensors").header.training["step"] == 2
    first, second = run_together(two)
    assert first[0] == second[0] == 0, first[2] + second[2]
    assert "resuming at step 2" in first[2]
    train(one)
    assert_close(one, two)


@pytest.mark.parametrize("dead", [0, 1])
def test_a_process_that_dies_ends_the_other(pair: tuple[TrainConfig, TrainConfig], dead: int) -> None:
    ended = run_together(pair[1], f"rank == {dead} and at_call(3, killed)")
    assert ended[dead][0] == -signal.SIGKILL
    code, _, told = ended[1 - dead]
    assert code == 2, told
    assert told.splitlines()[-1].startswith(f"fnst-train, process {2 - dead} of 2: another process of the run has")
    assert "Traceback" not in told


def test_alone() -> None:
    tensor = torch.ones(2)
    ALONE.add_up([tensor])
    assert tensor.tolist() == [1, 1]
    assert ALONE.any(flag=True)
    assert ALONE.number_of_first(0.1) == 0.1
    assert ALONE.bytes_of_first(b"x") == b"x"
    with join_processes(torch.device("cpu")) as processes:
        assert processes is ALONE


def test_others_that_cannot_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a batch system sets the one variable and nobody the others."""
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with (
        pytest.raises(ProcessesError, match="cannot be found: start all of them by torchrun"),
        join_processes(torch.device("cpu")),
    ):
        pytest.fail("it has joined nobody")


@pytest.mark.parametrize(("picture_count", "count"), [(4, 1), (4, 2), (5, 2), (7, 3), (3, 3)])
def test_shares_make_the_whole(picture_count: int, count: int) -> None:
    shares = [Processes(rank, count).share_of(picture_count) for rank in range(count)]
    assert [number for share in shares for number in share] == list(range(picture_count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_more_processes_than_pictures() -> None:
    with pytest.raises(ProcessesError, match=r"--batch-size 2 .* 3 processes"):
        Processes(0, 3).share_of(2)
