"""Where things lie, and that nothing is made there by looking."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnst_live import paths


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user who has set nothing."""
    for variable in ("FNST_LIVE_MODELS", "FNST_LIVE_CACHE", "FNST_LIVE_DATA", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    return tmp_path


def test_assets_that_ship_are_found() -> None:
    assert paths.assets_dir().is_dir()


def test_assets_inside_the_package_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "fnst_live"
    package.mkdir()
    monkeypatch.setattr(paths, "__file__", str(package / "paths.py"))
    assert paths.assets_dir() == tmp_path / "assets"
    (package / "assets").mkdir()
    assert paths.assets_dir() == package / "assets"


def test_the_users_folders_are_the_programs_own_and_two(home: Path) -> None:
    models, cache = paths.user_models_dir(), paths.cache_dir()
    assert models.name == "models"
    assert paths.APP_NAME in models.parts
    assert paths.APP_NAME in cache.parts
    assert cache not in models.parents


def test_the_environment_puts_them_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FNST_LIVE_MODELS", str(tmp_path / "a"))
    monkeypatch.setenv("FNST_LIVE_CACHE", str(tmp_path / "b"))
    monkeypatch.setenv("FNST_LIVE_DATA", str(tmp_path / "c"))
    assert (paths.user_models_dir(), paths.cache_dir()) == (tmp_path / "a", tmp_path / "b")
    assert paths.data_dir() == tmp_path / "c"


def test_an_empty_variable_counts_as_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = paths.user_models_dir(), paths.cache_dir()
    monkeypatch.setenv("FNST_LIVE_MODELS", "")
    monkeypatch.setenv("FNST_LIVE_CACHE", "")
    assert (paths.user_models_dir(), paths.cache_dir()) == usual


def test_looking_makes_no_folders(home: Path) -> None:
    paths.user_models_dir()
    paths.cache_dir()
    paths.data_dir()
    assert not list(home.iterdir())
