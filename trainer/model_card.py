"""The card of a model: what it is and how it was made, as a page that people read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fnst_live.stylenet.model_file import ModelHeader
from trainer.run_folder import write_whole


def write_card(file: Path, header: ModelHeader, losses: Mapping[str, float], trained_s: float) -> None:
    """Markdown. losses: of the last logged step, weighted as they were summed."""
    training = header.training
    lines = [
        f"# {file.stem}", "",
        "A style model of fnst-live: fast neural style transfer (Johnson et al. 2016), many styles in one network",
        "(Dumoulin et al. 2017).", "",
        *_table(("style", "painter", "work", "year"), [(c.name, c.painter, c.work, c.year) for c in header.styles]),
        f"Trained for {training['step']} steps in {trained_s / 60:.1f} minutes by `{training['command']}`,",
        f"at {training['commit']}.", "",
        *_table(("loss", "at the end"), [(name, f"{value:.4f}") for name, value in losses.items()]),
        *_table(("setting", "value"), [(name, _shown(value)) for name, value in training["config"].items()]),
        f"`fnst-live video clip.mp4 --style {file.with_suffix('.safetensors').name}` paints with it.", "",
    ]
    write_whole(file, lambda partial: partial.write_text("\n".join(lines), encoding="utf-8"))


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = [" | ".join(row) for row in (heads, ("---",) * len(heads), *rows)]
    return [*(f"| {line} |" for line in lines), ""]


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
