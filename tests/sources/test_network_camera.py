"""Cameras in the network. The camera is a server on this machine."""

from __future__ import annotations

import io
import itertools
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fnst_live.errors import InputError
from fnst_live.frames.frame import Frame
from fnst_live.sources import network_camera
from fnst_live.sources.network_camera import NetworkCamera, Timetable, name_of

BLUE = (20, 40, 220)
PATIENCE_S = 20


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_camera, "LOOK_AGAIN_S", 0.05)


class Phone:
    """What a phone sends: JPEGs one after the other, 50 a second, until it is switched off."""

    def __init__(self) -> None:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.serve(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.files: dict[str, bytes] = {}
        self.is_on = True
        self.size = (96, 64)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        if request.path in self.files:
            request.send_response(200)
            request.send_header("Content-Length", str(len(self.files[request.path])))
            request.end_headers()
            request.wfile.write(self.files[request.path])
        elif request.path == "/video" and self.is_on:
            request.send_response(200)
            request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            request.end_headers()
            self._send_pictures(request)
        else:
            request.send_error(404)

    def _send_pictures(self, request: BaseHTTPRequestHandler) -> None:
        while self.is_on:
            jpeg = io.BytesIO()
            Image.new("RGB", self.size, BLUE).save(jpeg, "JPEG", quality=95)
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg.getvalue())}\r\n\r\n"
            try:
                request.wfile.write(head.encode() + jpeg.getvalue() + b"\r\n")
            except OSError:  # nobody looks any more
                return
            time.sleep(0.02)

    def close(self) -> None:
        self.is_on = False
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def camera() -> Iterator[Phone]:
    camera = Phone()
    yield camera
    camera.close()


def frames_of(source: NetworkCamera, count: int) -> list[Frame]:
    frames = iter(source)
    taken = [next(frames) for _ in range(count)]
    source.close()
    assert next(frames, None) is None
    return taken


def test_a_camera_in_the_network_is_seen_in_its_colors(camera: Phone) -> None:
    source = NetworkCamera(f"{camera.address}/video", 1080)
    frames = frames_of(source, 5)
    assert source.size == (96, 64)
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    for before, after in itertools.pairwise(frames):
        assert float(after.time_s - before.time_s) == pytest.approx(after.captured_s - before.captured_s, abs=2e-6)
    assert np.abs(frames[-1].pixels.astype(int) - BLUE).max() < 8


def test_no_more_lines_than_wanted(camera: Phone) -> None:
    (frame,) = frames_of(NetworkCamera(f"{camera.address}/video", 32), 1)
    assert frame.pixels.shape == (32, 48, 3)


def test_one_that_falls_silent_is_picked_up_again(camera: Phone) -> None:
    told: list[str] = []
    source = NetworkCamera(f"{camera.address}/video", 1080, on_lost=told.append,
                        on_back=lambda: told.append("back"))
    frames = iter(source)
    next(frames)
    camera.is_on = False
    threading.Timer(0.3, lambda: setattr(camera, "is_on", True)).start()
    deadline = time.monotonic() + PATIENCE_S
    while "back" not in told and time.monotonic() < deadline:
        next(frames)
    assert told == ["127.0.0.1/video sends nothing any more: it will be picked up when it is back", "back"]
    source.close()
    assert next(frames, None) is None


def test_a_lost_one_can_be_closed(camera: Phone) -> None:
    told: list[str] = []
    source = NetworkCamera(f"{camera.address}/video", 1080, on_lost=told.append)
    frames = iter(source)
    next(frames)
    camera.is_on = False
    threading.Timer(0.3, source.close).start()
    for _ in frames:  # what was under way, and then the end
        pass
    assert len(told) == 1


def test_a_phone_that_is_turned_is_seen_upright(camera: Phone) -> None:
    source = NetworkCamera(f"{camera.address}/video", 60)
    frames = iter(source)
    assert next(frames).size == (90, 60)
    camera.size = (64, 96)
    turned = next(frame for frame in frames if frame.size != (90, 60))
    assert turned.size == source.size == (40, 60)
    assert np.abs(turned.pixels.astype(int) - BLUE).max() < 8
    source.close()


def test_one_that_gives_a_single_picture_at_a_time_is_not_lost_in_between(camera: Phone) -> None:
    jpeg, told = io.BytesIO(), list[str]()
    Image.new("RGB", (96, 64), BLUE).save(jpeg, "JPEG", quality=95)
    camera.files["/shot.jpg"] = jpeg.getvalue()
    source = NetworkCamera(
        f"{camera.address}/shot.jpg", 1080, on_lost=told.append, on_back=lambda: told.append("back")
    )
    assert len(frames_of(source, 3)) == 3
    assert told == []


def test_a_file_is_shown_at_its_own_pace(camera: Phone, write_clip: Callable[..., Path]) -> None:
    camera.files["/clip.mp4"] = write_clip(frame_count=8).read_bytes()  # 25 a second
    frames = frames_of(NetworkCamera(f"{camera.address}/clip.mp4", 1080), 8)
    assert frames[-1].captured_s - frames[0].captured_s > 0.25


def test_what_cannot_be_had_is_told_without_the_password(camera: Phone) -> None:
    address = camera.address.replace("http://", "http://me:secret@")
    with pytest.raises(InputError, match=r"127\.0\.0\.1/nothing cannot be seen \(.*\): is it on") as caught:
        NetworkCamera(f"{address}/nothing", 1080)
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=r"127\.0\.0\.1/cam cannot be seen \(connection refused\)"):
        NetworkCamera("rtsp://127.0.0.1:1/cam", 1080)


def test_what_has_no_pictures_is_no_camera(camera: Phone) -> None:
    camera.files["/text"] = b"no picture " * 100
    with pytest.raises(InputError, match="/text cannot be seen"):
        NetworkCamera(f"{camera.address}/text", 1080)


def test_what_is_due_later_is_waited_for_and_another_clock_begins_anew() -> None:
    timetable = Timetable()
    assert timetable.wait_s(100.0, 7.0) == 0
    assert timetable.wait_s(100.5, 7.1) == pytest.approx(0.4)
    assert timetable.wait_s(100.6, 7.7) == 0                   # late: at once
    assert timetable.wait_s(None, 7.8) == 0
    assert timetable.wait_s(5000.0, 8.0) == 0                  # another clock
    assert timetable.wait_s(5001.0, 8.0) == pytest.approx(1)
    assert timetable.wait_s(5001.0, 20.0) == 0                 # so late that the rest will be, too
    assert timetable.wait_s(5002.0, 20.0) == pytest.approx(1)


def test_its_name_is_its_place() -> None:
    assert name_of("rtsp://me:secret@cam.local:554/live/") == "cam.local/live"
