"""What this machine has, and what of it works: `fnst-live doctor`.

Nothing is believed that can be tried: engines paint a picture, encoders encode a short video, cameras are opened. What
does not work is listed with its reason, so that the page can go into a bug report as it is.
"""

from __future__ import annotations

import contextlib
import math
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Any

import av
import torch

from fnst_live import __version__, paths, style_library
from fnst_live.errors import EngineError, InputError, OutputError, StyleError
from fnst_live.frames.frame import Frame, FrameSize
from fnst_live.settings import DEFAULT_STYLE, WORK_HEIGHT_LIMIT
from fnst_live.sinks.encoder_trial import EncoderReport, survey_encoders
from fnst_live.sinks.virtual_camera import find_virtual_camera
from fnst_live.sources.devices import Camera, list_cameras, why_no_cameras
from fnst_live.sources.screen import ScreenSource
from fnst_live.stabilize.device_stabilizer import DeviceStabilizer
from fnst_live.stylenet.model_file import ModelHeader, StyleCard, StyleModel
from fnst_live.stylenet.net_shape import NetShape
from fnst_live.stylenet.transformer_net import TransformerNet, initial_styles
from fnst_live.stylize import fingerprint
from fnst_live.stylize.cuda_engine import why_no_cuda
from fnst_live.stylize.engine import torch_device_of
from fnst_live.stylize.selection import EngineReport, open_engine, survey_engines, trial_picture

TRIAL_SIZE = FrameSize(640, 480)
STEADIED_FRAMES = 6  # the first has no past, and with the second all is compiled
BY_PROCESSOR = "by the processor"
LIBRARIES = ("torch", "torchvision", "opencv-python", "av", "numpy", "openvino", "PyQt6")
UNTRAINED = "an untrained network"
DRIVER_QUERY = ("--query-gpu=driver_version", "--format=csv,noheader")
DRIVER_PATIENCE_S = 10

Row = tuple[str, ...]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class CudaCard:
    """The first CUDA card. driver: its version, or empty where nvidia-smi does not tell."""

    name: str
    memory_bytes: int
    driver: str


@dataclass(frozen=True)
class Machine:
    """What the program runs on. memory_bytes: None where the system does not tell; no_cuda: why there is no card."""

    system: str
    processor: str
    instructions: tuple[str, ...]
    cores: int
    threads: int
    memory_bytes: int | None
    cuda: CudaCard | None
    no_cuda: str


@dataclass(frozen=True)
class StyleFolder:
    """A folder where styles are looked for. unreadable: file to reason; problem: why it cannot be looked into."""

    path: Path
    exists: bool
    styles: int = 0
    unreadable: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class CacheFolder:
    """What may be thrown away. size_bytes: of all its files."""

    path: Path
    exists: bool
    size_bytes: int


@dataclass(frozen=True)
class DoctorReport:
    """Everything.

    trial_style: what the engines painted. chosen_engine, screen, virtual_camera: what is used, or why there is none.
    steadying: where that is done.
    """

    versions: dict[str, str]
    machine: Machine
    trial_style: str
    engines: tuple[EngineReport, ...]
    chosen_engine: str
    steadying: str
    encoders: tuple[EncoderReport, ...]
    cameras: tuple[Camera, ...]
    screen: str
    virtual_camera: str
    style_folders: tuple[StyleFolder, ...]
    cache: CacheFolder

    def as_json(self) -> dict[str, Any]:
        """Plain values; null for a time or deviation that there is not, as where a picture equals float32 exactly."""
        return {
            "versions": self.versions,
            "machine": asdict(self.machine),
            "engines": [_engine_as_json(engine) for engine in self.engines],
            "chosen_engine": self.chosen_engine,
            "steadying": self.steadying,
            "encoders": [_encoder_as_json(encoder) for encoder in self.encoders],
            "cameras": [_with_plain_paths(asdict(camera)) for camera in self.cameras],
            "screen": self.screen,
            "virtual_camera": self.virtual_camera,
            "style_folders": [_with_plain_paths(asdict(folder)) for folder in self.style_folders],
            "cache": _with_plain_paths(asdict(self.cache)),
        }

    def as_text(self) -> str:
        """A page to read, and to paste into a bug report."""
        sections: list[tuple[str, list[Row]]] = [
            ("Versions", list(self.versions.items())),
            ("Machine", _machine_rows(self.machine)),
            (f"Engines ({self.trial_style} at {TRIAL_SIZE}, against float32)", self._engine_rows()),
            (f"Encoders (at {TRIAL_SIZE})", [_encoder_row(encoder) for encoder in self.encoders]),
            ("Cameras", [_camera_row(camera) for camera in self.cameras] or [(why_no_cameras(),)]),
            ("Screen", [(self.screen,)]),
            ("Virtual camera", [(self.virtual_camera,)]),
            ("Style folders", [row for folder in self.style_folders for row in _folder_rows(folder)]),
            ("Cache", [_cache_row(self.cache)]),
        ]
        return "\n\n".join("\n".join([title, *_aligned(rows)]) for title, rows in sections)

    def _engine_rows(self) -> list[Row]:
        used = ("auto uses", self.chosen_engine), ("steadied", self.steadying)
        return [*(_engine_row(engine) for engine in self.engines), *used]


def collect_report(tell: Tell = lambda _: None) -> DoctorReport:
    """Look, and try. Takes some seconds; tell hears what is being tried."""
    tell("checking the machine")
    machine = this_machine()
    tell("checking the engines")
    trial_style, model = _trial_model()
    engines = survey_engines(model, (TRIAL_SIZE.height, TRIAL_SIZE.width))
    chosen, steadying = _chosen_engine(model)
    tell("checking the encoders")
    encoders = survey_encoders(trial_picture(TRIAL_SIZE.height, TRIAL_SIZE.width))
    tell("checking cameras and folders")
    return DoctorReport(
        _versions(), machine, trial_style, tuple(engines), chosen, steadying, tuple(encoders), tuple(list_cameras()),
        _screen(), _virtual_camera(),
        tuple(_style_folder(folder) for folder in style_library.style_folders()), _cache_folder(),
    )


def _versions() -> dict[str, str]:
    libraries = {name: fingerprint.library_version(name) or "not installed" for name in LIBRARIES}
    parts = {name: ".".join(map(str, version)) for name, version in av.library_versions.items()}
    return {
        "fnst-live": __version__, "Python": platform.python_version(), **libraries,
        "CUDA of torch": torch.version.cuda or "none", "FFmpeg": av.ffmpeg_version_info, **parts,
    }


def this_machine() -> Machine:
    """What is found without trying anything."""
    cuda = _cuda_card()
    return Machine(
        platform.platform(), fingerprint.cpu_name(), tuple(fingerprint.cpu_flags()), os.cpu_count() or 1,
        torch.get_num_threads(), _memory_bytes(), cuda, "" if cuda else why_no_cuda(),
    )


def _memory_bytes() -> int | None:
    if not hasattr(os, "sysconf"):  # Windows
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _cuda_card() -> CudaCard | None:
    name = fingerprint.cuda_name()
    if name is None:
        return None
    return CudaCard(name, torch.cuda.get_device_properties(0).total_memory, _driver_version())


def _driver_version() -> str:
    """torch does not tell it, the driver's own tool does."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    try:
        run = subprocess.run([tool, *DRIVER_QUERY], capture_output=True, text=True, check=True,
                             timeout=DRIVER_PATIENCE_S)
    except (OSError, subprocess.SubprocessError):
        return ""  # said as "driver unknown": a broken tool is no broken card
    return run.stdout.partition("\n")[0].strip()


def _trial_model() -> tuple[str, StyleModel]:
    """The default style, else the first that can be loaded, else a network with nothing learned."""
    for name in _style_names():
        with contextlib.suppress(StyleError):  # it is listed with its folder
            return name, style_library.load_style(name).model
    return UNTRAINED, _untrained_model()


def _style_names() -> list[str]:
    try:
        return [DEFAULT_STYLE, *(entry.name for entry in style_library.list_styles())]
    except OSError:
        return []  # the folder is listed with its problem


def _untrained_model() -> StyleModel:
    """The same every time, so that it is converted and measured once."""
    shape = NetShape()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = TransformerNet(shape).eval()
    header = ModelHeader("transformer_net", (StyleCard(UNTRAINED),), shape)
    return StyleModel(header, network, initial_styles(1, shape))


def _chosen_engine(model: StyleModel) -> tuple[str, str]:
    """What paints, and where that is steadied."""
    try:
        engine = open_engine(model, "auto")
    except EngineError as error:
        return f"none: {error}", BY_PROCESSOR
    torch_device = torch_device_of(engine)
    steadying = BY_PROCESSOR if torch_device is None else _steadying_on(torch_device)
    return f"{engine.name} {engine.precision}", steadying


def _steadying_on(torch_device: str) -> str:
    """Tried with its own kernels, which are compiled for it."""
    pixels = trial_picture(TRIAL_SIZE.height, TRIAL_SIZE.width)
    times_s = []
    try:
        stabilizer = DeviceStabilizer(1.0, torch_device)
        for index in range(STEADIED_FRAMES):
            frame = Frame(pixels, index, Fraction(1, 30), index=index)
            started_s = time.perf_counter()
            stabilizer.stabilize(frame, frame)
            times_s.append(time.perf_counter() - started_s)
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        return f"{BY_PROCESSOR}, since the card fails: {reason}"
    return f"on the card, {min(times_s[1:]) * 1000:.1f} ms"


def _screen() -> str:
    try:
        size = ScreenSource(None, WORK_HEIGHT_LIMIT).size
    except InputError as error:
        return str(error)
    return f"can be painted, at {size.width}x{size.height}"


def _virtual_camera() -> str:
    try:
        camera = find_virtual_camera()
    except OutputError as error:
        return str(error)
    return f"{camera.path}  {camera.name}"


def _style_folder(folder: Path) -> StyleFolder:
    if not folder.is_dir():
        return StyleFolder(folder, exists=False)
    try:
        files = [entry.file for entry in style_library.list_styles() if entry.file.parent == folder]
        unreadable = {file: reason for file, reason in style_library.unreadable_files() if file.parent == folder}
    except OSError as error:
        return StyleFolder(folder, exists=True, problem=f"cannot be read: {error.strerror or error}")
    unreadable |= _unloadable(set(files))
    usable = [file for file in files if file not in unreadable]
    reasons = {file.name: reason for file, reason in unreadable.items()}
    return StyleFolder(folder, exists=True, styles=len(usable), unreadable=reasons)


def _unloadable(files: set[Path]) -> dict[Path, str]:
    """Files whose header is well, but not what follows."""
    reasons = {}
    for file in files:
        try:
            style_library.load_style(str(file))
        except StyleError as error:
            reasons[file] = str(error)
    return reasons


def _cache_folder() -> CacheFolder:
    folder = paths.cache_dir()
    return CacheFolder(folder, folder.is_dir(), sum(_file_sizes(folder)))


def _file_sizes(folder: Path) -> Iterator[int]:
    """Bytes. What vanishes meanwhile, or may not be seen, counts as nothing."""
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                yield (Path(place) / name).stat().st_size


def _engine_as_json(report: EngineReport) -> dict[str, Any]:
    return {
        "name": report.name, "precision": report.precision, "ok": report.is_usable,
        "milliseconds": _finite(report.milliseconds), "deviation_db": _finite(report.deviation_db),
        "reason": report.reason,
    }


def _encoder_as_json(report: EncoderReport) -> dict[str, Any]:
    return {
        "codec": report.codec, "encoder": report.encoder, "ok": report.is_usable,
        "milliseconds": _finite(report.milliseconds), "reason": report.reason,
    }


def _finite(value: float) -> float | None:
    return round(value, 2) if math.isfinite(value) else None


def _with_plain_paths(record: dict[str, Any]) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, Path) else value for key, value in record.items()}


def _machine_rows(machine: Machine) -> list[Row]:
    return [
        ("system", machine.system),
        ("processor", machine.processor),
        ("instructions", " ".join(machine.instructions) or "unknown"),
        ("cores", f"{machine.cores}, of which torch uses {machine.threads}"),
        ("memory", "unknown" if machine.memory_bytes is None else _gib(machine.memory_bytes)),
        ("CUDA card", machine.no_cuda if machine.cuda is None else _card_text(machine.cuda)),
    ]


def _card_text(card: CudaCard) -> str:
    return f"{card.name}, {_gib(card.memory_bytes)}, driver {card.driver or 'unknown'}"


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.1f} GiB"


def _engine_row(report: EngineReport) -> Row:
    if not report.is_usable:
        return report.label, report.reason
    deviation = f"{report.deviation_db:.0f} dB" if math.isfinite(report.deviation_db) else "the same"
    return report.label, _milliseconds_text(report.milliseconds), deviation


def _encoder_row(report: EncoderReport) -> Row:
    return report.encoder, _milliseconds_text(report.milliseconds) if report.is_usable else report.reason


def _milliseconds_text(milliseconds: float) -> str:
    return f"{milliseconds:6.1f} ms"


def _camera_row(camera: Camera) -> Row:
    return str(camera.path), camera.name, camera.problem or "can be opened"


def _folder_rows(folder: StyleFolder) -> list[Row]:
    if not folder.exists:
        return [(str(folder.path), "does not exist")]
    count = "1 style" if folder.styles == 1 else f"{folder.styles} styles"
    return [
        (str(folder.path), folder.problem or count),
        *((f"  {name}", reason) for name, reason in folder.unreadable.items()),
    ]


def _cache_row(cache: CacheFolder) -> Row:
    return str(cache.path), f"{cache.size_bytes / 1e6:.1f} MB" if cache.exists else "does not exist yet"


def _aligned(rows: Sequence[Row]) -> list[str]:
    """Columns under one another; the last cell of a row may be as long as it likes."""
    columns = zip_longest(*(row[:-1] for row in rows), fillvalue="")
    widths = [max(map(len, column)) for column in columns]
    return ["  " + "  ".join([*map(str.ljust, row[:-1], widths), row[-1]]) for row in rows]
