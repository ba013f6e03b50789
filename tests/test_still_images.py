"""Where painted pictures go: beside, into folders, through pipes, and never over another."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fnst_live.errors import InputError, OutputError
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.still_images import PictureResult, paint_pictures

PaintAll = Callable[..., list[PictureResult]]
SMALL = FrameSize(6, 4)


def inverted(frame: Frame) -> Frame:
    return frame.with_pixels(255 - frame.pixels)


def never(frame: Frame) -> Frame:
    raise AssertionError("painted before the output was checked")


@pytest.fixture
def paint_all() -> PaintAll:
    """Inverts instead of painting, in the style `wave`."""

    def run(source: str | Path, output: str | Path | None = None, *, overwrite: bool = False,
            paint: Callable[[Frame], Frame] = inverted) -> list[PictureResult]:
        target = None if output is None else str(output)
        return paint_pictures(str(source), target, paint, style_name="wave", overwrite=overwrite)

    return run


@pytest.fixture
def refuse(paint_all: PaintAll) -> Callable[..., str]:
    """The one sentence of a run that was refused before anything was painted."""

    def run(source: str | Path, output: str | Path | None = None, *, overwrite: bool = False) -> str:
        with pytest.raises(OutputError) as caught:
            paint_all(source, output, overwrite=overwrite, paint=never)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return run


Refuse = Callable[..., str]


def picture(path: Path, level: int = 10) -> Path:
    Image.new("RGB", SMALL, (level, level, level)).save(path)
    return path


def level_of(path: Path) -> int:
    """Of a picture of one gray."""
    with Image.open(path) as image:
        return int(np.asarray(image.convert("L")).mean().round())


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


# One picture


@pytest.mark.parametrize(
    ("name", "beside"),
    [("photo.png", "photo.wave.png"), ("photo.JPG", "photo.wave.JPG"), ("a.b.tif", "a.b.wave.tif"),
     ("photo.gif", "photo.wave.png"), ("photo.ppm", "photo.wave.png")],
)
def test_beside_the_input_with_the_name_of_the_style(
    name: str, beside: str, paint_all: PaintAll, tmp_path: Path
) -> None:
    [result] = paint_all(picture(tmp_path / name))
    assert result == PictureResult(str(tmp_path / name), str(tmp_path / beside), SMALL, "wave", [])
    assert level_of(tmp_path / beside) == pytest.approx(245, abs=2)
    assert names_in(tmp_path) == sorted([name, beside])


def test_a_result_as_json(paint_all: PaintAll, tmp_path: Path) -> None:
    [result] = paint_all(picture(tmp_path / "a.png"), tmp_path / "b.png")
    assert result.as_json() == {
        "input": str(tmp_path / "a.png"), "output": str(tmp_path / "b.png"), "size": [6, 4], "style": "wave",
        "warnings": [],
    }


def test_a_name_without_a_suffix(paint_all: PaintAll, tmp_path: Path) -> None:
    picture(tmp_path / "a.png").rename(tmp_path / "photo")
    paint_all(tmp_path / "photo")
    assert level_of(tmp_path / "photo.wave.png") == 245


@pytest.mark.parametrize("is_there", [True, False])
def test_into_a_folder_under_its_own_name(is_there: bool, paint_all: PaintAll, tmp_path: Path) -> None:
    if is_there:
        (tmp_path / "out").mkdir()
    [result] = paint_all(picture(tmp_path / "a.gif"), f"{tmp_path}/out/")
    assert result.output == str(tmp_path / "out" / "a.png")
    assert level_of(tmp_path / "out" / "a.png") == 245


def test_into_a_folder_that_is_there_without_a_slash(paint_all: PaintAll, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    paint_all(picture(tmp_path / "a.png"), tmp_path / "out")
    assert names_in(tmp_path / "out") == ["a.png"]


def test_an_existing_output(paint_all: PaintAll, refuse: Refuse, tmp_path: Path) -> None:
    source, output = picture(tmp_path / "a.png"), picture(tmp_path / "a.wave.png", 99)
    assert "--overwrite" in refuse(source)
    assert level_of(output) == 99
    paint_all(source, overwrite=True)
    assert level_of(output) == 245


def test_the_input_is_never_the_output(refuse: Refuse, tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    for output in (source, tmp_path, f"{tmp_path}/"):
        assert "input itself" in refuse(source, output, overwrite=True)
    assert level_of(source) == 10


def test_outputs_that_cannot_be(refuse: Refuse, tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    assert "does not exist" in refuse(source, tmp_path / "nowhere" / "out.png")
    assert "does not exist" in refuse(source, f"{tmp_path}/nowhere/out/")
    assert "is a file" in refuse(source, f"{source}/")
    assert ".png" in refuse(source, tmp_path / "out.gif")


def test_a_picture_too_large_for_its_output(paint_all: PaintAll, tmp_path: Path) -> None:
    Image.new("RGB", (17_000, 1)).save(tmp_path / "a.png")
    with pytest.raises(OutputError, match="16383"):
        paint_all(tmp_path / "a.png", tmp_path / "a.webp", paint=never)


def test_warnings_of_both_ends(paint_all: PaintAll, tmp_path: Path) -> None:
    frames = [Image.new("RGBA", SMALL, (color, 0, 0, 128)) for color in (10, 99)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    [result] = paint_all(tmp_path / "a.png", tmp_path / "a.jpg")
    first, second = result.warnings
    assert "2 pictures" in first
    assert "transparency" in second


def test_transparency_comes_through(paint_all: PaintAll, tmp_path: Path) -> None:
    Image.new("RGBA", SMALL, (10, 20, 30, 77)).save(tmp_path / "a.png")
    paint_all(tmp_path / "a.png", tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as image:
        assert image.getpixel((2, 2)) == (245, 235, 225, 77)


# A folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, and what else there is in folders."""
    pictures = tmp_path / "pics"
    (pictures / "deeper").mkdir(parents=True)
    for level, name in ((10, "b.png"), (20, "a.jpg"), (30, "c.webp")):
        picture(pictures / name, level)
    picture(pictures / "deeper" / "d.png")
    picture(pictures / ".hidden.png")
    picture(pictures / "left.part.png")
    (pictures / "notes.txt").write_text("not a picture")
    (pictures / "folder.png").mkdir()
    return pictures


def test_all_right_in_the_folder_and_in_order(folder: Path, paint_all: PaintAll, tmp_path: Path) -> None:
    results = paint_all(folder)
    assert [result.source for result in results] == [str(folder / name) for name in ("a.jpg", "b.png", "c.webp")]
    assert names_in(tmp_path / "pics.wave") == ["a.jpg", "b.png", "c.webp"]
    levels = [level_of(tmp_path / "pics.wave" / name) for name in ("a.jpg", "b.png", "c.webp")]
    assert levels == pytest.approx([235, 245, 225], abs=2)


@pytest.mark.parametrize("ending", ["", "/"])
def test_into_a_folder_of_choice(ending: str, folder: Path, paint_all: PaintAll, tmp_path: Path) -> None:
    paint_all(f"{folder}/", f"{tmp_path}/out{ending}")
    assert names_in(tmp_path / "out") == ["a.jpg", "b.png", "c.webp"]


def test_the_folder_one_stands_in(
    folder: Path, paint_all: PaintAll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    paint_all(".")
    assert names_in(tmp_path / "pics.wave") == ["a.jpg", "b.png", "c.webp"]


def test_no_two_pictures_get_one_name(paint_all: PaintAll, tmp_path: Path) -> None:
    source = tmp_path / "pics"
    source.mkdir()
    names = ["a.png", "a.jpg", "a.gif", "a.ppm", "b.gif", "b.ppm", "c.gif", "C.PNG", "d.gif", "d.png", "d.gif.png"]
    for i, name in enumerate(names):
        picture(source / name, 10 * i)
    results = paint_all(source)
    outputs = [str(result.output) for result in results]
    assert len({output.casefold() for output in outputs}) == len(names)
    for result in results:
        assert level_of(Path(str(result.output))) == pytest.approx(255 - level_of(Path(result.source)), abs=2)
    kept = {Path(result.source).name: Path(str(result.output)).name for result in results}
    assert (kept["a.png"], kept["a.jpg"]) == ("a.png", "a.jpg")
    assert kept["a.gif"] == "a.gif.png"
    assert kept["b.gif"] == "b.png"


def test_what_cannot_be_read_is_skipped_and_told(folder: Path, paint_all: PaintAll, tmp_path: Path) -> None:
    (folder / "aa.png").write_text("no picture")
    (folder / "empty.jpg").touch()
    results = paint_all(folder)
    skipped = [result for result in results if result.output is None]
    assert [Path(result.source).name for result in skipped] == ["aa.png", "empty.jpg"]
    assert all(result.size is None and "skipped" in result.warnings[0] for result in skipped)
    assert skipped[0].as_json()["size"] is None
    assert names_in(tmp_path / "pics.wave") == ["a.jpg", "b.png", "c.webp"]


@pytest.mark.parametrize("names", [["a.png"], ["a.png", "b.jpg"]])
def test_nothing_to_read(names: list[str], paint_all: PaintAll, tmp_path: Path) -> None:
    (tmp_path / "pics").mkdir()
    for name in names:
        (tmp_path / "pics" / name).write_text("no picture")
    with pytest.raises(InputError, match=r"a\.png cannot be read"):
        paint_all(tmp_path / "pics")
    assert names_in(tmp_path) == ["pics"]


def test_a_folder_without_pictures(paint_all: PaintAll, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="holds no pictures"):
        paint_all(tmp_path)


def test_one_existing_output_stops_a_folder_before_it_begins(
    folder: Path, refuse: Refuse, paint_all: PaintAll, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    picture(tmp_path / "out" / "c.webp", 99)
    assert "c.webp exists already" in refuse(folder, tmp_path / "out")
    assert names_in(tmp_path / "out") == ["c.webp"]
    paint_all(folder, tmp_path / "out", overwrite=True)
    assert names_in(tmp_path / "out") == ["a.jpg", "b.png", "c.webp"]


def test_outputs_that_cannot_be_for_a_folder(folder: Path, refuse: Refuse, tmp_path: Path) -> None:
    assert "input itself" in refuse(folder, folder, overwrite=True)
    assert "is a file" in refuse(folder, picture(tmp_path / "out.png"), overwrite=True)
    assert "does not exist" in refuse(folder, tmp_path / "nowhere" / "out")
    assert "one picture" in refuse(folder, "-")


# Pipes


@pytest.fixture
def piped_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture waits at standard input."""
    file = io.BytesIO()
    Image.new("RGB", SMALL, (10, 10, 10)).save(file, "PNG")
    file.seek(0)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))


def test_from_a_pipe_into_a_file(piped_in: None, paint_all: PaintAll, tmp_path: Path) -> None:
    [result] = paint_all("-", tmp_path / "a.bmp")
    assert (result.source, result.size) == ("-", SMALL)
    assert level_of(tmp_path / "a.bmp") == 245


def test_from_a_pipe_into_a_folder_has_no_name(piped_in: None, refuse: Refuse, tmp_path: Path) -> None:
    assert "has no name" in refuse("-", tmp_path)
    assert "has no name" in refuse("-", f"{tmp_path}/new/")


def test_a_terminal_is_no_place_for_a_picture(
    piped_in: None, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "terminal" in refuse("-")
