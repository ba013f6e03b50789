"""Names that are free, and what of the queue outlives the program."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from fnst_live.export_jobs import ExportJob, JobState, Status, load_states, save_states
from fnst_live.settings import LookSettings, VideoSettings


def job(source: Path | str = "clip.mp4", style: str = "udnie", folder: Path | None = None) -> ExportJob:
    return ExportJob(Path(source), LookSettings(style=style), VideoSettings(start="1", codec="hevc"), folder)


# Names


def test_the_result_lies_beside_its_source(tmp_path: Path) -> None:
    assert job(tmp_path / "clip.mov").free_output(".mp4") == tmp_path / "clip.udnie.mp4"


def test_or_in_the_folder_that_was_chosen(tmp_path: Path) -> None:
    assert job("/elsewhere/clip.mov", folder=tmp_path).free_output(".mov") == tmp_path / "clip.udnie.mov"


def test_what_exists_is_never_chosen(tmp_path: Path) -> None:
    for name in ("clip.udnie.mp4", "clip.udnie 2.mp4"):
        (tmp_path / name).touch()
    assert job(tmp_path / "clip.mp4").free_output(".mp4").name == "clip.udnie 3.mp4"


def test_not_even_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "clip.udnie.mp4").symlink_to(tmp_path / "gone")
    assert job(tmp_path / "clip.mp4").free_output(".mp4").name == "clip.udnie 2.mp4"


@pytest.mark.parametrize(("style", "name"), [
    ("udnie", "udnie"), ("oils no. 5", "oils no. 5"), ("/models/mine.safetensors", "mine"),
    ("/models/mine.safetensors#second one", "second one"), ("old.pth", "old"),
])
def test_the_style_as_it_stands_in_the_name(style: str, name: str) -> None:
    assert job(style=style).style_name == name


def test_two_styles_in_the_name() -> None:
    look = LookSettings(style="udnie", second_style="/models/mine.safetensors", mix=0.3)
    assert ExportJob(Path("clip.mp4"), look).style_name == "udnie+mine"
    assert ExportJob(Path("clip.mp4"), dataclasses.replace(look, mix=0.0)).style_name == "udnie"


def test_every_job_has_a_name_of_its_own() -> None:
    assert job().id != job().id


# Progress


@pytest.mark.parametrize(("done", "total", "status", "progress"), [
    (0, 10, "running", 0.0), (5, 10, "running", 0.5), (12, 10, "running", 1.0), (5, None, "running", None),
    (5, None, "done", 1.0),
])
def test_progress(done: int, total: int | None, status: Status, progress: float | None) -> None:
    assert JobState(job(), status, done, total).progress == progress


# Between two starts


def test_what_is_unfinished_comes_back_as_it_was_asked_for(tmp_path: Path) -> None:
    file, wanted = tmp_path / "deep" / "exports.json", job("/a/clip.mp4", folder=tmp_path)
    save_states(file, [JobState(wanted)])
    assert load_states(file) == [JobState(wanted)]


@pytest.mark.parametrize(("before", "after"), [
    ("checking", "checking"), ("waiting", "checking"), ("running", "checking"), ("paused", "paused"),
])
def test_each_begins_anew_unless_it_was_held(before: Status, after: Status, tmp_path: Path) -> None:
    save_states(tmp_path / "q", [JobState(job(), before, 7, 9, message="words", suffix=".mp4")])
    [state] = load_states(tmp_path / "q")
    assert (state.status, state.frames_done, state.suffix, state.message) == (after, 0, "", "")


def test_why_something_failed_is_remembered(tmp_path: Path) -> None:
    save_states(tmp_path / "q", [JobState(job(), "failed", message="it is damaged")])
    [state] = load_states(tmp_path / "q")
    assert (state.status, state.message) == ("failed", "it is damaged")


def test_what_is_done_or_was_cancelled_is_not(tmp_path: Path) -> None:
    save_states(tmp_path / "q", [JobState(job(), "done"), JobState(job(), "cancelled")])
    assert load_states(tmp_path / "q") == []


@pytest.mark.parametrize("content", ["", "{", "{}", "null", '[1, null, {"id": "x"}]', "\udcff"])
def test_a_file_that_makes_no_sense_is_an_empty_queue(content: str, tmp_path: Path) -> None:
    (tmp_path / "q").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert load_states(tmp_path / "q") == []


def test_no_file_is_an_empty_queue(tmp_path: Path) -> None:
    assert load_states(tmp_path / "q") == []


def test_a_job_of_another_version_does_not_take_the_rest_with_it(tmp_path: Path) -> None:
    file, ours = tmp_path / "q", job()
    save_states(file, [JobState(job()), JobState(ours), JobState(job())])
    records = json.loads(file.read_text())
    records[0]["look"]["sparkle"] = 11
    records[2]["look"]["strength"] = 11
    file.write_text(json.dumps(records))
    assert [state.job for state in load_states(file)] == [ours]


def test_a_job_from_before_pictures_could_be_enlarged_is_not_enlarged(tmp_path: Path) -> None:
    file, ours = tmp_path / "q", job()
    save_states(file, [JobState(ours)])
    records = json.loads(file.read_text())
    del records[0]["look"]["upscale"]
    file.write_text(json.dumps(records))
    assert [state.job for state in load_states(file)] == [ours]
    assert ours.look.upscale == 1


def test_how_much_is_enlarged_is_kept(tmp_path: Path) -> None:
    wanted = ExportJob(Path("clip.mp4"), LookSettings(upscale=4))
    save_states(tmp_path / "q", [JobState(wanted)])
    assert [state.job for state in load_states(tmp_path / "q")] == [wanted]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    file, kept = tmp_path / "q", job()
    save_states(file, [JobState(kept)])
    broken = dataclasses.replace(job(), id=object())  # type: ignore[arg-type]  # JSON cannot hold it
    with pytest.raises(TypeError):
        save_states(file, [JobState(broken)])
    assert [state.job for state in load_states(file)] == [kept]
