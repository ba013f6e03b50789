"""A clip played, paused, sought, stepped and looped. Levels tell the frames apart: frame i is gray of level 4 i."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame
from fnst_live.sources import clip_player
from fnst_live.sources.clip_player import ClipPlayer

PATIENCE_S = 20
WriteClip = Callable[..., Path]


class Playing:
    """A player on its thread, and what it showed and told."""

    def __init__(self, path: Path, *, is_looping: bool = False, starts_paused: bool = False, most_lines: int = 1080):
        self.frames: list[Frame] = []
        self.told: list[str] = []
        self.error: Exception | None = None
        self._changed = threading.Condition()
        self.player = ClipPlayer(
            path, most_lines, is_looping=is_looping,
            on_jump=lambda: self._tell("jump"), on_end=lambda: self._tell("end"),
        )
        if starts_paused:
            self.player.pause()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            for frame in self.player:
                with self._changed:
                    self.frames.append(frame)
                    self._changed.notify_all()
        except InputError as error:
            with self._changed:
                self.error = error
                self._changed.notify_all()

    def _tell(self, what: str) -> None:
        with self._changed:
            self.told.append(what)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE_S)

    def wait_for_frames(self, count: int) -> None:
        self.wait(lambda: len(self.frames) >= count)

    @property
    def shown(self) -> list[int]:
        """Which frames, by their levels."""
        return [round(float(frame.pixels.mean()) / 4) for frame in self.frames]

    def close(self) -> None:
        self.player.close()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def play(write_clip: WriteClip) -> Iterator[Callable[..., Playing]]:
    players: list[Playing] = []

    def begin(*, frame_count: int = 25, width: int = 64, **more: bool | int) -> Playing:
        path = write_clip(frame_count=frame_count, width=width)
        players.append(Playing(path, **more))  # type: ignore[arg-type]
        return players[-1]

    yield begin
    for playing in players:
        playing.close()


def test_a_clip_plays_at_its_own_pace_to_its_end(play: Callable[..., Playing]) -> None:
    playing = play(frame_count=10)
    playing.wait(lambda: "end" in playing.told)
    first, last = playing.frames[0], playing.frames[-1]
    assert (playing.shown[0], playing.shown[-1]) == (0, 9)
    assert last.captured_s - first.captured_s >= 8 / 25
    assert playing.told == ["jump", "end"]
    assert [float(frame.time_s) for frame in playing.frames] == [
        pytest.approx(number / 25) for number in playing.shown
    ]
    assert playing.player.duration_s == pytest.approx(0.4)
    assert playing.player.frame_rate == 25


def test_indices_grow_by_one_but_for_what_was_skipped(play: Callable[..., Playing]) -> None:
    playing = play(frame_count=10)
    playing.wait(lambda: "end" in playing.told)
    assert playing.frames[-1].index == len(playing.frames) - 1 + playing.player.skipped_count


def test_paused_it_shows_its_first_frame_and_waits(play: Callable[..., Playing]) -> None:
    playing = play(starts_paused=True)
    playing.wait_for_frames(1)
    assert not playing.player.is_playing
    assert playing.player.position_s == 0
    playing.player.play()
    playing.wait_for_frames(3)


def test_steps_go_on_and_back_by_single_frames(play: Callable[..., Playing]) -> None:
    playing = play(starts_paused=True)
    playing.wait_for_frames(1)
    for count, step in enumerate((1, 1, 3, -1, -2, 1), start=2):
        playing.player.step(step)
        playing.wait_for_frames(count)
    assert playing.shown == [0, 1, 2, 5, 4, 2, 3]
    assert playing.player.position_s == pytest.approx(3 / 25)


def test_a_step_pauses(play: Callable[..., Playing]) -> None:
    playing = play()
    playing.wait_for_frames(1)
    playing.player.step(1)
    assert not playing.player.is_playing


def test_a_seek_shows_that_frame_and_is_a_jump(play: Callable[..., Playing]) -> None:
    playing = play(frame_count=60, starts_paused=True)
    playing.wait_for_frames(1)
    for count, (seconds, number) in enumerate(((1.6, 40), (0.0, 0), (0.2, 5)), start=2):
        playing.player.seek(seconds)
        playing.wait_for_frames(count)
        assert playing.shown[-1] == number
        assert playing.player.position_s == pytest.approx(seconds)
    assert playing.told == ["jump"] * 4
    assert [frame.index for frame in playing.frames] == [0, 1, 2, 3]


@pytest.mark.parametrize(("seconds", "number"), [(-5.0, 0), (99.0, 24)])
def test_a_seek_stays_within_the_clip(play: Callable[..., Playing], seconds: float, number: int) -> None:
    playing = play(starts_paused=True)
    playing.wait_for_frames(1)
    playing.player.seek(seconds)
    playing.wait_for_frames(2)
    assert playing.shown[-1] == number


def test_a_seek_behind_what_is_there_of_a_cut_off_clip_ends_it_and_no_more(tmp_path: Path) -> None:
    playing = Playing(cut_off_clip(tmp_path / "cut.mp4"))
    try:
        playing.wait_for_frames(1)
        playing.player.seek(3.5)
        playing.wait(lambda: "end" in playing.told)
        count = len(playing.frames)
        playing.player.seek(0.2)
        playing.wait_for_frames(count + 1)
        assert float(playing.frames[count].time_s) == pytest.approx(0.2)
    finally:
        playing.close()


def cut_off_clip(path: Path) -> Path:
    """A third of four seconds, with a table of all of them in front."""
    random = np.random.default_rng(0)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as clip:
        video = clip.add_stream("libx264", rate=25, options={"g": "5", "bf": "0"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for _ in range(100):
            noise = random.integers(0, 256, (48, 64, 3), np.uint8)
            clip.mux(video.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        clip.mux(video.encode(None))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    return path


def test_steps_back_in_quick_succession_all_count(play: Callable[..., Playing]) -> None:
    playing = play(starts_paused=True)
    playing.wait_for_frames(1)
    playing.player.seek(20 / 25)
    playing.wait_for_frames(2)
    for _ in range(3):
        playing.player.step(-1)
    playing.wait(lambda: playing.shown[-1] == 17)
    playing.player.seek(10 / 25)
    playing.player.step(-2)
    playing.wait(lambda: playing.shown[-1] == 8)


def test_at_its_end_it_stands_and_can_be_played_again(play: Callable[..., Playing]) -> None:
    playing = play(frame_count=5)
    playing.wait(lambda: "end" in playing.told)
    assert not playing.player.is_playing
    assert playing.player.position_s <= 5 / 25
    count = len(playing.frames)
    playing.player.play()
    playing.wait(lambda: playing.told.count("end") == 2)
    assert playing.shown[count] == 0


def test_back_from_the_end_is_the_frame_before_the_last(play: Callable[..., Playing]) -> None:
    playing = play(frame_count=5)
    playing.wait(lambda: "end" in playing.told)
    count = len(playing.frames)
    playing.player.step(-1)
    playing.wait_for_frames(count + 1)
    assert playing.shown[-1] == 3


def test_a_loop_goes_round_and_can_be_ended(play: Callable[..., Playing]) -> None:
    playing = play(frame_count=4, is_looping=True)
    playing.wait(lambda: playing.told.count("jump") == 3)
    playing.player.set_loop(False)
    playing.wait(lambda: "end" in playing.told)
    playing.player.set_loop(True)
    playing.wait(lambda: playing.told.count("jump") >= 5)


def test_where_decoding_is_too_slow_frames_are_skipped_and_some_are_still_shown(
    play: Callable[..., Playing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClipPlayer, "_is_late", lambda self, time_s: True)
    playing = play(frame_count=40)
    playing.wait(lambda: "end" in playing.told)
    assert playing.shown == [0, 9, 18, 27, 36]
    assert playing.player.skipped_count == 35
    assert clip_player.MOST_SKIPPED == 8


def test_large_clips_are_shown_smaller(play: Callable[..., Playing]) -> None:
    playing = play(starts_paused=True, most_lines=24)
    playing.wait_for_frames(1)
    assert playing.frames[0].size == playing.player.size == (32, 24)


def test_a_file_that_goes_while_it_is_played_is_told_of(play: Callable[..., Playing]) -> None:
    playing = play(starts_paused=True)
    playing.wait_for_frames(1)
    playing.player.path.unlink()
    playing.player.seek(0.5)
    playing.wait(lambda: playing.error is not None)
    assert isinstance(playing.error, InputError)


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.mp4").write_bytes(b"no clip")
    with pytest.raises(InputError):
        ClipPlayer(tmp_path / "torn.mp4", 1080)
