"""Row 5 of the video path: sound, subtitles, chapters and titles come along, and in step."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from .clips import Captions, Clip, Sound, beep_at, flat, numbered_clip, tone
from .conftest import Convert, warnings_of
from .probe import (
    TrackMark,
    read_captions,
    read_chapters,
    read_metadata,
    read_tracks,
    read_video,
    sound_begins_s,
    sound_length_s,
)

ONE_FRAME_S = 1 / 25
LINES = [(0.2, 0.6, "Guten Tag"), (0.8, 1.4, "und auf Wiedersehen")]
CHAPTERS = [(0.0, 0.8, "Overture"), (0.8, 2.0, "First act")]
TWO_SOUNDS = (Sound(tone(2.0), language="deu", title="Ton"), Sound(tone(2.0, 660.0), language="eng"))


def told(track: dict[str, str]) -> tuple[str, str]:
    """Codec and action of an entry of the report."""
    assert set(track) == {"codec", "action", "detail"}
    return track["codec"], track["action"]


def language(track: TrackMark) -> str | None:
    """ISO 639-2 has two codes for German: ger is the older."""
    code = track.metadata.get("language")
    return "deu" if code == "ger" else code


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
@pytest.mark.parametrize("source_name", ["in.mp4", "in.mkv"])
def test_two_audio_tracks_are_copied_packet_for_packet(
    source_name: str, name: str, convert: Convert, tmp_path: Path
) -> None:
    clip = numbered_clip(50, sounds=TWO_SOUNDS)
    source = read_tracks(clip.write(tmp_path / source_name), "audio")
    report = convert(tmp_path / source_name, tmp_path / name)
    copied = read_tracks(tmp_path / name, "audio")
    assert [told(track) for track in report["audio"]] == [("aac", "copied")] * 2
    assert [track.payloads for track in copied] == [track.payloads for track in source]
    assert [language(track) for track in copied] == ["deu", "eng"]
    if Path(source_name).suffix == Path(name).suffix:
        assert [track.is_default for track in copied] == [track.is_default for track in source]
    for track, original in zip(copied, source, strict=True):
        shift = max(abs(a - b) for a, b in zip(track.times_s, original.times_s, strict=True))
        assert shift <= (Fraction(1, 1000) if name == "out.mkv" else 0), "Matroska counts in milliseconds"


def test_a_track_title_is_kept(convert: Convert, tmp_path: Path) -> None:
    convert(numbered_clip(50, sounds=TWO_SOUNDS).write(tmp_path / "in.mkv"), tmp_path / "out.mkv")
    assert read_tracks(tmp_path / "out.mkv", "audio")[0].metadata["title"] == "Ton"


@pytest.mark.parametrize("codec", ["aac", "ac3", "libmp3lame", "flac", "libopus", "pcm_s16le"])
def test_matroska_copies_every_usual_codec(codec: str, convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(10, sounds=[Sound(tone(0.4), codec)])
    source = read_tracks(clip.write(tmp_path / "in.mkv"), "audio")
    report = convert(tmp_path / "in.mkv", tmp_path / "out.mkv")
    assert report["audio"][0]["action"] == "copied"
    assert read_tracks(tmp_path / "out.mkv", "audio")[0].payloads == source[0].payloads


@pytest.mark.parametrize("codec", ["aac", "ac3", "libmp3lame", "pcm_s16le"])
def test_webm_gets_opus_and_says_so(codec: str, convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(50, sounds=[Sound(tone(2.0), codec, language="deu")])
    report = convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.webm")
    assert report["audio"][0]["action"] == "transcoded"
    assert "opus" in report["audio"][0]["detail"]
    assert "opus" in warnings_of(report)
    sound = read_tracks(tmp_path / "out.webm", "audio")[0]
    assert (sound.codec, sound.metadata["language"]) == ("opus", "deu")
    assert sound_length_s(tmp_path / "out.webm") == pytest.approx(2.0, abs=ONE_FRAME_S)


def test_opus_goes_into_webm_untouched(convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(25, sounds=[Sound(tone(1.0), "libopus")])
    source = read_tracks(clip.write(tmp_path / "in.mkv"), "audio")
    report = convert(tmp_path / "in.mkv", tmp_path / "out.webm")
    assert [told(track) for track in report["audio"]] == [("opus", "copied")]
    assert read_tracks(tmp_path / "out.webm", "audio")[0].payloads == source[0].payloads


def test_what_mp4_cannot_hold_is_transcoded_and_said_so(convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(25, sounds=[Sound(tone(1.0), "wavpack"), Sound(tone(1.0), "pcm_u8")])
    report = convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.mp4")
    actions = {track["action"] for track in report["audio"]}
    assert actions <= {"copied", "transcoded"}
    assert "transcoded" in actions
    assert len(read_tracks(tmp_path / "out.mp4", "audio")) == 2


def test_gif_drops_sound_and_says_so(convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(10, sounds=[Sound(tone(0.4))])
    report = convert(clip.write(tmp_path / "in.mp4"), tmp_path / "out.gif")
    assert [told(track) for track in report["audio"]] == [("aac", "dropped")]
    assert "dropped" in warnings_of(report)


@pytest.mark.parametrize("codec", ["pcm_s16le", "aac", "libopus"])
@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.webm"])
def test_flash_and_beep_come_together(codec: str, name: str, convert: Convert, tmp_path: Path) -> None:
    """Both start at 1.2 s; whatever became of the sound, they stay within a frame of each other."""
    pictures = [flat(230 if i >= 30 else 20) for i in range(50)]
    clip = Clip(pictures, sounds=[Sound(beep_at(1.2, 2.0), codec)])
    convert(clip.write(tmp_path / "in.mkv"), tmp_path / name)
    flash_s = next(p.time_s for p in read_video(tmp_path / name).pictures if p.rgb.mean() > 0.5)
    assert flash_s == pytest.approx(1.2, abs=0.001)
    assert sound_begins_s(tmp_path / name) == pytest.approx(1.2, abs=ONE_FRAME_S / 2)


def test_sound_longer_than_the_pictures_is_kept_whole(convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(25, sounds=[Sound(tone(2.0))])
    source = read_tracks(clip.write(tmp_path / "in.mp4"), "audio")
    convert(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert read_tracks(tmp_path / "out.mp4", "audio")[0].payloads == source[0].payloads


def test_surround_is_copied_as_surround(convert: Convert, tmp_path: Path) -> None:
    """A copied packet keeps all its channels; the header must say as many."""
    import av

    from .clips import SAMPLE_RATE

    source = numbered_clip(25).write(tmp_path / "picture.mkv")
    with av.open(str(source)) as picture, av.open(str(tmp_path / "in.mkv"), "w") as output:
        video = output.add_stream_from_template(picture.streams.video[0])
        audio = output.add_stream("ac3", rate=SAMPLE_RATE, layout="5.1")
        samples = np.zeros((6, SAMPLE_RATE), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, "fltp", "5.1")
        frame.sample_rate = SAMPLE_RATE
        for packet in picture.demux(picture.streams.video[0]):
            if packet.size:
                packet.stream = video
                output.mux(packet)
        output.mux([*audio.encode(frame), *audio.encode(None)])
    convert(tmp_path / "in.mkv", tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as copied:
        assert copied.streams.audio[0].codec_context.layout.nb_channels == 6


@pytest.mark.parametrize(
    ("source_name", "codec", "name", "expected"),
    [
        ("in.mkv", "subrip", "out.mkv", ("subrip", "copied")),
        ("in.mkv", "ass", "out.mkv", ("ass", "copied")),
        ("in.mp4", "mov_text", "out.mp4", ("mov_text", "copied")),
        ("in.mp4", "mov_text", "out.mov", ("mov_text", "copied")),
        ("in.mkv", "subrip", "out.mp4", ("mov_text", "transcoded")),
        ("in.mkv", "subrip", "out.mov", ("mov_text", "transcoded")),
        ("in.mkv", "ass", "out.mp4", ("mov_text", "transcoded")),
        ("in.mp4", "mov_text", "out.mkv", ("subrip", "transcoded")),
        ("in.mkv", "subrip", "out.webm", ("webvtt", "transcoded")),
        ("in.mkv", "webvtt", "out.webm", ("webvtt", "copied")),
    ],
)
def test_subtitles_come_along(
    source_name: str, codec: str, name: str, expected: tuple[str, str], convert: Convert, tmp_path: Path
) -> None:
    clip = numbered_clip(50, captions=[Captions(LINES, codec, "deu")])
    report = convert(clip.write(tmp_path / source_name), tmp_path / name)
    assert [told(track) for track in report["subtitles"]] == [(codec, expected[1])]
    track = read_tracks(tmp_path / name, "subtitle")[0]
    assert (track.codec, language(track)) == (expected[0], "deu")
    shown = read_captions(tmp_path / name)
    assert [text for _, _, text in shown] == [text for _, _, text in LINES]
    for (begin_s, end_s, _), (wanted_begin_s, wanted_end_s, _) in zip(shown, LINES, strict=True):
        assert begin_s == pytest.approx(wanted_begin_s, abs=0.001)
        assert end_s == pytest.approx(wanted_end_s, abs=0.001)


def test_copied_subtitles_are_the_same_packets(convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(50, captions=[Captions(LINES, language="deu"), Captions(LINES[:1], "ass", "eng")])
    source = read_tracks(clip.write(tmp_path / "in.mkv"), "subtitle")
    convert(tmp_path / "in.mkv", tmp_path / "out.mkv")
    copied = read_tracks(tmp_path / "out.mkv", "subtitle")
    assert [track.packets for track in copied] == [track.packets for track in source]


def test_a_transcoded_subtitle_is_said_so(convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(50, captions=[Captions(LINES)])
    report = convert(clip.write(tmp_path / "in.mkv"), tmp_path / "out.mp4")
    assert "mov_text" in report["subtitles"][0]["detail"]
    assert "mov_text" in warnings_of(report)


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.webm"])
@pytest.mark.parametrize("source_name", ["in.mp4", "in.mkv"])
def test_chapters_and_title_come_along(source_name: str, name: str, convert: Convert, tmp_path: Path) -> None:
    clip = numbered_clip(50, chapters=CHAPTERS, metadata={"title": "Die Fahrt", "artist": "Someone"})
    report = convert(clip.write(tmp_path / source_name), tmp_path / name)
    kept = [(round(begin, 3), round(end, 3), title) for begin, end, title in read_chapters(tmp_path / name)]
    assert kept == CHAPTERS
    metadata = {key.lower(): value for key, value in read_metadata(tmp_path / name).items()}
    assert metadata["title"] == "Die Fahrt"
    assert metadata["artist"] == "Someone"
    assert report["warnings"] == []


def test_attachments_stay_in_matroska(convert: Convert, tmp_path: Path) -> None:
    """Fonts, which styled subtitles need."""
    import av

    source = numbered_clip(10).write(tmp_path / "bare.mkv")
    with av.open(str(source)) as bare, av.open(str(tmp_path / "in.mkv"), "w") as output:
        video = output.add_stream_from_template(bare.streams.video[0])
        output.add_attachment("font.ttf", "font/ttf", b"not really a font")
        for packet in bare.demux(bare.streams.video[0]):
            if packet.size:
                packet.stream = video
                output.mux(packet)
    convert(tmp_path / "in.mkv", tmp_path / "out.mkv")
    with av.open(str(tmp_path / "out.mkv")) as copied:
        kept = [stream for stream in copied.streams if stream.type == "attachment"]
        assert [bytes(stream.data) for stream in kept] == [b"not really a font"]  # type: ignore[attr-defined]


def test_cover_art_is_not_taken_for_the_film(convert: Convert, tmp_path: Path) -> None:
    """A picture attached to a clip does not move; the film behind it is what counts."""
    import av
    from av.stream import Disposition

    from .clips import flat

    source = numbered_clip(10).write(tmp_path / "bare.mp4")
    with av.open(str(source)) as bare, av.open(str(tmp_path / "in.mp4"), "w") as output:
        cover = output.add_stream("mjpeg", options={"strict": "unofficial"})
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        video = output.add_stream_from_template(bare.streams.video[0])
        output.mux(cover.encode(av.VideoFrame.from_ndarray(flat(99, 32, 32), "rgb24")))
        output.mux(cover.encode(None))
        for packet in bare.demux(bare.streams.video[0]):
            if packet.size:
                packet.stream = video
                output.mux(packet)
    report = convert(tmp_path / "in.mp4", tmp_path / "out.mp4")
    assert report["frames"] == 10
    assert report["size"] == [64, 48]


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_the_picture_track_keeps_its_language(name: str, convert: Convert, tmp_path: Path) -> None:
    plain = numbered_clip(3).write(tmp_path / "plain.mp4")
    with av.open(str(plain)) as source, av.open(str(tmp_path / "in.mkv"), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        stream.metadata["language"] = "fra"
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    convert(tmp_path / "in.mkv", tmp_path / name)
    with av.open(str(tmp_path / name)) as painted:
        assert painted.streams.video[0].metadata["language"] in ("fra", "fre")
