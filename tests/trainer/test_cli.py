"""The command line: the inherited usage word for word, and one line for whatever is wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import read_header
from trainer import cli, training
from trainer.cli import BAD_INPUT, INTERRUPTED, build_parser, main
from trainer.config import TrainConfig
from trainer.run_folder import open_run
from trainer.stopping import Stopped

MakeConfig = Callable[..., TrainConfig]

HEAVY = ("torch", "numpy", "PIL", "cv2", "tqdm", "safetensors")


@pytest.fixture
def classic_model(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    torch.save(JohnsonNet().state_dict(), tmp_path / "candy.pth")
    return tmp_path / "candy.pth"


@pytest.fixture
def photo(photos: Path) -> Path:
    return photos / "photo0.jpg"


def error_line(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Of a call that must fail: one line on standard error, nothing on standard output."""
    assert main([str(argument) for argument in arguments]) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("fnst-train: ")
    return lines[0].removeprefix("fnst-train: ")


def test_train_as_inherited(
    photos: Path, paintings: tuple[Path, Path], vgg_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in list(photos.iterdir())[1:]:  # one photo: one step of a batch
        if file.is_file():
            file.unlink()
    arguments = ["train", "--dataset", photos, "--style-image", *paintings, "--vgg-model-dir", vgg_dir,
                 "--save-model-dir", tmp_path / "out", "--epochs", "1", "--cuda", "0"]
    assert main([str(argument) for argument in arguments]) == 0
    model_file = Path(capsys.readouterr().out.strip())
    header = read_header(model_file)
    assert [card.name for card in header.styles] == ["wave", "muse"]
    assert header.training["command"] == (
        "fnst-train train --dataset photos --style-image wave.jpg muse.png --vgg-model-dir vgg "
        "--save-model-dir out --epochs 1 --cuda 0"
    )


def test_eval_as_inherited(photo: Path, classic_model: Path, tmp_path: Path) -> None:
    output = tmp_path / "painted.png"
    arguments = ["eval", "--content-image", photo, "--model", classic_model, "--output-image", output,
                 "--content-scale", "2", "--cuda", "0"]
    assert main([str(argument) for argument in arguments]) == 0
    with Image.open(photo) as content, Image.open(output) as painted:
        assert painted.size == (content.width // 2, content.height // 2)


def test_wrong_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert "required: COMMAND" in error_line(capsys)
    assert "--dataset, --style-image, --save-model-dir" in error_line(capsys, "train")
    assert "--content-image, --model, --output-image" in error_line(capsys, "eval")
    assert "invalid choice" in error_line(capsys, "paint")
    assert "see fnst-train eval --help" in error_line(capsys, "eval", "--cuda", "2")


def test_several_processes_do_nothing_but_train(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["fetch-vgg", "--vgg-model-dir", str(tmp_path)]) == 2
    assert "torchrun is for fnst-train train" in capsys.readouterr().err


def test_of_several_processes_each_error_names_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "2")
    assert main(["train", "--no-such-flag"]) == 2
    assert capsys.readouterr().err.startswith("fnst-train, process 3 of 4: ")


def test_wrong_settings_of_train(capsys: pytest.CaptureFixture[str], photos: Path, tmp_path: Path) -> None:
    start = ["train", "--dataset", photos, "--save-model-dir", tmp_path / "out", "--style-image", tmp_path / "wave.jpg"]
    assert error_line(capsys, *start, "--epochs", "0") == "--epochs must be 1 or more"
    assert "wave.jpg does not exist" in error_line(capsys, *start)
    assert "two paintings called wave" in error_line(capsys, *start, tmp_path / "wave.png")
    assert "is not a folder" in error_line(capsys, *start, "--dataset", tmp_path / "missing")


def test_wrong_inputs_of_eval(
    capsys: pytest.CaptureFixture[str], photo: Path, classic_model: Path, tmp_path: Path
) -> None:
    output = ["--output-image", tmp_path / "painted.png"]
    assert "missing.jpg does not exist" in error_line(
        capsys, "eval", "--content-image", "missing.jpg", "--model", classic_model, *output)
    assert "it has candy" in error_line(
        capsys, "eval", "--content-image", photo, "--model", classic_model, *output, "--style", "wave")
    assert "is not a file of torch weights" in error_line(
        capsys, "eval", "--content-image", photo, "--model", photo, *output)
    assert not (tmp_path / "painted.png").exists()


def test_trouble_of_the_system_is_one_line_too(
    capsys: pytest.CaptureFixture[str],
    photo: Path,
    classic_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "painted.png")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    line = error_line(capsys, "eval", "--content-image", photo, "--model", classic_model,
                      "--output-image", tmp_path / "painted.png")
    name = tmp_path / "painted.png"
    assert line == f"{name} cannot be written (No space left on device): free some space, or choose another disk"


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory"), RuntimeError("std::bad_alloc")]
)
def test_too_little_memory_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], photo: Path, classic_model: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, error: Exception,
) -> None:
    def short_of_memory(*_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "_eval", short_of_memory)
    line = error_line(capsys, "eval", "--content-image", photo, "--model", classic_model,
                      "--output-image", tmp_path / "painted.png")
    assert line == "there is not enough memory for that: give smaller pictures, or fewer at once"


def test_numbers_that_nobody_can_use(
    capsys: pytest.CaptureFixture[str], photo: Path, paintings: tuple[Path, Path], tmp_path: Path
) -> None:
    start = ["optimize", "--content-image", photo, "--style-image", paintings[0], "--output-image"]
    for flags, sentence in (
        (("--iterations", 0), "--iterations must be 1 or more"), (("--size", 1), "--size must be 0, or 32 or more"),
        (("--seed", 10**24), "--seed must be 0 to"), (("--seed", -1), "--seed must be 0 to"),
    ):
        assert sentence in error_line(capsys, *start, tmp_path / "a.png", *flags)
    assert "would be written over" in error_line(capsys, *start, photo)
    enlarge = ["sr-train", "--dataset", photo.parent, "--output", tmp_path / "x4.safetensors", "--crop-size", 8]
    assert "--channels or --depth: " in error_line(capsys, *enlarge, "--channels", 100_000)


def test_faults_of_the_program_are_not_hidden(
    photo: Path, classic_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(cli, "_eval", fault)
    with pytest.raises(RuntimeError, match="shapes"):
        main(["eval", "--content-image", str(photo), "--model", str(classic_model), "--output-image", "a.png"])


def test_whatever_is_no_sentence_is_a_fault_too(
    photo: Path, classic_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr(cli, "_eval", fault)
    with pytest.raises(KeyError):
        main(["eval", "--content-image", str(photo), "--model", str(classic_model),
              "--output-image", str(tmp_path / "painted.png")])


def test_ctrl_c(
    capsys: pytest.CaptureFixture[str], photos: Path, paintings: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", interrupted)
    arguments = ["train", "--dataset", photos, "--style-image", paintings[0], "--save-model-dir", photos / "out"]
    assert main([str(argument) for argument in arguments]) == INTERRUPTED
    assert "goes on from the last checkpoint" in capsys.readouterr().err


def test_a_stopped_run_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], photos: Path, paintings: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> Path:
        raise Stopped("stopped after step 3")

    monkeypatch.setattr(training, "train", stopped)
    arguments = ["train", "--dataset", photos, "--style-image", paintings[0], "--save-model-dir", photos / "out"]
    assert main([str(argument) for argument in arguments]) == INTERRUPTED
    assert capsys.readouterr().err == "fnst-train: stopped after step 3\n"


def test_resume_takes_a_runs_own_settings(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = make_config(lr=0.5)
    folder = open_run(config, [])
    folder.model_file.touch()
    assert "has no checkpoint" in error_line(capsys, "train", "--resume", folder.path)
    (folder.checkpoints / "step-000000001.pt").touch()
    seen: list[TrainConfig] = []

    def train(told: TrainConfig, _: object) -> Path:
        seen.append(told)
        return Path("model.safetensors")

    monkeypatch.setattr(training, "train", train)
    assert main(["train", "--resume", str(config.save_model_dir), "--time-budget", "1h30m"]) == 0
    assert seen == [replace(config, steps=0, time_budget=5400.0)]
    assert capsys.readouterr().out == "model.safetensors\n"
    assert "is not the folder of a run" in error_line(capsys, "train", "--resume", config.dataset)
    assert "invalid duration value: 'soon'" in error_line(capsys, "train", "--time-budget", "soon")


def test_wrong_inputs_of_adapt(
    capsys: pytest.CaptureFixture[str], classic_model: Path, paintings: tuple[Path, Path], tmp_path: Path
) -> None:
    assert "required: --base, --style-image" in error_line(capsys, "adapt")
    start = ["adapt", "--style-image", paintings[0], "--base"]
    assert "--base missing.safetensors does not exist" in error_line(capsys, *start, "missing.safetensors")
    assert "is not a safetensors file" in error_line(capsys, *start, classic_model)
    assert "must end in .safetensors" in error_line(capsys, *start, classic_model, "--output", tmp_path / "a.pth")
    nowhere = tmp_path / "no" / "a.safetensors"
    assert "does not exist" in error_line(capsys, *start, classic_model, "--output", nowhere)
    base = tmp_path / "base.safetensors"
    base.touch()
    assert "is --base itself: give another name" in error_line(capsys, *start, base, "--output", base)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom trainer.cli import build_parser\nbuild_parser().format_help()\n"
        f"print(sorted(set({HEAVY}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_names_every_flag() -> None:
    help_text = build_parser().format_help()
    for command in ("train", "adapt", "optimize", "evaluate", "export", "fetch-vgg", "eval"):
        assert any(f"    {command}{end}" in help_text for end in " \n")


def test_what_other_commands_are_told_wrong(
    capsys: pytest.CaptureFixture[str], classic_model: Path, photo: Path, tmp_path: Path
) -> None:
    assert "required: --content-image, --style-image, --output-image" in error_line(capsys, "optimize")
    assert "required: --model, --style-image, --photos, --output" in error_line(capsys, "evaluate")
    start = ["export", "--model", classic_model, "--format", "onnx", "--output"]
    assert "--output candy.pth must end in .onnx" in error_line(capsys, *start, "candy.pth")
    assert "does not exist" in error_line(capsys, *start, tmp_path / "no" / "candy.onnx")
    assert "--format" in error_line(capsys, *start, "candy.jpg", "--format", "jpg")


def test_python_m_trainer() -> None:
    done = subprocess.run([sys.executable, "-m", "trainer", "eval"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (BAD_INPUT, "")
    assert done.stderr.startswith("fnst-train: the following arguments are required")
