"""One picture through a model file: any size, any style, and the classic program's picture level by level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torchvision  # type: ignore[import-untyped]
from PIL import Image

from fnst_live.stylenet.johnson_net import JohnsonNet
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel, save_model
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet
from trainer.errors import ConfigError, DataError, EvaluationError, OutputError
from trainer.evaluate import stylize_file

Levels = npt.NDArray[np.uint8]
SHAPE = NetShape(half=8, quarter=8, eighth=8, residual_blocks=1)


def random_levels(width: int, height: int, seed: int = 1) -> Levels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save_levels(file: Path, levels: Levels) -> Path:
    Image.fromarray(levels).save(file)
    return file


def read_levels(file: Path) -> Levels:
    with Image.open(file) as picture:
        return np.array(picture)


@pytest.fixture
def model() -> StyleModel:
    torch.manual_seed(2)
    header = ModelHeader("transformer_net", (StyleCard("wave"), StyleCard("muse")), SHAPE)
    return StyleModel(header, TransformerNet(SHAPE).eval(), 1 + 0.2 * torch.randn(2, SHAPE.style_length))


@pytest.fixture
def model_file(model: StyleModel, tmp_path: Path) -> Path:
    save_model(tmp_path / "model.safetensors", model)
    return tmp_path / "model.safetensors"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return save_levels(tmp_path / "photo.png", random_levels(48, 32))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "painted.png"


def expected_levels(model: StyleModel, row: int, levels: Levels) -> Levels:
    image = torch.from_numpy(levels).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        stylized = model.network(image, model.styles[row : row + 1])[0].clamp(0, 1)
    result: Levels = (stylized * 255).round().byte().permute(1, 2, 0).numpy()
    return result


@pytest.mark.parametrize(("name", "row"), [(None, 0), ("wave", 0), ("muse", 1)])
def test_the_chosen_style(
    model: StyleModel, model_file: Path, photo: Path, output: Path, name: str | None, row: int
) -> None:
    stylize_file(photo, model_file, output, style_name=name)
    np.testing.assert_array_equal(read_levels(output), expected_levels(model, row, read_levels(photo)))


@pytest.mark.parametrize(("width", "height"), [(49, 33), (47, 31), (16, 200), (15, 15), (9, 40), (3, 2), (1, 1)])
def test_any_size(model_file: Path, tmp_path: Path, output: Path, width: int, height: int) -> None:
    photo = save_levels(tmp_path / "photo.png", random_levels(width, height))
    stylize_file(photo, model_file, output)
    assert read_levels(output).shape == (height, width, 3)


def test_the_padding_mirrors_the_picture(model: StyleModel, model_file: Path, tmp_path: Path, output: Path) -> None:
    levels = random_levels(45, 29)
    mirrored = np.pad(levels, ((0, 3), (0, 3), (0, 0)), mode="reflect")
    stylize_file(save_levels(tmp_path / "photo.png", levels), model_file, output)
    np.testing.assert_array_equal(read_levels(output), expected_levels(model, 0, mirrored)[:29, :45])


def classic_state(seed: int = 3) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    state = JohnsonNet().state_dict()
    state["deconv3.conv2d.weight"] *= 300
    state["deconv3.conv2d.bias"] += 120
    return state


def classic_eval(state: dict[str, torch.Tensor], picture: Image.Image) -> Levels:
    """What that program does around its network: torchvision's ToTensor, 255 levels, cut off below the point."""
    content = torchvision.transforms.ToTensor()(picture).mul(255).unsqueeze(0)
    network = JohnsonNet()
    network.load_state_dict(state)
    with torch.no_grad():
        levels = network(content / 255, torch.zeros(1, 0))[0] * 255
    result: Levels = levels.clamp(0, 255).numpy().transpose(1, 2, 0).astype("uint8")
    return result


@pytest.mark.parametrize(("width", "height"), [(48, 32), (50, 33)])
def test_a_classic_model_gives_the_picture_of_its_own_program(
    tmp_path: Path, output: Path, width: int, height: int
) -> None:
    state = classic_state()
    torch.save(state, tmp_path / "candy.pth")
    photo = save_levels(tmp_path / "photo.png", random_levels(width, height))
    stylize_file(photo, tmp_path / "candy.pth", output)
    expected = classic_eval(state, Image.fromarray(read_levels(photo)))[:height, :width].astype(int)
    assert np.abs(read_levels(output).astype(int) - expected).max() <= 1
    assert len(np.unique(expected)) > 100


def test_content_scale_divides_as_that_program_does(tmp_path: Path, output: Path) -> None:
    state = classic_state()
    torch.save(state, tmp_path / "candy.model")
    photo = save_levels(tmp_path / "photo.png", random_levels(101, 75))
    stylize_file(photo, tmp_path / "candy.model", output, content_scale=1.7)
    picture = Image.fromarray(read_levels(photo))
    small = picture.resize((int(101 / 1.7), int(75 / 1.7)), Image.Resampling.LANCZOS)
    expected = classic_eval(state, small)[: small.height, : small.width].astype(int)
    assert read_levels(output).shape == (44, 59, 3)
    assert np.abs(read_levels(output).astype(int) - expected).max() <= 1


def test_content_scale_can_enlarge(model_file: Path, photo: Path, output: Path) -> None:
    stylize_file(photo, model_file, output, content_scale=0.5)
    assert read_levels(output).shape == (64, 96, 3)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), 33.0])
def test_content_scales_that_cannot_be(model_file: Path, photo: Path, output: Path, scale: float) -> None:
    with pytest.raises(EvaluationError, match=r"^--content-scale "):
        stylize_file(photo, model_file, output, content_scale=scale)


@pytest.mark.parametrize(("suffix", "kind"), [(".jpg", "JPEG"), (".PNG", "PNG"), (".webp", "WEBP"), (".bmp", "BMP")])
def test_the_suffix_chooses_the_format(model_file: Path, photo: Path, tmp_path: Path, suffix: str, kind: str) -> None:
    output = tmp_path / f"painted{suffix}"
    stylize_file(photo, model_file, output)
    with Image.open(output) as picture:
        assert (picture.format, picture.size) == (kind, (48, 32))


def test_an_older_result_is_replaced_and_nothing_left_beside_it(model_file: Path, photo: Path, output: Path) -> None:
    output.write_text("an older result")
    before = {file.name for file in output.parent.iterdir()}
    stylize_file(photo, model_file, output)
    assert read_levels(output).shape == (32, 48, 3)
    assert {file.name for file in output.parent.iterdir()} == before


def test_a_failed_write_keeps_the_older_result(
    model_file: Path, photo: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output.write_text("an older result")

    def full_disk(_: object, target: Path, *arguments: object, **options: object) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(OutputError, match="No space"):
        stylize_file(photo, model_file, output)
    assert output.read_text() == "an older result"
    assert not list(output.parent.glob("*.part"))


def test_an_unknown_style_is_told_the_known_ones(model_file: Path, photo: Path, output: Path) -> None:
    with pytest.raises(EvaluationError, match=r"^--style monet is not in .*model.safetensors: it has wave, muse$"):
        stylize_file(photo, model_file, output, style_name="monet")


def test_a_model_that_is_missing(photo: Path, output: Path) -> None:
    with pytest.raises(EvaluationError, match=r"^--model missing.pth does not exist"):
        stylize_file(photo, Path("missing.pth"), output)


@pytest.mark.parametrize("name", ["text.safetensors", "text.pth", "text"])
def test_a_model_that_is_none(photo: Path, output: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("hello")
    with pytest.raises(EvaluationError, match=rf"^--model .*{name} is not a "):
        stylize_file(photo, tmp_path / name, output)


def test_a_photo_that_is_missing_or_none(model_file: Path, output: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        stylize_file(tmp_path / "missing.jpg", model_file, output)
    (tmp_path / "text.jpg").write_text("hello")
    with pytest.raises(DataError, match="cannot be read as a picture"):
        stylize_file(tmp_path / "text.jpg", model_file, output)


def test_outputs_that_cannot_be(model_file: Path, photo: Path, tmp_path: Path) -> None:
    for output, sentence in (
        (tmp_path / "painted.txt", "must end in"),
        (tmp_path / "painted", "must end in"),
        (tmp_path / "missing" / "painted.png", "lies in a folder that does not exist"),
        (photo.parent / "." / photo.name, "is the photo itself"),
    ):
        with pytest.raises(EvaluationError, match=rf"^--output-image .*{sentence}"):
            stylize_file(photo, model_file, output)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_no_card(model_file: Path, photo: Path, output: Path) -> None:
    with pytest.raises(ConfigError, match=r"^--cuda 1 needs an NVIDIA card"):
        stylize_file(photo, model_file, output, use_cuda=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA card")
def test_a_card_gives_the_same_picture(model_file: Path, photo: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "cpu.png", tmp_path / "cuda.png"]
    for output, use_cuda in zip(outputs, (False, True), strict=True):
        stylize_file(photo, model_file, output, use_cuda=use_cuda)
    cpu, cuda = (read_levels(output).astype(int) for output in outputs)
    assert np.abs(cpu - cuda).max() <= 1
