"""Which styles exist: by name from two folders, or from a file, and what is said when there is none such."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from fnst_live import paths
from fnst_live.errors import StyleError
from fnst_live.style_library import find_style, list_styles, load_style, read_entries, unreadable_files
from fnst_live.stylenet import legacy
from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet
from fnst_live.stylenet.upscale_net import UpscaleModel, UpscaleNet, UpscaleShape, save_upscale_model

SHAPE = NetShape(half=8, quarter=8, eighth=8, residual_blocks=1)
ROOT = Path(__file__).parents[1]


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of models that ship, empty."""
    folder = tmp_path / "assets" / "models"
    folder.mkdir(parents=True)
    monkeypatch.setattr(paths, "assets_dir", lambda: tmp_path / "assets")
    return folder


@pytest.fixture
def users(shipped: Path) -> Path:
    """The user's folder, empty."""
    return paths.user_models_dir()


def write_model(file: Path, *names: str) -> Path:
    """A model of these styles; the n-th one's vector is all n."""
    cards = tuple(StyleCard(name, f"painter of {name}", f"work of {name}", "1889") for name in names)
    styles = torch.arange(len(names), dtype=torch.float32)[:, None].repeat(1, SHAPE.style_length)
    save_model(file, StyleModel(ModelHeader("transformer_net", cards, SHAPE), TransformerNet(SHAPE), styles))
    return file


def write_header(file: Path, header: object) -> Path:
    """A file that begins like a safetensors file, with this header."""
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text)
    return file


def names() -> list[str]:
    return [entry.name for entry in list_styles()]


def test_all_styles_of_both_folders_are_listed(shipped: Path, users: Path) -> None:
    write_model(shipped / "all.safetensors", "starry-night", "great-wave")
    write_model(users / "mine.safetensors", "garden")
    torch.save(JohnsonNet().state_dict(), users / "candy.pth")
    (users / "notes.txt").write_text("not a model, and none of our business")
    (users / "folder.pth").mkdir()
    assert names() == ["starry-night", "great-wave", "candy", "garden"]
    assert not unreadable_files()


def test_a_style_knows_its_painting_and_its_file(shipped: Path) -> None:
    file = write_model(shipped / "all.safetensors", "starry-night")
    assert [entry.as_json() for entry in list_styles()] == [{
        "name": "starry-night", "painter": "painter of starry-night", "work": "work of starry-night", "year": "1889",
        "file": str(file), "size": file.stat().st_size,
    }]


def test_a_user_without_a_folder_has_the_styles_that_ship(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_model(shipped / "all.safetensors", "starry-night")
    monkeypatch.setenv("FNST_LIVE_MODELS", str(tmp_path / "nowhere"))
    assert names() == ["starry-night"]


@pytest.mark.parametrize("name", ["starry-night", "Starry-Night"])
def test_the_users_style_replaces_the_shipped_one_of_its_name(shipped: Path, users: Path, name: str) -> None:
    write_model(shipped / "all.safetensors", "starry-night", "great-wave")
    file = write_model(users / "mine.safetensors", name)
    assert names() == [name, "great-wave"]
    assert find_style("starry-night").file == file


@pytest.mark.parametrize("name", ["Great-Wave", "GREAT-WAVE", "great-wave"])
def test_names_are_found_whatever_their_case(shipped: Path, name: str) -> None:
    write_model(shipped / "all.safetensors", "starry-night", "great-wave")
    assert find_style(name).name == "great-wave"


@pytest.mark.parametrize(("name", "nearest"), [("stary-nigth", "starry-night"), ("Wave", "great-wave"), ("zzz", "")])
def test_an_unknown_name_is_answered_with_the_nearest(shipped: Path, name: str, nearest: str) -> None:
    write_model(shipped / "all.safetensors", "starry-night", "great-wave")
    with pytest.raises(StyleError, match=f"unknown style '{name}': did you mean '{nearest}") as error:
        load_style(name)
    assert "fnst-live styles" in str(error.value)


def test_no_styles_at_all_says_where_they_belong(users: Path) -> None:
    assert list_styles() == []
    with pytest.raises(StyleError, match="no styles are installed") as error:
        load_style("starry-night")
    assert str(users) in str(error.value)


def test_a_style_loads_with_its_own_vector(shipped: Path) -> None:
    write_model(shipped / "all.safetensors", "starry-night", "great-wave")
    style = load_style("Great-Wave")
    assert style.entry.name == "great-wave"
    assert style.vector.shape == (SHAPE.style_length,)
    assert (style.vector == 1).all()


def test_a_file_is_loaded_from_wherever_it_lies(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_model(tmp_path / "mine.safetensors", "garden", "pond")
    assert load_style(str(file)).entry.name == "garden"
    monkeypatch.chdir(tmp_path)
    assert load_style("mine.safetensors").entry.name == "garden"


@pytest.mark.parametrize("wanted", ["pond", "Pond"])
def test_a_style_is_chosen_in_a_file_of_several(tmp_path: Path, wanted: str) -> None:
    file = write_model(tmp_path / "mine.safetensors", "garden", "pond")
    style = load_style(f"{file}#{wanted}")
    assert style.entry.name == "pond"
    assert (style.vector == 1).all()


def test_a_file_without_the_wanted_style_says_what_it_has(tmp_path: Path) -> None:
    file = write_model(tmp_path / "mine.safetensors", "garden", "pond")
    with pytest.raises(StyleError, match="holds no style 'lake': it has garden, pond"):
        load_style(f"{file}#lake")


def test_a_path_may_have_a_hash_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "c#"
    folder.mkdir()
    file = write_model(folder / "no#1.safetensors", "garden", "pond")
    assert load_style(str(file)).entry.name == "garden"
    assert load_style(f"{file}#pond").entry.name == "pond"


def test_a_classic_model_is_a_style_named_after_its_file(users: Path) -> None:
    torch.save(JohnsonNet().state_dict(), users / "candy.pth")
    style = load_style("candy")
    assert (style.entry.name, style.entry.painter) == ("candy", "")
    assert isinstance(style.model.network, JohnsonNet)
    assert style.vector.shape == (0,)
    assert load_style(str(users / "candy.pth")).entry.name == "candy"


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match=r"gone\.safetensors does not exist"):
        load_style(str(tmp_path / "gone.safetensors"))


HEADERS = {
    "no metadata": {"weights": {}},
    "no styles": {"__metadata__": {"format": "pt"}},
    "an empty list": {"__metadata__": {"styles": "[]"}},
    "a style without a name": {"__metadata__": {"styles": '[{"painter": "me"}]'}},
    "a name that is none": {"__metadata__": {"styles": '[{"name": 7}]'}},
    "styles that are no list": {"__metadata__": {"styles": '{"name": "x"}'}},
    "styles that are no JSON": {"__metadata__": {"styles": "["}},
    "no object": [1, 2],
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_safetensors_file_of_something_else_is_refused(tmp_path: Path, header: object) -> None:
    file = write_header(tmp_path / "other.safetensors", header)
    with pytest.raises(StyleError, match=r"other\.safetensors is not a style model"):
        load_style(str(file))


@pytest.mark.parametrize("content", [b"", b"\x05", b"\xff" * 64, struct.pack("<Q", 900) + b"{", b"\x02" + bytes(7)])
def test_any_other_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.safetensors"
    file.write_bytes(content)
    with pytest.raises(StyleError, match="is not a style model"):
        read_entries(file)


def test_files_that_are_no_models_do_not_hide_the_others(shipped: Path, users: Path) -> None:
    write_model(shipped / "all.safetensors", "starry-night")
    broken = users / "broken.safetensors"
    broken.write_bytes(b"nothing like it")
    assert names() == ["starry-night"]
    [(file, reason)] = unreadable_files()
    assert file == broken
    assert "is not a style model" in reason


def test_weights_that_are_cut_short_are_refused(tmp_path: Path) -> None:
    file = write_model(tmp_path / "mine.safetensors", "garden")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(StyleError, match=r"mine\.safetensors .*cut short"):
        load_style(str(file))


def test_a_classic_file_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "candy.pth"
    file.write_bytes(b"no pickle")
    with pytest.raises(StyleError, match=r"candy\.pth is not a file of torch weights"):
        load_style(str(file))


def test_a_file_that_may_not_be_read_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> StyleModel:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(legacy, "load_legacy", refuse)
    file = tmp_path / "candy.pth"
    file.touch()
    with pytest.raises(StyleError, match=r"candy\.pth cannot be read: Permission denied"):
        load_style(str(file))


LIST_AND_SHOW_IMPORTS = """
import sys

from fnst_live.style_library import find_style, list_styles

assert {"garden", "pond"} <= {entry.name for entry in list_styles()}
assert find_style("POND").painter == "painter of pond"
print(sorted({"torch", "numpy", "safetensors", "cv2", "openvino"} & set(sys.modules)))
"""


def test_listing_reads_headers_only_and_loads_nothing_heavy(tmp_path: Path) -> None:
    file = write_model(tmp_path / "mine.safetensors", "garden", "pond")
    content = file.read_bytes()
    file.write_bytes(content[: 8 + int.from_bytes(content[:8], "little")])  # the weights are not even there
    run = subprocess.run(
        [sys.executable, "-c", LIST_AND_SHOW_IMPORTS], capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"FNST_LIVE_MODELS": str(tmp_path), "PYTHONPATH": str(ROOT)},
    )
    assert (run.returncode, run.stdout) == (0, "[]\n"), run.stderr


def test_a_model_that_enlarges_is_no_style(shipped: Path, users: Path) -> None:
    users.mkdir(parents=True, exist_ok=True)
    file = users / "x2.safetensors"
    save_upscale_model(file, UpscaleModel(UpscaleNet(UpscaleShape(2, channels=4, depth=1))))
    assert names() == []
    sentence = f"{file} enlarges pictures and holds no style: give a style model, or --upscale 2 or 4"
    with pytest.raises(StyleError) as error:
        load_style(str(file))
    assert str(error.value) == sentence
    assert unreadable_files() == [(file, sentence)]
