"""What every test stands on: folders of its own, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

THREAD_PATIENCE_S = 10  # how long a thread that is on its way out may take


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing a test compiles, measures or installs is seen by another, or by the user's own program."""
    for variable in ("FNST_LIVE_CACHE", "FNST_LIVE_CONFIG", "FNST_LIVE_DATA", "FNST_LIVE_MODELS"):
        monkeypatch.setenv(variable, str(tmp_path_factory.mktemp(variable.lower())))


@pytest.fixture(autouse=True)
def no_thread_left_running() -> Iterator[None]:
    """A thread that outlives its run keeps the program from ending."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(THREAD_PATIENCE_S)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left running: {names}"


@pytest.fixture(scope="session")
def style_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small model of two styles; its weights are random but always the same."""
    import torch

    from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
    from fnst_live.stylenet.transformer_net import NetShape, TransformerNet, initial_styles

    torch.manual_seed(0)
    shape = NetShape(half=8, quarter=8, eighth=8, residual_blocks=1)
    cards = (StyleCard("tiny", "Nobody", "Untitled", "2026"), StyleCard("stormy-sea", "Nobody", "Waves", "2026"))
    header = ModelHeader("transformer_net", cards, shape)
    folder = tmp_path_factory.mktemp("styles")
    save_model(folder / "tiny.safetensors", StyleModel(header, TransformerNet(shape), initial_styles(2, shape)))
    return folder


MakeScene = Callable[..., Path]


@pytest.fixture(scope="session")
def make_scene() -> MakeScene:
    """Writes the built-in scene as a video: (path, frames, width, height) to path."""

    def make(path: Path, frames: int, width: int = 64, height: int = 48) -> Path:
        from fnst_live.frames.frame import FrameSize
        from fnst_live.sinks.video_file import VideoFileSink
        from fnst_live.sources.scene import SceneSource

        scene = SceneSource(FrameSize(width, height), Fraction(25), frames / 25)
        sink = VideoFileSink(path, scene.format)
        for frame in scene:
            sink.write(frame)
        sink.finish()
        return path

    return make


@pytest.fixture(scope="session")
def short_scene(make_scene: MakeScene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve small frames, over before one looks."""
    return make_scene(tmp_path_factory.mktemp("scenes") / "short.mp4", 12)


@pytest.fixture(scope="session")
def long_scene(make_scene: MakeScene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough to do that a test can come between."""
    return make_scene(tmp_path_factory.mktemp("scenes") / "long.mp4", 1500)
