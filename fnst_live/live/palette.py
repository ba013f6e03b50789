"""Styles that are ready to paint with: loaded models, each with its engine, and what names them; and what enlarges.

A style of a model that is loaded is one vector, so the painting thread takes it without waiting. Another model is
loaded on a thread of its own; until it is ready, and if it cannot be, the brush in hand goes on. A file that is deleted
meanwhile is not missed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fnst_live.errors import StyleError
from fnst_live.live_settings import LiveLook
from fnst_live.style_library import LoadedStyle, list_styles, load_style, read_entries
from fnst_live.stylize.engine import Engine, StyleVector
from fnst_live.stylize.stylizer import NetworkStylizer, mix_styles

if TYPE_CHECKING:
    from fnst_live.compose.upscaler import Upscaler

MOST_MODELS = 4

Stamp = tuple[Path, int, int]  # a file, its size, and when it was changed


@dataclass(frozen=True, eq=False)
class OpenModel:
    """A model file in memory, on an engine, which files of the same network share.

    network: what tells the network from others. vectors: by the names its header gives them, in small letters.
    """

    stamp: Stamp
    network: str
    wanted_engine: str
    engine: Engine
    multiple_of: int
    min_side: int
    names: tuple[str, ...]
    vectors: dict[str, StyleVector]

    def stylizer_for(self, vector: StyleVector, stroke_size: int | None) -> NetworkStylizer:
        return NetworkStylizer(self.engine, vector, self.multiple_of, self.min_side, stroke_size)


@dataclass(frozen=True, eq=False)
class Brush:
    """What paints: a style, or two mixed, ready on its engine."""

    style: str
    model: OpenModel
    stylizer: NetworkStylizer

    def paints_like(self, other: Brush) -> bool:
        if self.model is not other.model or self.stylizer.stroke_size != other.stylizer.stroke_size:
            return False
        return bool(np.array_equal(self.stylizer.style, other.stylizer.style))

    @property
    def engine_label(self) -> str:
        return f"{self.model.engine.name} {self.model.engine.precision}"


@dataclass(frozen=True, eq=False)
class _Known:
    """A style that was asked for by this name, and where it was found."""

    name: str
    model: OpenModel
    vector: StyleVector


class Palette:
    """`brush_for` never waits and may be asked on any thread; `load` takes its time."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}  # (what was asked for, engine): replaced whole
        self._models: list[OpenModel] = []  # the one used last stands last
        self._upscalers: dict[tuple[int, str], Upscaler] = {}  # by factor and engine
        self._loading = threading.Lock()

    def brush_for(self, look: LiveLook) -> Brush | None:
        """None where something of it must be loaded first."""
        first = self._known.get(_key(look.style, look.engine))
        if first is None or not look.second_style or look.mix == 0:
            return None if first is None else _brush(first, look)
        second = self._known.get(_key(look.second_style, look.engine))
        if second is None:
            return None
        if second.model.engine is not first.model.engine:
            return _brush(first, look)
        return _brush(replace(first, vector=mix_styles(first.vector, second.vector, look.mix)), look)

    def upscaler_for(self, look: LiveLook) -> Upscaler | None:
        """None where nothing is to be enlarged, and until it is loaded."""
        return self._upscalers.get((look.upscale, look.engine))

    def has_all_of(self, look: LiveLook) -> bool:
        """Whether nothing of it must be loaded first."""
        is_upscaler_there = look.upscale == 1 or self.upscaler_for(look) is not None
        return is_upscaler_there and self.brush_for(look) is not None

    def can_mix(self, look: LiveLook) -> bool:
        """Vectors of two networks have nothing in common. True where there is nothing to mix."""
        if not look.second_style or look.mix == 0:
            return True
        first = self._known.get(_key(look.style, look.engine))
        second = self._known.get(_key(look.second_style, look.engine))
        return first is None or second is None or first.model.engine is second.model.engine

    def load(self, look: LiveLook, sparing: OpenModel | None = None) -> None:
        """Everything that the look needs and is not there yet; sparing: a model that must not make room for it.

        Raises StyleError, EngineError.
        """
        for name in filter(None, (look.style, look.second_style)):
            with self._loading:
                if _key(name, look.engine) not in self._known:
                    self._learn(name, look.engine, sparing)
        with self._loading:
            if look.upscale > 1 and self.upscaler_for(look) is None:
                self._upscalers[look.upscale, look.engine] = _upscaler(look)

    def forget_changed(self) -> None:
        """The files are others now: what has been replaced is loaded anew when it is asked for. Raises nothing."""
        entries = {entry.name.lower(): entry.file for entry in list_styles()}
        with self._loading:
            self._models = [model for model in self._models if _stamp_or_none(model.stamp[0]) in (None, model.stamp)]
            self._known = {
                key: known for key, known in self._known.items()
                if known.model in self._models and entries.get(key[0], known.model.stamp[0]) == known.model.stamp[0]
            }

    def _learn(self, name: str, engine: str, sparing: OpenModel | None) -> None:
        """The name, and all others of the same file that mean it."""
        style = load_style(name)
        model = self._model_of(style, engine, sparing)
        known = {
            _key(entry.name, engine): _Known(entry.name, model, model.vectors[entry.name.lower()])
            for entry in list_styles() if entry.file == style.entry.file and entry.name.lower() in model.vectors
        }
        known[_key(name, engine)] = _Known(style.entry.name, model, style.vector)
        kept = {key: old for key, old in self._known.items() if old.model in self._models}
        self._known = {**kept, **known}

    def _model_of(self, style: LoadedStyle, engine: str, sparing: OpenModel | None) -> OpenModel:
        stamp = _stamp(style.entry.file)
        for model in self._models:
            if (model.stamp, model.wanted_engine) == (stamp, engine):
                return model
        opened = _open(style, stamp, engine, self._models)
        others = [model for model in self._models if model is not sparing]
        spared = [model for model in self._models if model is sparing]
        room = MOST_MODELS - 1 - len(spared)
        self._models = [*others[max(0, len(others) - room) :], *spared, opened]
        return opened


def _open(style: LoadedStyle, stamp: Stamp, wanted_engine: str, others: Sequence[OpenModel]) -> OpenModel:
    """A style that was added to a network by `fnst-train adapt` paints on that network's engine."""
    from fnst_live.stylize.fingerprint import model_fingerprint
    from fnst_live.stylize.selection import open_engine  # torch takes seconds, and pictures need not wait for it

    loaded = style.model
    names = tuple(entry.name for entry in read_entries(style.entry.file))
    vectors = {name.lower(): loaded.style_table[index] for index, name in enumerate(names)}
    network = model_fingerprint(loaded)
    shared = [m.engine for m in others if (m.network, m.wanted_engine) == (network, wanted_engine)]
    engine = shared[0] if shared else open_engine(loaded, wanted_engine)
    return OpenModel(stamp, network, wanted_engine, engine, loaded.multiple_of, loaded.min_side, names, vectors)


def _upscaler(look: LiveLook) -> Upscaler:
    from fnst_live.compose.upscaler import open_upscaler  # torch, as above

    return open_upscaler(look.upscale, look.engine)


def _brush(known: _Known, look: LiveLook) -> Brush:
    return Brush(known.name, known.model, known.model.stylizer_for(known.vector, look.stroke_size))


def _key(name: str, engine: str) -> tuple[str, str]:
    return name.lower(), engine


def _stamp(file: Path) -> Stamp:
    """Raises StyleError."""
    stamp = _stamp_or_none(file)
    if stamp is None:
        raise StyleError(f"{file} is gone: choose another style")
    return stamp


def _stamp_or_none(file: Path) -> Stamp | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return file, status.st_size, status.st_mtime_ns
