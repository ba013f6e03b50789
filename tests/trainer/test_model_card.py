"""The card: a page that says whose style it is, and how it was made."""

from __future__ import annotations

from pathlib import Path

from fnst_live.stylenet.model_file import ModelHeader, StyleCard
from fnst_live.stylenet.net_shape import NetShape
from trainer.model_card import write_card


def test_the_card(tmp_path: Path) -> None:
    training = {
        "step": 120, "command": "fnst-train train --lr 0.001", "commit": "abc123",
        "config": {"lr": 0.001, "style_image": ["wave.jpg", "muse.jpg"]},
    }
    cards = (StyleCard("wave", "Hokusai", "The Great Wave", "1831"), StyleCard("muse"))
    file = tmp_path / "sea.md"
    write_card(file, ModelHeader("transformer_net", cards, NetShape(), training), {"total": 0.25}, trained_s=90)
    lines = file.read_text().splitlines()
    assert lines[0] == "# sea"
    assert "| wave | Hokusai | The Great Wave | 1831 |" in lines
    assert "Trained for 120 steps in 1.5 minutes by `fnst-train train --lr 0.001`," in lines
    assert "| total | 0.2500 |" in lines
    assert "| style_image | wave.jpg, muse.jpg |" in lines
    assert "`fnst-live video clip.mp4 --style sea.safetensors` paints with it." in lines
