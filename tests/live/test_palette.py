"""Styles at hand: one vector within a file, another file when it is loaded, and no file is missed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fnst_live import paths
from fnst_live.errors import StyleError
from fnst_live.live import palette as palette_module
from fnst_live.live.palette import Brush, Palette
from fnst_live.live_settings import LiveLook
from fnst_live.stylenet.model_file import load_model, save_model

WriteModel = Callable[..., Path]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def user_model(write_model: WriteModel) -> Path:
    return write_model(paths.user_models_dir() / "park.safetensors", "garden", "pond")


def look(style: str, second: str | None = None, mix: float = 0.0) -> LiveLook:
    return LiveLook(style, second, mix, engine="torch")


def brush_of(palette: Palette, wanted: LiveLook) -> Brush:
    brush = palette.brush_for(wanted)
    assert brush is not None
    return brush


def test_nothing_is_at_hand_before_it_is_loaded(user_model: Path) -> None:
    palette = Palette()
    assert palette.brush_for(look("garden")) is None
    palette.load(look("garden"))
    assert brush_of(palette, look("garden")).style == "garden"


def test_all_styles_of_a_loaded_file_are_at_hand_on_the_same_engine(user_model: Path) -> None:
    palette = Palette()
    palette.load(look("garden"))
    garden, pond = brush_of(palette, look("garden")), brush_of(palette, look("POND"))
    assert pond.style == "pond"
    assert garden.model is pond.model
    assert not garden.paints_like(pond)
    assert garden.paints_like(brush_of(palette, look("garden")))


def test_two_styles_of_one_file_mix(user_model: Path) -> None:
    palette = Palette()
    palette.load(look("garden"))
    garden, pond, both = (
        brush_of(palette, wanted).stylizer.style
        for wanted in (look("garden"), look("pond"), look("garden", "pond", 0.25))
    )
    assert np.allclose(both, 0.75 * garden + 0.25 * pond, atol=1e-6)


def test_two_styles_of_two_files_do_not_mix_and_the_first_is_painted(user_model: Path, write_model: WriteModel) -> None:
    write_model(paths.user_models_dir() / "sea.safetensors", "reef", seed=1)
    palette, wanted = Palette(), look("garden", "reef", 0.5)
    palette.load(look("garden"))
    assert palette.brush_for(wanted) is None
    palette.load(wanted)
    assert not palette.can_mix(wanted)
    assert brush_of(palette, wanted).paints_like(brush_of(palette, look("garden")))


def test_a_style_that_was_added_to_the_network_in_a_file_of_its_own_mixes(
    user_model: Path, write_model: WriteModel
) -> None:
    """As `fnst-train adapt` makes them: the same network, and one row more."""
    added = load_model(write_model(paths.user_models_dir() / "fen.safetensors", "fen"))
    added.styles *= 0.5
    save_model(paths.user_models_dir() / "fen.safetensors", added)
    palette, wanted = Palette(), look("garden", "fen", 0.5)
    palette.load(wanted)
    garden, fen, both = (brush_of(palette, one) for one in (look("garden"), look("fen"), wanted))
    assert palette.can_mix(wanted)
    assert garden.model.engine is fen.model.engine
    assert np.allclose(both.stylizer.style, (garden.stylizer.style + fen.stylizer.style) / 2, atol=1e-6)


def test_another_engine_is_another_brush(user_model: Path) -> None:
    palette = Palette()
    palette.load(look("garden"))
    assert palette.brush_for(LiveLook("garden", engine="openvino")) is None


def test_broader_strokes_are_another_brush(user_model: Path) -> None:
    palette = Palette()
    palette.load(look("garden"))
    broad = brush_of(palette, LiveLook("garden", engine="torch", stroke_size=2))
    assert not broad.paints_like(brush_of(palette, look("garden")))
    assert broad.paints_like(brush_of(palette, LiveLook("garden", engine="torch", stroke_size=2)))


@pytest.mark.parametrize("factor", [2, 4])
def test_what_enlarges_is_loaded_with_the_look_and_once(user_model: Path, factor: int) -> None:
    palette, large = Palette(), LiveLook("garden", engine="torch", upscale=factor)
    palette.load(look("garden"))
    assert palette.has_all_of(look("garden"))
    assert palette.upscaler_for(look("garden")) is None
    assert not palette.has_all_of(large)
    palette.load(large)
    assert palette.has_all_of(large)
    upscaler = palette.upscaler_for(large)
    assert upscaler is not None
    assert upscaler.factor == factor
    palette.load(large)
    assert palette.upscaler_for(large) is upscaler


def test_a_style_may_be_named_by_its_file(user_model: Path) -> None:
    palette = Palette()
    for name, style in ((str(user_model), "garden"), (f"{user_model}#pond", "pond")):
        palette.load(look(name))
        assert brush_of(palette, look(name)).style == style


def test_a_file_that_is_deleted_is_not_missed(user_model: Path) -> None:
    palette = Palette()
    palette.load(look("garden"))
    user_model.unlink()
    palette.forget_changed()
    assert brush_of(palette, look("pond")).style == "pond"


def test_a_file_that_is_replaced_is_loaded_anew(user_model: Path, write_model: WriteModel) -> None:
    palette = Palette()
    palette.load(look("garden"))
    before = brush_of(palette, look("garden"))
    write_model(user_model, "garden", "pond", "fen", seed=5)
    palette.forget_changed()
    assert palette.brush_for(look("garden")) is None
    palette.load(look("garden"))
    assert brush_of(palette, look("garden")).model is not before.model
    assert brush_of(palette, look("fen")).style == "fen"


def test_a_later_file_that_takes_a_name_over_is_loaded(user_model: Path, write_model: WriteModel) -> None:
    palette = Palette()
    palette.load(look("garden"))
    write_model(paths.user_models_dir() / "z.safetensors", "pond", seed=5)
    palette.forget_changed()
    assert palette.brush_for(look("garden")) is not None
    assert palette.brush_for(look("pond")) is None


def test_what_cannot_be_loaded_is_said_so_and_the_rest_stays(user_model: Path) -> None:
    palette = Palette()
    palette.load(look("garden"))
    with pytest.raises(StyleError, match="did you mean"):
        palette.load(look("gardn"))
    assert palette.brush_for(look("garden")) is not None


def test_only_so_many_models_are_kept_but_one_in_use_is_spared(
    user_model: Path, write_model: WriteModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(palette_module, "MOST_MODELS", 2)
    palette = Palette()
    palette.load(look("garden"))
    in_use = brush_of(palette, look("garden")).model
    for seed, name in enumerate(("one", "two", "three"), start=1):
        write_model(paths.user_models_dir() / f"{name}.safetensors", name, seed=seed)
        palette.load(look(name), sparing=in_use)
    at_hand = [name for name in ("garden", "one", "two", "three") if palette.brush_for(look(name)) is not None]
    assert at_hand == ["garden", "three"]
