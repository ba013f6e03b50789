"""Which styles exist, and loading one. Listing reads headers only, without torch, so that it is instant."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fnst_live import paths
from fnst_live.errors import StyleError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from fnst_live.stylenet.model_file import StyleModel

LEGACY_SUFFIXES = frozenset({".pth", ".pt", ".model"})
LARGEST_HEADER_BYTES = 10_000_000
HEADER_LENGTH_BYTES = 8
UPSCALE_FORMAT = "fnst-live-upscale/"  # see stylenet/upscale_net.py, which would load torch


@dataclass(frozen=True)
class StyleEntry:
    """A style that can be chosen. size_bytes: of the file, which may hold more styles than this one."""

    name: str
    painter: str
    work: str
    year: str
    file: Path
    size_bytes: int

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "painter": self.painter, "work": self.work, "year": self.year,
            "file": str(self.file), "size": self.size_bytes,
        }


@dataclass(frozen=True)
class LoadedStyle:
    """A style ready for an engine. vector: float32 (style_length,)."""

    entry: StyleEntry
    model: StyleModel
    vector: npt.NDArray[np.float32]


def style_folders() -> list[Path]:
    """Where styles are looked for; a later folder's style replaces an earlier one of the same name."""
    return [paths.assets_dir() / "models", paths.user_models_dir()]


def list_styles() -> list[StyleEntry]:
    """All styles that can be chosen by name. Files that are no models are left to `unreadable_files`."""
    entries = {entry.name.lower(): entry for file in _model_files() for entry in _entries_or_nothing(file)}
    return list(entries.values())


def unreadable_files() -> list[tuple[Path, str]]:
    """Files in the folders that are not usable models, each with the reason."""
    problems = []
    for file in _model_files():
        try:
            read_entries(file)
        except StyleError as error:
            problems.append((file, str(error)))
    return problems


def find_style(name: str) -> StyleEntry:
    """By name, whatever its case. Raises StyleError with the nearest one: a painter or a work is a hint, too."""
    entries = {entry.name.lower(): entry for entry in list_styles()}
    if not entries:
        raise StyleError(f"no styles are installed: put a model file into {paths.user_models_dir()}")
    if name.lower() in entries:
        return entries[name.lower()]
    raise StyleError(
        f"unknown style '{name}': did you mean '{_nearest(name, entries).name}'? fnst-live styles lists them all"
    )


def _nearest(name: str, entries: Mapping[str, StyleEntry]) -> StyleEntry:
    """entries: by their names in small letters."""
    words = {word.lower(): e for e in entries.values() for word in f"{e.painter} {e.work}".split()}
    hints = {**words, **entries}
    return hints[difflib.get_close_matches(name.lower(), hints, n=1, cutoff=0.0)[0]]


def load_style(name_or_file: str) -> LoadedStyle:
    """A style by name, or from a model file; `FILE#NAME` chooses in a file of several. Raises StyleError."""
    return _load_entry(find_entry(name_or_file))


def find_entry(name_or_file: str) -> StyleEntry:
    """What `load_style` would load, from headers alone. Raises StyleError."""
    file_text, _, wanted = name_or_file.rpartition("#")
    if not file_text or Path(name_or_file).is_file():  # a # may stand in the path itself
        file_text, wanted = name_or_file, ""
    if _looks_like_file(file_text):
        return _entry_in_file(Path(file_text), wanted)
    return find_style(name_or_file)


def read_entries(file: Path) -> list[StyleEntry]:
    """The styles of one file, at least one, from its header alone. Raises StyleError."""
    try:
        size = file.stat().st_size
        cards = [{"name": file.stem}] if _is_legacy(file) else _cards(file)
        return [
            StyleEntry(card["name"], card.get("painter", ""), card.get("work", ""), card.get("year", ""), file, size)
            for card in cards
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StyleError(f"{file} is not a style model: give a file made by fnst-train") from error
    except OSError as error:
        raise StyleError(f"{file} cannot be read: {error.strerror or error}") from error


def _is_legacy(file: Path) -> bool:
    return file.suffix.lower() in LEGACY_SUFFIXES


def _cards(file: Path) -> list[dict[str, str]]:
    """Raises StyleError, ValueError, KeyError, TypeError."""
    metadata = _safetensors_metadata(file)
    if metadata.get("format", "").startswith(UPSCALE_FORMAT):
        raise StyleError(f"{file} enlarges pictures and holds no style: give a style model, or --upscale 2 or 4")
    cards: list[dict[str, str]] = json.loads(metadata["styles"])
    if not cards or not all(isinstance(card["name"], str) for card in cards):
        raise ValueError("no named styles")
    return cards


def _safetensors_metadata(file: Path) -> Mapping[str, str]:
    """The header is JSON behind its length in 8 bytes, little-endian. Raises ValueError, KeyError."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(HEADER_LENGTH_BYTES), "little")
        if not 0 < length <= LARGEST_HEADER_BYTES:
            raise ValueError("no safetensors header")
        header: dict[str, Mapping[str, str]] = json.loads(stream.read(length))
    return header["__metadata__"]


def _model_files() -> Iterator[Path]:
    for folder in style_folders():
        if folder.is_dir():
            suffixes = LEGACY_SUFFIXES | {".safetensors"}
            yield from sorted(f for f in folder.iterdir() if f.suffix.lower() in suffixes and f.is_file())


def _entries_or_nothing(file: Path) -> list[StyleEntry]:
    try:
        return read_entries(file)
    except StyleError:
        return []  # `unreadable_files` tells of it


def _looks_like_file(text: str) -> bool:
    path = Path(text)
    return path.suffix.lower() in LEGACY_SUFFIXES | {".safetensors"} or len(path.parts) > 1 or path.is_file()


def _entry_in_file(file: Path, wanted: str) -> StyleEntry:
    if not file.is_file():
        raise StyleError(f"{file} does not exist: check the path, or choose a name from fnst-live styles")
    entries = read_entries(file)
    if not wanted:
        return entries[0]
    for entry in entries:
        if entry.name.lower() == wanted.lower():
            return entry
    raise StyleError(f"{file} holds no style '{wanted}': it has {', '.join(entry.name for entry in entries)}")


def _load_legacy(file: Path) -> StyleModel:
    """Raises ModelFileError, OSError."""
    from fnst_live.stylenet.legacy import load_legacy  # torch, which no other model needs at once

    return load_legacy(file)


def _load_entry(entry: StyleEntry) -> LoadedStyle:
    from fnst_live.stylenet.model_file import ModelFileError, load_model

    try:
        model = _load_legacy(entry.file) if _is_legacy(entry.file) else load_model(entry.file)
        vector = model.style_table[model.style_index(entry.name)]
    except ModelFileError as error:
        raise StyleError(f"{entry.file} {error}") from error
    except OSError as error:
        raise StyleError(f"{entry.file} cannot be read: {error.strerror or error}") from error
    return LoadedStyle(entry, model, vector)
