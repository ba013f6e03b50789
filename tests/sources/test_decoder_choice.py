"""A card decodes where it is asked to and can; else the processor does, and it is said why.

Machines without a card see a fake one at the boundary: another open of the same file, said to be a card's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from av.container import InputContainer

from fnst_live.errors import InputError
from fnst_live.sources import decoder_choice
from fnst_live.sources.decoder_choice import open_decoded_by, why_not_on_card
from fnst_live.sources.video_file import VideoFileSource

WriteClip = Callable[..., Path]


@pytest.fixture
def clip(write_clip: WriteClip) -> Path:
    return write_clip(frame_count=6)


def has_card(clip: Path) -> bool:
    container, why_not = open_decoded_by("nvdec", clip)
    container.close()
    return not why_not


class CardStream:
    """A stream whose pictures a card makes."""

    def __init__(self, *, is_hwaccel: bool):
        self.codec_context, self.is_hwaccel = self, is_hwaccel
        self.codec, self.canonical_name = self, "h264"


class CardContainer:
    def __init__(self, *, is_hwaccel: bool):
        self.streams, self.is_closed = [CardStream(is_hwaccel=is_hwaccel)], False

    def close(self) -> None:
        self.is_closed = True


def test_the_processor_decodes_unless_told_otherwise(clip: Path) -> None:
    container, why_not = open_decoded_by("cpu", clip)
    assert why_not == ""
    assert not container.streams.video[0].codec_context.is_hwaccel
    container.close()


def test_a_card_that_takes_the_stream_decodes(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = CardContainer(is_hwaccel=True)
    monkeypatch.setattr(decoder_choice, "_open_on_card", lambda _: (card, ""))
    assert open_decoded_by("nvdec", clip) == (cast(InputContainer, card), "")


def test_a_card_that_does_not_know_the_codec_is_let_go(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = CardContainer(is_hwaccel=False)
    monkeypatch.setattr(decoder_choice, "_open_on_card", lambda _: (card, ""))
    container, why_not = open_decoded_by("nvdec", clip)
    assert card.is_closed
    assert why_not == "no card decodes h264: decoded by the processor"
    assert next(container.decode(video=0)).width > 0
    container.close()


def test_what_a_card_hands_to_the_processor_is_told() -> None:
    """A card's own pictures are nv12."""
    card, processor = (cast(Any, CardStream(is_hwaccel=is_hwaccel)) for is_hwaccel in (True, False))
    on_card, by_hand = (av.VideoFrame(16, 16, name) for name in ("nv12", "yuv420p"))
    assert why_not_on_card(card, on_card) == why_not_on_card(processor, by_hand) == []
    assert why_not_on_card(card, by_hand) == ["no card decodes this kind of h264 (yuv420p): decoded by the processor"]


def test_without_a_card_the_same_pictures_come_and_it_is_said_why(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_open = av.open

    def no_driver(*arguments: Any, hwaccel: Any = None, **more: Any) -> Any:
        if hwaccel is not None:
            raise PermissionError(1, "no driver")
        return whole_open(*arguments, **more)

    with VideoFileSource(clip) as source:
        wanted = [frame.pixels for frame in source]
    monkeypatch.setattr(av, "open", no_driver)
    with VideoFileSource(clip, decoder="nvdec") as source:
        assert all(np.array_equal(frame.pixels, pixels) for frame, pixels in zip(source, wanted, strict=True))
        sentence, = source.warnings
    assert sentence.startswith("no card decodes here (")
    assert sentence.endswith("no driver): decoded by the processor")


@pytest.mark.parametrize("decoder", ["cpu", "nvdec"])
def test_what_is_no_video_is_told_alike(decoder: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.mp4"
    file.write_text("no video")
    with pytest.raises(InputError, match="cannot be read as a video"):
        open_decoded_by(decoder, file)


def test_a_card_makes_the_processors_pictures(clip: Path) -> None:
    if not has_card(clip):
        pytest.skip("no card that decodes here")
    frames = []
    for decoder in ("cpu", "nvdec"):
        with VideoFileSource(clip, decoder=decoder) as source:
            frames.append([(frame.pts, frame.pixels.astype(int)) for frame in source])
    assert [pts for pts, _ in frames[0]] == [pts for pts, _ in frames[1]]
    assert max(np.abs(a - b).max() for (_, a), (_, b) in zip(*frames, strict=True)) <= 2
