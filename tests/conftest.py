"""What every test stands on: folders of its own, and no thread left behind."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

THREAD_PATIENCE_S = 60  # how long a thread that is on its way out may take; one that compiles is not interrupted


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing a test compiles, measures or installs is seen by another, or by the user's own program."""
    with tempfile.TemporaryDirectory(prefix="fnst_live_test_", ignore_cleanup_errors=True) as folder:
        for variable in ("FNST_LIVE_CACHE", "FNST_LIVE_CONFIG", "FNST_LIVE_DATA", "FNST_LIVE_MODELS"):
            own = Path(folder, variable.lower())
            own.mkdir()
            monkeypatch.setenv(variable, str(own))
        yield


@pytest.fixture(autouse=True)
def no_thread_left_running() -> Iterator[None]:
    """A thread that outlives its run keeps the program from ending; those of `stabilize/bands.py` end with it."""
    before = set(threading.enumerate())
    yield
    left = [
        thread for thread in threading.enumerate()
        if thread not in before and not thread.daemon and not thread.name.startswith("band_")
    ]
    for thread in left:
        thread.join(THREAD_PATIENCE_S)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left running: {names}"


CLIP_RATE = 25
SAMPLE_RATE = 48_000
LEVEL_STEP = 4  # from frame to frame: more than the encoder takes away

WriteClip = Callable[..., Path]


@pytest.fixture
def write_clip(tmp_path: Path) -> WriteClip:
    """Writes a small clip whose frame i is gray, of level 4 i, with a tone beside it if with_sound."""

    def write(name: str = "clip.mp4", *, frame_count: int = 25, with_sound: bool = False, width: int = 64) -> Path:
        with av.open(str(tmp_path / name), "w") as clip:
            video = clip.add_stream("libx264", rate=CLIP_RATE, options={"g": "10", "bf": "0"})
            video.width, video.height, video.pix_fmt = width, 48, "yuv420p"
            sound = clip.add_stream("aac", rate=SAMPLE_RATE, layout="stereo") if with_sound else None
            for index in range(frame_count):
                pixels = np.full((48, width, 3), index * LEVEL_STEP % 256, np.uint8)
                picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                picture.pts, picture.time_base = index, Fraction(1, CLIP_RATE)
                clip.mux(video.encode(picture))
            clip.mux(video.encode(None))
            if sound is not None:
                clip.mux(sound.encode(tone(frame_count * SAMPLE_RATE // CLIP_RATE)))
                clip.mux(sound.encode(None))
        return tmp_path / name

    return write


@pytest.fixture
def write_model(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small model of random weights; its styles paint clearly apart."""
    import torch

    from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
    from fnst_live.stylenet.net_shape import NetShape
    from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles

    def write(file: Path | None = None, *names: str, seed: int = 0) -> Path:
        shape = NetShape(half=8, quarter=8, eighth=8, residual_blocks=1)
        torch.manual_seed(seed)
        network = TransformerNet(shape).eval()
        with torch.no_grad():
            network.head.conv.weight.mul_(15)  # an untrained head paints nearly gray
        styles = initial_styles(len(names or ("garden", "pond")), shape)
        styles += 0.5 * torch.randn(styles.shape)
        header = ModelHeader("transformer_net", tuple(StyleCard(name) for name in names or ("garden", "pond")), shape)
        file = file or tmp_path / "tiny.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        save_model(file, StyleModel(header, network, styles))
        return file

    return write


def tone(sample_count: int) -> av.AudioFrame:
    """440 Hz on both channels."""
    levels = np.sin(np.arange(sample_count) * 2 * np.pi * 440 / SAMPLE_RATE) * 8000
    samples = np.repeat(levels.astype(np.int16), 2).reshape(1, -1)
    sound = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
    sound.sample_rate, sound.pts = SAMPLE_RATE, 0
    return sound


@pytest.fixture(scope="session")
def style_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small model of two styles; its weights are random but always the same."""
    import torch

    from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
    from fnst_live.stylenet.net_shape import NetShape
    from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles

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


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Small pictures gain nothing from a second thread, and lose much where other programs run."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
