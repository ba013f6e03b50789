"""Where things lie: what ships with the program, what the user adds, what may be thrown away."""

from __future__ import annotations

import os
from pathlib import Path

APP_NAME = "fnst-live"


def assets_dir() -> Path:
    """Models and previews that ship: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "assets"
    return installed if installed.is_dir() else package.parent / "assets"


def user_models_dir() -> Path:
    """The user's own style models; `FNST_LIVE_MODELS` puts it elsewhere. May not exist."""
    return _from_environment("FNST_LIVE_MODELS") or _platform_dir("data") / "models"


def data_dir() -> Path:
    """What the program remembers between two starts; `FNST_LIVE_DATA` puts it elsewhere. May not exist."""
    return _from_environment("FNST_LIVE_DATA") or _platform_dir("data")


def config_dir() -> Path:
    """What the window remembers; `FNST_LIVE_CONFIG` puts it elsewhere. May not exist."""
    return _from_environment("FNST_LIVE_CONFIG") or _platform_dir("config")


def cache_dir() -> Path:
    """Compiled models and measured choices, safe to delete; `FNST_LIVE_CACHE` puts it elsewhere. May not exist."""
    return _from_environment("FNST_LIVE_CACHE") or _platform_dir("cache")


def _from_environment(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def _platform_dir(kind: str) -> Path:
    import platformdirs

    dirs = platformdirs.PlatformDirs(APP_NAME, appauthor=False)
    return {"data": dirs.user_data_path, "config": dirs.user_config_path, "cache": dirs.user_cache_path}[kind]
