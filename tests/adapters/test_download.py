"""Downloads from a server on loopback: resumed, checked, whole or not at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bedside.adapters.download import download
from bedside.core.errors import DataError

CONTENT = bytes(range(256)) * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT; can break off, ignore ranges, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.break_after: int | None = None
        self.ranges = True
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/data.bin"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.server.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if not self.server.ranges:
            start, wanted = 0, ""
        if self.path != "/data.bin":
            return self.send_error(404)
        if start >= len(CONTENT):
            return self.send_error(416)
        body = CONTENT[start:]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.break_after])
        self.close_connection = True
        return None

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_whole_file_arrives_once(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "new" / "data.bin"
    assert download(server.url, target, DIGEST).read_bytes() == CONTENT
    download(server.url, target, DIGEST)
    assert server.asked == [""]
    assert [path.name for path in target.parent.iterdir()] == ["data.bin"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_is_continued(server: Server, tmp_path: Path, ranges: bool) -> None:
    target = tmp_path / "data.bin"
    server.break_after, server.ranges = 100_000, ranges
    with pytest.raises(DataError, match="100,000 bytes are kept"):
        download(server.url, target, DIGEST)
    assert not target.exists()
    server.break_after = None
    assert download(server.url, target, DIGEST).read_bytes() == CONTENT
    assert server.asked == ["", "bytes=100000-"]


def test_a_spoiled_part_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(b"of an older file")
    assert download(server.url, tmp_path / "data.bin", DIGEST).read_bytes() == CONTENT
    assert server.asked == ["bytes=16-", ""]


def test_another_content_is_refused(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "data.bin"
    with pytest.raises(DataError, match=DIGEST):
        download(server.url, target, "0" * 64)
    assert list(tmp_path.iterdir()) == []
    target.write_bytes(b"changed on disk")
    with pytest.raises(DataError, match="move that file away"):
        download(server.url, target, DIGEST)
    assert target.read_bytes() == b"changed on disk"


def test_without_a_digest_it_fails_closed(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "data.bin"
    with pytest.raises(DataError, match=f"--accept-digest {DIGEST}"):
        download(server.url, target, "")
    assert not target.exists()
    with pytest.raises(DataError, match="SHA-256"):
        download(server.url, target, "", accept="0" * 64)
    download(server.url, target, "", accept=DIGEST.upper())
    assert target.read_bytes() == CONTENT


def test_an_accepted_part_needs_no_second_download(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        download(server.url, tmp_path / "data.bin", "")
    download(server.url, tmp_path / "data.bin", "", accept=DIGEST)
    assert server.asked == [""]


@pytest.mark.parametrize("part", [b"", CONTENT + b"too long"])
def test_a_part_of_odd_length_is_no_trap(server: Server, tmp_path: Path, part: bytes) -> None:
    (tmp_path / "data.bin.part").write_bytes(part)
    assert download(server.url, tmp_path / "data.bin", DIGEST).read_bytes() == CONTENT


def test_what_is_no_server_is_told(server: Server, tmp_path: Path) -> None:
    for url in ("file:///etc/hostname", "ftp://127.0.0.1/x"):
        with pytest.raises(DataError, match="https://"):
            download(url, tmp_path / "x", DIGEST)
    with pytest.raises(DataError, match="404"):
        download(server.url + ".absent", tmp_path / "x", DIGEST)
    with pytest.raises(DataError, match="online"):
        download("http://127.0.0.1:9/x", tmp_path / "x", DIGEST)
    assert list(tmp_path.iterdir()) == []
