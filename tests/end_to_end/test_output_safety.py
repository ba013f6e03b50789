"""Nothing broken under the good name: refusals before any work, and what stays behind after a disaster."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest

from .clips import RATE, Clip, Coding, noise, numbered_clip
from .conftest import UNPAINTED, Convert, Run, RunCommand, outcome, start
from .probe import read_video

Refuse = Callable[..., str]
STARTED_BYTES = 1_800_000  # by then several fragments are on the disk
PATIENCE_S = 120


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return numbered_clip(3).write(tmp_path / "clip.mp4")


# Refused before any work is done


def test_an_existing_file_is_never_replaced(clip: Path, refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_text("precious")
    assert "--overwrite" in refuse(clip, tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_text() == "precious"


def test_unless_it_is_asked_for(clip: Path, convert: Convert, tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_text("worthless")
    convert(clip, tmp_path / "out.mp4", "--overwrite")
    assert len(read_video(tmp_path / "out.mp4").pictures) == 3


@pytest.mark.parametrize("flags", [(), ("--overwrite",)])
def test_the_input_is_never_the_output(flags: tuple[str, ...], clip: Path, refuse: Refuse, tmp_path: Path) -> None:
    before = clip.read_bytes()
    assert "input itself" in refuse(clip, clip, *flags)
    assert "input itself" in refuse(clip, tmp_path / "." / ".." / tmp_path.name / clip.name, *flags)
    assert clip.read_bytes() == before


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_nor_by_another_name(link: Callable[[Path, Path], None], clip: Path, refuse: Refuse, tmp_path: Path) -> None:
    before = clip.read_bytes()
    link(clip, tmp_path / "other.mp4")
    assert "input itself" in refuse(clip, tmp_path / "other.mp4", "--overwrite")
    assert clip.read_bytes() == before


def test_nor_is_the_input_the_provisional_file(refuse: Refuse, tmp_path: Path) -> None:
    """`out.part.mp4` painted into `out.mp4` would write over itself."""
    source = numbered_clip(3).write(tmp_path / "out.part.mp4")
    before = source.read_bytes()
    assert "out.part.mp4" in refuse(source, tmp_path / "out.mp4")
    assert source.read_bytes() == before


def test_an_output_that_is_a_folder(clip: Path, refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "out.mp4").mkdir()
    assert "folder" in refuse(clip, tmp_path / "out.mp4", "--overwrite")


def test_an_output_folder_that_is_missing(clip: Path, refuse: Refuse, tmp_path: Path) -> None:
    assert "does not exist" in refuse(clip, tmp_path / "nowhere" / "out.mp4")


def test_an_output_folder_that_is_a_file(clip: Path, refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in refuse(clip, tmp_path / "file" / "out.mp4")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to(clip: Path, refuse: Refuse, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "cannot be written" in refuse(clip, tmp_path / "locked" / "out.mp4")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder that not even root may write to")
def test_a_folder_that_nobody_can_write_to(clip: Path, refuse: Refuse) -> None:
    assert "/proc" in refuse(clip, Path("/proc/out.mp4"))


# While it is written, and after a disaster


def part_of(output: Path) -> Path:
    return output.with_name(f"{output.stem}.part{output.suffix}")


def test_nothing_but_the_result_is_left_behind(clip: Path, convert: Convert, tmp_path: Path) -> None:
    convert(clip, tmp_path / "out.mp4")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clip.mp4", "out.mp4"]


@pytest.fixture(scope="module")
def long_clip() -> Iterator[Path]:
    """Six minutes that are hard to encode and cheap to make: one second, over and over (250 MB)."""
    with tempfile.TemporaryDirectory(prefix="fnst_live_test_") as folder:
        coding = Coding(options={"preset": "ultrafast", "crf": "30"})
        second = Clip([noise(320, 240, i) for i in range(RATE)], coding).write(Path(folder, "second.mp4"))
        yield repeat(second, Path(folder, "long.mkv"), 360)


def repeat(source: Path, output: Path, times: int) -> Path:
    """Its packets again and again."""
    with av.open(str(source)) as once, av.open(str(output), "w") as again:
        video = again.add_stream_from_template(once.streams.video[0])
        packets = [(bytes(p), p.pts, p.is_keyframe) for p in once.demux(video=0) if p.size]
        base = once.streams.video[0].time_base or Fraction(1, RATE)
        for turn in range(times):
            for data, pts, is_keyframe in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = video, base, is_keyframe
                packet.pts = packet.dts = (pts or 0) + round(turn / base)
                again.mux(packet)
    return output


@pytest.fixture
def output(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return tmp_path / str(request.param)


@pytest.fixture
def running(long_clip: Path, output: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that has begun to write `output`, and is far from its end."""
    process = start("video", long_clip, "-o", output, *UNPAINTED, "--json")
    try:
        wait_until_written(process, part_of(output))
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_written(process: subprocess.Popen[str], part: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not (part.exists() and part.stat().st_size > STARTED_BYTES):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"{part} does not grow"
        time.sleep(0.02)


def assert_only_a_playable_part(output: Path) -> None:
    assert not output.exists()
    painted = read_video(part_of(output), is_cut_off=True)
    assert len(painted.pictures) > RATE
    assert painted.times_s == [Fraction(i, RATE) for i in range(len(painted.pictures))]


@pytest.mark.parametrize("output", ["out.mp4", "out.mkv", "out.mov"], indirect=True)
def test_ctrl_c_leaves_a_playable_part(running: subprocess.Popen[str], output: Path) -> None:
    running.send_signal(signal.SIGINT)
    run = outcome(running)
    assert run.code == 130
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1
    assert ".part" in run.stderr
    assert_only_a_playable_part(output)


@pytest.mark.parametrize("output", ["out.mp4", "out.mkv"], indirect=True)
def test_kill_leaves_a_playable_part(running: subprocess.Popen[str], output: Path) -> None:
    running.kill()
    running.communicate()
    assert_only_a_playable_part(output)


def run_on_a_full_disk(source: Path, output: Path, room_bytes: int) -> Run:
    """No file may grow beyond so many bytes: the write fails where a full disk would make it fail."""

    def take_the_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, room_bytes))

    return outcome(start("video", source, "-o", output, *UNPAINTED, "--json", preexec_fn=take_the_room))


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_a_full_disk_leaves_a_playable_part(name: str, long_clip: Path, tmp_path: Path) -> None:
    run = run_on_a_full_disk(long_clip, tmp_path / name, 1_500_000)
    assert "space" in run.complaint
    assert ".part" in run.complaint
    assert_only_a_playable_part(tmp_path / name)


def test_a_disk_that_is_full_from_the_start(clip: Path, tmp_path: Path) -> None:
    assert "space" in run_on_a_full_disk(clip, tmp_path / "out.mp4", 0).complaint
    assert not (tmp_path / "out.mp4").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MB, where we may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = sys.platform == "linux" and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode
    if not mounted:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_really_full_disk(small_disk: Path, long_clip: Path, fnst_live: RunCommand) -> None:
    complaint = fnst_live("video", long_clip, "-o", small_disk / "out.mkv", *UNPAINTED, "--json").complaint
    assert "space" in complaint
    assert_only_a_playable_part(small_disk / "out.mkv")


def test_an_old_part_is_no_obstacle(clip: Path, convert: Convert, tmp_path: Path) -> None:
    (tmp_path / "out.part.mp4").write_text("left by a crash")
    convert(clip, tmp_path / "out.mp4")
    assert len(read_video(tmp_path / "out.mp4").pictures) == 3
    assert not (tmp_path / "out.part.mp4").exists()


def test_a_refusal_leaves_an_overwritable_file_alone(refuse: Refuse, tmp_path: Path) -> None:
    """`--overwrite` replaces at the end, never before there is something to replace with."""
    whole = numbered_clip(50).write(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "in.mp4").write_bytes(whole[:500])
    (tmp_path / "out.mp4").write_text("precious")
    refuse(tmp_path / "in.mp4", tmp_path / "out.mp4", "--overwrite")
    assert (tmp_path / "out.mp4").read_text() == "precious"
