"""Who decodes: the processor, or a card that is asked for and found able to."""

from __future__ import annotations

from pathlib import Path

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer
from av.video.stream import VideoStream

from fnst_live.errors import InputError
from fnst_live.libav_messages import errors_of_libav
from fnst_live.settings import NVDEC
from fnst_live.sources.video_decoder import open_input, pick_video_stream

CARD_FORMATS = ("nv12", "p010le", "p016le", "nv16", "p210le", "p216le", "yuv444p", "yuv444p16le")
BY_PROCESSOR = "decoded by the processor"


def open_decoded_by(wanted: str, path: Path) -> tuple[InputContainer, str]:
    """The opened file, and why it is not decoded as wanted, in a sentence, or "". Raises InputError.

    A card's pictures come back to the processor's memory with all that is said of them: tags, times, rotation.
    """
    container = open_input(path)
    if wanted != NVDEC:
        return container, ""
    try:
        stream = pick_video_stream(container, path)
    except InputError:
        container.close()
        raise
    on_card, reason = _open_on_card(path)
    if on_card is None:
        return container, f"no card decodes here ({reason}): {BY_PROCESSOR}"
    if not on_card.streams[stream.index].codec_context.is_hwaccel:
        on_card.close()
        return container, f"no card decodes {stream.codec_context.codec.canonical_name}: {BY_PROCESSOR}"
    container.close()
    return on_card, ""


def why_not_on_card(stream: VideoStream, first: av.VideoFrame) -> list[str]:
    """A warning where a card was opened, and the processor decodes all the same: the format of the pictures tells."""
    if not stream.codec_context.is_hwaccel or first.format.name in CARD_FORMATS:
        return []
    codec = stream.codec_context.codec.canonical_name
    return [f"no card decodes this kind of {codec} ({first.format.name}): {BY_PROCESSOR}"]


def _open_on_card(path: Path) -> tuple[InputContainer | None, str]:
    """Where the card can, and else the reason. What of a file it cannot decode, the processor does."""
    with errors_of_libav() as complaints:
        try:
            return av.open(str(path), metadata_errors="replace", hwaccel=HWAccel("cuda")), ""
        except (av.error.FFmpegError, OSError, ValueError, RuntimeError) as error:
            trouble = error
    return None, complaints[0] if complaints else str(trouble)
