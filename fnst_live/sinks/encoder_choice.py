"""Who encodes: the processor, or a card that is asked for and found able to."""

from __future__ import annotations

import numpy as np

from fnst_live.frames.frame import FrameSize
from fnst_live.settings import NVENC
from fnst_live.sinks.encoder_trial import try_encoder
from fnst_live.sinks.encoders import CARD_ENCODERS, ENCODERS, EncoderSpec


def choose_encoder(codec: str, wanted: str, size: FrameSize) -> tuple[EncoderSpec, str]:
    """The encoder, and why it is not the wanted one, in a sentence, or "".

    size: of the pictures. A card is tried with a few of that size: that FFmpeg lists its encoder says little, and it
    has limits of its own.
    """
    on_processor = ENCODERS[codec]
    if wanted != NVENC:
        return on_processor, ""
    on_card = CARD_ENCODERS.get(codec)
    if on_card is None:
        known = ", ".join(CARD_ENCODERS)
        return on_processor, f"no card encodes {codec} (but {known}): encoded by the processor"
    even = np.zeros((size.height + size.height % 2, size.width + size.width % 2, 3), np.uint8)
    reason = try_encoder(codec, on_card, even).reason
    return (on_processor, f"no card encodes here ({reason}): encoded by the processor") if reason else (on_card, "")
