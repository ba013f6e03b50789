"""`fnst-train fetch-vgg`: torchvision's VGG weights, half a gigabyte, fetched because the user asked for it.

A download grows under a name of its own, and gets its final one when its SHA-256 begins as torchvision's file name
says it does. One that breaks off goes on where it was.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from trainer.config import FetchConfig
from trainer.errors import DownloadError

SERVER = "https://download.pytorch.org/models"
FILES = {"vgg16": "vgg16-397923af.pth", "vgg19": "vgg19-dcbb9e9d.pth"}
CHUNK_BYTES = 1 << 20
PATIENCE_S = 30  # without a byte
PARTIAL_CONTENT = 206
NOTHING_LEFT = 416  # to send: of a file that is there as a whole, or longer than it should be

log = logging.getLogger(__name__)


def fetch(config: FetchConfig) -> Path:
    return fetch_vgg(config.vgg_model_dir, config.network)


def fetch_vgg(folder: Path, network: str) -> Path:
    """The file, fetched if it is not there whole. Raises DownloadError, OSError."""
    file = folder / FILES[network]
    if file.is_file() and is_whole(file, file.name):
        log.info("%s is there already", file)
        return file
    folder.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.part")
    url = f"{SERVER}/{file.name}"
    log.info("fetching %s", url)
    try:
        _download(url, partial)
    except urllib.error.HTTPError as error:
        raise DownloadError(f"{url} cannot be had: the server answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise DownloadError(
            f"{url} cannot be reached ({_reason(error)}): where there is a network, fetch it into {folder}, or run pip "
            "install 'fnst-live[train]', which brings VGG-19 along"
        ) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise DownloadError(_broken_off(url, partial)) from error
    if not is_whole(partial, file.name):
        partial.unlink()
        raise DownloadError(f"what came from {url} has another checksum than its name says, and was thrown away")
    partial.replace(file)
    return file


def is_whole(file: Path, name: str) -> bool:
    """Whether its SHA-256 begins with what stands between the name's last dash and its suffix."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return digest.startswith(Path(name).stem.rpartition("-")[2])


def _download(url: str, partial: Path) -> None:
    """Append to what an earlier attempt has left. Raises OSError, HTTPException, DownloadError."""
    there = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        response = urllib.request.urlopen(request, timeout=PATIENCE_S)
    except urllib.error.HTTPError as error:
        if error.code == NOTHING_LEFT and there:
            return
        raise
    with response, partial.open("ab" if response.status == PARTIAL_CONTENT else "wb") as stream:
        whole = stream.tell() + int(response.headers.get("Content-Length", 0))
        with tqdm(initial=stream.tell(), total=whole or None, unit="B", unit_scale=True, disable=None) as bar:
            for chunk in _chunks(response):
                stream.write(chunk)
                bar.update(len(chunk))
    if partial.stat().st_size < whole:
        raise DownloadError(_broken_off(url, partial))


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while chunk := response.read(CHUNK_BYTES):
        yield chunk


def _broken_off(url: str, partial: Path) -> str:
    return (
        f"{url} broke off after {partial.stat().st_size / 1e6:.0f} MB: the same command goes on from there"
        if partial.exists() else f"{url} broke off before its first byte: try again"
    )


def _reason(error: urllib.error.URLError) -> str:
    """The system's own words for it."""
    return getattr(error.reason, "strerror", None) or str(error.reason)
