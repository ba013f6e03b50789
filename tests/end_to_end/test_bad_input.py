"""What cannot be painted is refused: exit code 2, and one line that says what to do."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from .clips import SAMPLE_RATE, Clip, numbered_clip, tone
from .conftest import RunCommand

Refuse = Callable[..., str]


def nothing_written(folder: Path) -> bool:
    return not any("out" in file.name for file in folder.iterdir())


def test_missing(refuse: Refuse, tmp_path: Path) -> None:
    complaint = refuse(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert "in.mp4" in complaint
    assert "does not exist" in complaint


def test_empty(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "in.mp4").touch()
    assert "empty" in refuse(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert nothing_written(tmp_path)


def test_folder(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "in.mp4").mkdir()
    assert "folder" in refuse(tmp_path / "in.mp4", tmp_path / "out.mp4")


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.gif", "in.avi"])
@pytest.mark.parametrize(
    "content",
    [b"Dear reader,\nthis is no film.\n" * 50, bytes(4096), bytes(range(256)) * 64],
    ids=["text", "zeros", "bytes"],
)
def test_no_video_whatever_its_name(name: str, content: bytes, refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert name in refuse(tmp_path / name, tmp_path / "out.mp4")
    assert nothing_written(tmp_path)


def write_sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(0.5)[None].astype(np.float32), "fltp", "mono")
        frame.sample_rate = SAMPLE_RATE
        output.mux([*stream.encode(frame), *stream.encode(None)])
    return path


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv", "in.m4a"])
def test_sound_only(name: str, refuse: Refuse, tmp_path: Path) -> None:
    complaint = refuse(write_sound_only(tmp_path / name), tmp_path / "out.mp4")
    assert "sound" in complaint
    assert nothing_written(tmp_path)


def test_subtitles_only(refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "in.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHallo\n")
    assert "no video" in refuse(tmp_path / "in.srt", tmp_path / "out.mp4")


@pytest.mark.parametrize("name", ["in.mp4", "in.mkv"])
def test_a_video_track_without_a_picture(name: str, refuse: Refuse, tmp_path: Path) -> None:
    """Zero-length: the header promises a track, nothing follows."""
    with av.open(str(tmp_path / name), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height = 64, 48
        output.start_encoding()
    assert "in." in refuse(tmp_path / name, tmp_path / "out.mp4")
    assert nothing_written(tmp_path)


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_an_mp4_cut_before_its_index(share: float, refuse: Refuse, tmp_path: Path) -> None:
    """The index of a plain mp4 stands at its end; without it nothing can be decoded."""
    whole = numbered_clip(50).write(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "in.mp4").write_bytes(whole[: int(len(whole) * share)])
    assert "in.mp4" in refuse(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert nothing_written(tmp_path)


def test_a_name_in_any_script(fnst_live: RunCommand, tmp_path: Path) -> None:
    """A path with spaces, quotes and letters of all kinds is a path like any other."""
    name = "Ein Füchslein 狐 'läuft'.mp4"
    numbered_clip(3).write(tmp_path / "plain.mp4").rename(tmp_path / name)
    run = fnst_live("video", tmp_path / name, "--style", "tiny", "--engine", "torch", "--strength", "0", "--json")
    assert Path(run.report["output"]) == tmp_path / "Ein Füchslein 狐 'läuft'.tiny.mp4"
    assert Path(run.report["output"]).is_file()


# Styles


def test_an_unknown_style_is_told_the_nearest(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    complaint = fnst_live("video", source, "--style", "stormy-see").complaint
    assert "stormy-see" in complaint
    assert "'stormy-sea'" in complaint


@pytest.mark.parametrize("name", ["style.safetensors", "style.pth", "style.model"])
@pytest.mark.parametrize("content", [b"", b"no model at all", bytes(1000), b"\x10\0\0\0\0\0\0\0{\"a\": 1}       "])
def test_a_model_file_that_is_not_one(name: str, content: bytes, fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    (tmp_path / name).write_bytes(content)
    complaint = fnst_live("video", source, "--style", str(tmp_path / name)).complaint
    assert name in complaint


def test_a_model_file_that_is_missing(fnst_live: RunCommand, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    complaint = fnst_live("video", source, "--style", str(tmp_path / "nowhere.safetensors")).complaint
    assert "nowhere.safetensors does not exist" in complaint


def test_safetensors_of_something_else(fnst_live: RunCommand, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    source = numbered_clip(3).write(tmp_path / "in.mp4")
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors", metadata={"format": "pt"})
    assert "other.safetensors" in fnst_live("video", source, "--style", str(tmp_path / "other.safetensors")).complaint


def test_a_model_cut_short(fnst_live: RunCommand, style_folder: Path, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    whole = (style_folder / "tiny.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) * 2 // 3])
    assert "cut.safetensors" in fnst_live("video", source, "--style", str(tmp_path / "cut.safetensors")).complaint


class Burglar:
    """What an evil model file holds: unpickling it runs a command."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, ...]]:
        return Path.touch, (self.trace,)  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["evil.pth", "evil.pt", "evil.model", "evil.safetensors"])
@pytest.mark.parametrize("is_zipped", [False, True])
def test_a_pickle_with_code_in_it_is_refused_not_run(
    name: str, is_zipped: bool, fnst_live: RunCommand, tmp_path: Path
) -> None:
    import torch

    trace = tmp_path / "the burglar was here"
    if is_zipped:
        torch.save({"conv1.conv2d.weight": Burglar(trace)}, tmp_path / name)
    else:
        (tmp_path / name).write_bytes(pickle.dumps({"conv1.conv2d.weight": Burglar(trace)}))
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    complaint = fnst_live("video", source, "--style", str(tmp_path / name)).complaint
    assert name in complaint
    assert not trace.exists()


# Settings


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--strength", "1.1"), ("--strength", "-0.1"), ("--strength", "nan"), ("--strength", "much"),
        ("--stability", "2"), ("--work-height", "0"), ("--work-height", "-480"), ("--work-height", "tall"),
        ("--stroke-size", "3"), ("--stroke-size", "broad"), ("--mix", "1.5"),
        ("--codec", "mpeg2"), ("--engine", "steam"), ("--quality", "best"), ("--quality", "52"), ("--quality", "-1"),
        ("--input-color", "bt601-wide"),
    ],
)
def test_a_setting_that_cannot_be_names_its_flag(flag: str, value: str, refuse: Refuse, tmp_path: Path) -> None:
    source = numbered_clip(3).write(tmp_path / "in.mp4")
    assert flag in refuse(source, tmp_path / "out.mp4", f"{flag}={value}")
    assert nothing_written(tmp_path)


@pytest.mark.parametrize(
    "arguments", [["vidoe"], ["video"], ["video", "--nonsense", "x"], ["video", "a", "b"]], ids=str
)
def test_a_command_line_that_cannot_be_is_one_line(arguments: list[str], fnst_live: RunCommand) -> None:
    assert "fnst-live" in fnst_live(*arguments).complaint


def test_too_small(refuse: Refuse, tmp_path: Path) -> None:
    from .clips import Coding, flat

    source = Clip([flat(99, 12, 8)] * 2, Coding("ffv1", "yuv444p", options={})).write(tmp_path / "in.mkv")
    assert "too small" in refuse(source, tmp_path / "out.mp4")
    assert nothing_written(tmp_path)
