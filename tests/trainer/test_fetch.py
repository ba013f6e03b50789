"""Weights from a server on this machine: whole, broken off and gone on with, wrong, missing; never half a file."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from trainer import fetch
from trainer.cli import main
from trainer.errors import DownloadError
from trainer.fetch import fetch_vgg

CONTENT = bytes(range(256)) * 40
NAME = f"vgg19-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


class Server(ThreadingHTTPServer):
    """Sends `sent` of what it announces, whatever it is asked for. ranges: what was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.sent, self.knows_ranges = CONTENT, len(CONTENT), True
        self.ranges: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers.get("Range")
        server.ranges.append(wanted)
        if not self.path.endswith(NAME):
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and server.knows_ranges else 0
        if start >= len(server.content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(server.content) - start))
        self.end_headers()
        self.wfile.write(server.content[start : server.sent])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setattr(fetch, "SERVER", f"http://127.0.0.1:{running.server_port}")
        monkeypatch.setitem(fetch.FILES, "vgg19", NAME)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield running
        running.shutdown()
        thread.join()


def files_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_whole_file(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch-vgg", "--vgg-model-dir", str(tmp_path / "vgg")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'vgg' / NAME}\n"
    assert files_in(tmp_path / "vgg") == {NAME}
    assert (tmp_path / "vgg" / NAME).read_bytes() == CONTENT


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    assert fetch_vgg(tmp_path, "vgg19") == tmp_path / NAME
    assert server.ranges == []


def test_what_is_there_but_damaged_is_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT[:50])
    assert fetch_vgg(tmp_path, "vgg19").read_bytes() == CONTENT


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_broken_off_and_gone_on_with(server: Server, tmp_path: Path, knows_ranges: bool) -> None:
    server.sent, server.knows_ranges = 4000, knows_ranges
    with pytest.raises(DownloadError, match="broke off after 0 MB: the same command goes on from there"):
        fetch_vgg(tmp_path, "vgg19")
    assert files_in(tmp_path) == {f"{NAME}.part"}
    server.sent = len(CONTENT)
    assert fetch_vgg(tmp_path, "vgg19").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=4000-"]
    assert files_in(tmp_path) == {NAME}


def test_broken_off_after_the_last_byte(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT)
    assert fetch_vgg(tmp_path, "vgg19").read_bytes() == CONTENT


def wrong_content(server: Server) -> None:
    server.content = CONTENT[::-1]


def other_name(server: Server) -> None:
    fetch.FILES["vgg19"] = "vgg19-00000000.pth"


def nobody_there(server: Server) -> None:
    fetch.SERVER = "http://127.0.0.1:9"


def unknown_host(server: Server) -> None:
    fetch.SERVER = "http://download.invalid"


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (wrong_content, "has another checksum than its name says, and was thrown away"),
        (other_name, "vgg19-00000000.pth cannot be had: the server answers 404 Not Found"),
        (nobody_there, "cannot be reached (Connection refused): where there is a network, fetch it into"),
        (unknown_host, "cannot be reached ("),
    ],
)
def test_trouble_is_one_line_and_leaves_nothing(
    server: Server,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Server], None],
    sentence: str,
) -> None:
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    trouble(server)
    assert main(["fetch-vgg", "--vgg-model-dir", str(tmp_path), "--network", "vgg19"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert sentence in told.err
    assert len(told.err.splitlines()) == 1
    assert files_in(tmp_path) == set()
