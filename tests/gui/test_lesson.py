"""A style learned from a painting: what the trainer says becomes progress, a style, or a sentence.

The trainer is a small script here; that `fnst-train adapt` says and does what the script does is tested with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from fnst_live.gui import lesson_presenter
from fnst_live.gui.lesson import Lesson

from .conftest import Bench

PATIENCE_MS = 20_000
BEGINNING = """
import signal, sys, time
from pathlib import Path
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
def end():
    Path(arguments["--output"]).write_text(arguments["--style-image"] + arguments["--base"])
    sys.exit(0)
def say(line):
    print(line, file=sys.stderr, flush=True)
"""
LEARNS = BEGINNING + """
say("starting from udnie, the nearest of its styles")
for percent in (7, 54, 100):
    say(f"step 10  {percent}%  1.5 it/s  0:10 left  total 0.5")
end()
"""
LEARNS_UNTIL_TOLD = BEGINNING + """
signal.signal(signal.SIGTERM, lambda *_: end())
say("step 10  3%  1.5 it/s  9:10 left  total 0.5")
time.sleep(60)
"""
FAILS = BEGINNING + """
say("VGG weights from nowhere")
say("fnst-train: there are no VGG weights: run pip install 'fnst-live[train]'")
sys.exit(2)
"""

MakeLesson = Callable[..., Lesson]


@pytest.fixture
def make_lesson(tmp_path: Path) -> Iterator[MakeLesson]:
    """Of a trainer that is this script."""
    lessons: list[Lesson] = []

    def make(script: str, painting: Path = Path("street-berlin.jpg"), base: Path = Path("pack.safetensors")) -> Lesson:
        file = tmp_path / "trainer.py"
        file.write_text(script)
        lessons.append(Lesson(painting, base, [sys.executable, str(file)]))
        return lessons[-1]

    yield make
    for lesson in lessons:
        lesson.abandon()


def test_a_painting_is_learned(make_lesson: MakeLesson, qtbot: QtBot) -> None:
    lesson, percents = make_lesson(LEARNS), list[int]()
    lesson.progressed.connect(percents.append)
    with qtbot.waitSignal(lesson.learned, timeout=PATIENCE_MS) as learned:
        lesson.start()
    assert learned.args
    file, = learned.args
    assert file.name == "street-berlin.safetensors"
    assert file.read_text() == "street-berlin.jpgpack.safetensors"
    assert percents == [7, 54, 100]
    lesson.abandon()
    assert not file.parent.exists()


def test_ended_early_it_keeps_what_was_learned(make_lesson: MakeLesson, qtbot: QtBot) -> None:
    lesson = make_lesson(LEARNS_UNTIL_TOLD)
    with qtbot.waitSignal(lesson.progressed, timeout=PATIENCE_MS):
        lesson.start()
    with qtbot.waitSignal(lesson.learned, timeout=PATIENCE_MS):
        lesson.stop()


def test_ended_before_anything_was_learned(make_lesson: MakeLesson, qtbot: QtBot) -> None:
    lesson = make_lesson(BEGINNING + 'say("VGG weights from somewhere")\ntime.sleep(60)')
    lesson.start()
    qtbot.waitUntil(lambda: "somewhere" in lesson._last_line, timeout=PATIENCE_MS)
    with qtbot.waitSignal(lesson.failed, timeout=PATIENCE_MS) as failed:
        lesson.stop()
    assert failed.args == ["stopped before anything was learned"]


def test_the_trainers_own_sentence_is_told(make_lesson: MakeLesson, qtbot: QtBot) -> None:
    lesson = make_lesson(FAILS)
    with qtbot.waitSignal(lesson.failed, timeout=PATIENCE_MS) as failed:
        lesson.start()
    assert failed.args == ["there are no VGG weights: run pip install 'fnst-live[train]'"]


def test_a_trainer_that_is_not_there(qtbot: QtBot, tmp_path: Path) -> None:
    lesson = Lesson(Path("a.jpg"), Path("b.safetensors"), [str(tmp_path / "nothing")])
    with qtbot.waitSignal(lesson.failed, timeout=PATIENCE_MS) as failed:
        lesson.start()
    assert "cannot be started" in str(failed.args)
    lesson.abandon()


def test_an_abandoned_lesson_says_nothing(make_lesson: MakeLesson, qtbot: QtBot) -> None:
    lesson, told = make_lesson(LEARNS_UNTIL_TOLD), list[object]()
    with qtbot.waitSignal(lesson.progressed, timeout=PATIENCE_MS):
        lesson.start()
    lesson.learned.connect(told.append)
    lesson.failed.connect(told.append)
    lesson.abandon()
    qtbot.wait(50)
    assert not told


@pytest.fixture
def chosen(bench: Bench, make_lesson: MakeLesson, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The user chooses a painting, and the trainer does as the script says."""

    def choose(script: str) -> None:
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/paintings/street-berlin.jpg", ""))
        bench.live.lessons.make_lesson = lambda painting, base, parent: make_lesson(script, painting, base)
        bench.window.actions_["learn_style"].trigger()

    return choose


def test_what_was_learned_is_added_and_meanwhile_it_is_said_how_far_it_is(
    bench: Bench, chosen: Callable[[str], None]
) -> None:
    chosen(LEARNS)
    assert bench.window.toast.text == "Learning street-berlin: 0 %"
    bench.bot.waitUntil(lambda: len(bench.session.commands("add_model")) == 1, timeout=PATIENCE_MS)
    (file,), = bench.session.commands("add_model")
    assert Path(str(file)).name == "street-berlin.safetensors"
    assert bench.window.toast.text == "Learning street-berlin: 100 %"


def test_the_command_ends_a_lesson_too(bench: Bench, chosen: Callable[[str], None]) -> None:
    action = bench.window.actions_["learn_style"]
    chosen(LEARNS_UNTIL_TOLD)
    assert action.text() == "Learn no further"
    bench.bot.waitUntil(lambda: bench.window.toast.text.endswith(": 3 %"), timeout=PATIENCE_MS)
    action.trigger()
    bench.bot.waitUntil(lambda: len(bench.session.commands("add_model")) == 1, timeout=PATIENCE_MS)
    assert action.text() == "Learn a style from a painting…"


def test_what_fails_is_told(bench: Bench, chosen: Callable[[str], None]) -> None:
    chosen(FAILS)
    bench.bot.waitUntil(lambda: "VGG weights" in bench.window.banner.text, timeout=PATIENCE_MS)
    assert bench.window.actions_["learn_style"].text() == "Learn a style from a painting…"
    assert not bench.session.commands("add_model")


def test_no_painting_is_no_lesson(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    bench.window.actions_["learn_style"].trigger()
    assert not bench.window.toast.text


def test_without_a_model_there_is_nothing_to_learn_with(
    bench: Bench, chosen: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_presenter, "list_styles", list)
    chosen(LEARNS)
    assert bench.window.banner.text == "There is no style model to learn with: install fnst-live again"
