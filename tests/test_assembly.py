"""From settings to a pipeline: every setting arrives at its stage."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from fnst_live.assembly import Painter, open_painter
from fnst_live.compose.compositor import StrengthCompositor
from fnst_live.errors import SettingError, StyleError
from fnst_live.frames.frame import Frame, FrameSize, Pixels
from fnst_live.frames.video_format import VideoFormat
from fnst_live.settings import MOST_PICTURE_PIXELS, LookSettings
from fnst_live.stabilize.device_stabilizer import GuardedStabilizer
from fnst_live.stabilize.stabilizer import FlowStabilizer, NoStabilizer
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, load_model, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles
from fnst_live.stylize.engine import StyleVector, torch_device_of
from fnst_live.stylize.stylizer import NetworkStylizer

SHAPE = NetShape(half=8, quarter=8, eighth=8, residual_blocks=1)
TIME_BASE = Fraction(1, 25)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    header = ModelHeader("transformer_net", (StyleCard("garden"), StyleCard("pond")), SHAPE)
    styles = initial_styles(2, SHAPE)
    styles[1] *= 3
    file = tmp_path / "tiny.safetensors"
    save_model(file, StyleModel(header, TransformerNet(SHAPE), styles))
    return file


def look_of(model_file: Path, name: str = "") -> LookSettings:
    return LookSettings(style=f"{model_file}#{name}" if name else str(model_file), engine="torch")


def format_of(width: int, height: int, pixel_aspect: Fraction = Fraction(1)) -> VideoFormat:
    return VideoFormat(FrameSize(width, height), TIME_BASE, 1 / TIME_BASE, pixel_aspect)


def picture(width: int, height: int, index: int = 0) -> Frame:
    pixels = np.random.default_rng(index).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Frame(pixels, pts=index * 7, time_base=TIME_BASE, duration=7, index=index)


class SpyEngine:
    """Paints everything red, and notes what it was given."""

    name, precision, lanes = "spy", "u8", 1

    def __init__(self) -> None:
        self.sizes: list[FrameSize] = []

    def run(self, pixels: Pixels, style: StyleVector) -> Pixels:
        self.sizes.append(FrameSize(pixels.shape[1], pixels.shape[0]))
        return np.full_like(pixels, (200, 0, 0))


def spied_painter(look: LookSettings) -> tuple[Painter, SpyEngine]:
    engine = SpyEngine()
    stylizer = NetworkStylizer(engine, np.zeros(0, np.float32), multiple_of=1, min_side=1)
    return Painter(look, "red", "spy u8", stylizer), engine


def test_a_painter_knows_its_style_and_engine(model_file: Path) -> None:
    painter = open_painter(look_of(model_file, "pond"))
    assert painter.style_name == "pond"
    assert painter.engine_name == "torch f32"


@pytest.mark.parametrize(("width", "height"), [(64, 48), (51, 37), (16, 16), (9, 5)])
def test_frames_keep_their_size_and_moment(model_file: Path, width: int, height: int) -> None:
    pipeline = open_painter(look_of(model_file)).pipeline_for(format_of(width, height))
    for index in range(3):
        content = picture(width, height, index)
        painted = pipeline.process(content)
        assert (painted.size, painted.pts, painted.duration, painted.index) == (content.size, index * 7, 7, index)
        assert not np.array_equal(painted.pixels, content.pixels)


def test_each_style_of_a_file_paints_its_own_way(model_file: Path) -> None:
    garden, pond = (
        open_painter(look_of(model_file, name)).pipeline_for(format_of(32, 32)).process(picture(32, 32))
        for name in ("garden", "pond")
    )
    assert not np.array_equal(garden.pixels, pond.pixels)


def test_two_styles_of_one_file_mix(model_file: Path) -> None:
    look = replace(look_of(model_file, "garden"), second_style=f"{model_file}#pond", mix=0.25)
    painter, (garden, pond) = open_painter(look), load_model(model_file).styles.numpy()
    assert painter.style_name == "garden+pond"
    assert isinstance(painter.stylizer, NetworkStylizer)
    assert np.allclose(painter.stylizer.style, 0.75 * garden + 0.25 * pond)


def test_nothing_of_a_second_style_is_the_first_alone(model_file: Path, tmp_path: Path) -> None:
    look = replace(look_of(model_file, "garden"), second_style=str(tmp_path / "gone.safetensors"), mix=0)
    assert open_painter(look).style_name == "garden"


def test_styles_of_two_networks_are_not_mixed(model_file: Path, tmp_path: Path) -> None:
    header = ModelHeader("transformer_net", (StyleCard("reef"),), SHAPE)
    save_model(tmp_path / "sea.safetensors", StyleModel(header, TransformerNet(SHAPE), initial_styles(1, SHAPE)))
    look = replace(look_of(model_file, "pond"), second_style=str(tmp_path / "sea.safetensors"))
    with pytest.raises(StyleError, match="pond and reef are of two networks"):
        open_painter(look)


def test_a_style_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="does not exist"):
        open_painter(look_of(tmp_path / "gone.safetensors"))


@pytest.mark.parametrize(
    ("work_height", "seen"), [(None, (160, 120)), (60, (80, 60)), (17, (23, 17)), (240, (320, 240))]
)
def test_the_network_sees_the_wanted_lines(work_height: int | None, seen: tuple[int, int]) -> None:
    painter, engine = spied_painter(LookSettings(work_height=work_height))
    painted = painter.pipeline_for(format_of(160, 120)).process(picture(160, 120))
    assert engine.sizes == [seen]
    assert painted.size == (160, 120)


def test_the_network_sees_square_pixels_and_at_most_1080_lines() -> None:
    painter, _ = spied_painter(LookSettings())
    assert painter.work_size_for(format_of(720, 576, Fraction(64, 45))) == (1024, 576)
    assert painter.work_size_for(format_of(3840, 2160)) == (1920, 1080)
    assert painter.work_size_for(format_of(1080, 1920)) == (1080, 1920)  # upright, from a phone
    assert painter.work_size_for(format_of(4000, 3000), MOST_PICTURE_PIXELS) == (4000, 3000)


def test_strength_and_color_arrive_at_the_compositor() -> None:
    content = picture(32, 24)
    red = np.full_like(content.pixels, (200, 0, 0))
    painted = {
        strength: spied_painter(LookSettings(strength=strength))[0].pipeline_for(format_of(32, 24)).process(content)
        for strength in (0.0, 0.5, 1.0)
    }
    assert np.array_equal(painted[0.0].pixels, content.pixels)
    assert np.array_equal(painted[1.0].pixels, red)
    assert np.abs(painted[0.5].pixels - (red / 2 + content.pixels / 2)).max() <= 0.51
    compositor = spied_painter(LookSettings(keep_color=True))[0].pipeline_for(format_of(32, 24)).compositor
    assert isinstance(compositor, StrengthCompositor)
    assert compositor.keep_color


def test_stability_arrives_at_the_stabilizer() -> None:
    def stabilizer_at(stability: float) -> object:
        return spied_painter(LookSettings(stability=stability))[0].pipeline_for(format_of(32, 24)).stabilizer

    assert isinstance(stabilizer_at(0), NoStabilizer)
    firm, loose = stabilizer_at(1.0), stabilizer_at(0.3)
    assert isinstance(firm, FlowStabilizer)
    assert isinstance(loose, FlowStabilizer)
    assert firm.weight > loose.weight


def test_paintings_are_steadied_where_they_are_painted() -> None:
    painter, engine = spied_painter(LookSettings())
    assert torch_device_of(engine) is None
    engine.name = "cuda"
    assert torch_device_of(engine) == "cuda"
    stabilizer = replace(painter, torch_device="cpu").pipeline_for(format_of(32, 24)).stabilizer
    assert isinstance(stabilizer, GuardedStabilizer)
    assert stabilizer.torch_device == "cpu"


def test_pipelines_of_one_painter_share_the_network_but_no_past(model_file: Path) -> None:
    painter = open_painter(look_of(model_file))
    first, second = (painter.pipeline_for(format_of(32, 24)) for _ in range(2))
    assert first.stylizer is second.stylizer
    assert first.stabilizer is not second.stabilizer


@pytest.mark.parametrize("size", [(64, 48), (4000, 16)])
def test_more_lines_than_anybody_can_paint_are_refused(size: tuple[int, int], model_file: Path) -> None:
    painter = open_painter(replace(look_of(model_file), work_height=20000))
    with pytest.raises(SettingError, match=r"--work-height 20000 .* give \d+ or less") as refused:
        painter.pipeline_for(format_of(*size))
    lines = int(str(refused.value).split()[-3])
    open_painter(replace(look_of(model_file), work_height=lines)).pipeline_for(format_of(*size))


# Enlarged


@pytest.mark.parametrize(("work_height", "pixel_aspect", "size"), [
    (None, Fraction(1), (128, 96)), (24, Fraction(1), (64, 48)), (None, Fraction(3, 2), (192, 96)),
])
def test_what_comes_out_is_so_many_times_what_the_network_saw(
    work_height: int | None, pixel_aspect: Fraction, size: tuple[int, int], model_file: Path
) -> None:
    look = replace(look_of(model_file), work_height=work_height, upscale=2, stability=0)
    painter, video_format = open_painter(look), format_of(64, 48, pixel_aspect)
    painted = painter.pipeline_for(video_format).process(picture(64, 48))
    assert painted.size == painter.output_format(video_format).size == size
    assert painter.output_format(video_format).pixel_aspect == 1


def test_without_a_style_the_picture_itself_is_enlarged() -> None:
    painter = open_painter(LookSettings(style="none", upscale=2, engine="torch"))
    flat = Frame(np.full((9, 14, 3), 100, np.uint8), 0, TIME_BASE)
    large = painter.pipeline_for(format_of(14, 9)).process(flat)
    assert (large.size, painter.style_name) == ((28, 18), "x2")
    assert np.abs(large.pixels.astype(int) - 100).max() <= 2


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (9, 14)])
def test_what_the_network_sees_stretched_comes_out_in_its_own_shape(size: tuple[int, int], model_file: Path) -> None:
    painter = open_painter(replace(look_of(model_file), upscale=2))
    large = painter.pipeline_for(format_of(*size)).process(picture(*size))
    assert large.size == (2 * size[0], 2 * size[1])


def test_without_a_style_no_line_is_lost() -> None:
    painter = open_painter(LookSettings(style="none", upscale=2, engine="torch"))
    assert painter.output_format(format_of(3840, 2160)).size == (7680, 4320)


def test_what_would_be_too_large_is_refused_before_anything_is_painted() -> None:
    painter = open_painter(LookSettings(style="none", upscale=4, engine="torch"))
    with pytest.raises(SettingError, match="--upscale 4 would make a picture of 40000x30000"):
        painter.pipeline_for(format_of(10000, 7500))
