"""The stage fetch: the list of public data, and a mirror on loopback that serves a small file."""

from __future__ import annotations

import hashlib
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bedside.core.errors import DataError, StudyError
from bedside.core.study import embedded, read_study
from bedside.stages import fetch as stage


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def mirror(tmp_path: Path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "support2.csv").write_bytes(b"age,death\n60,0\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Listening:
    def __init__(self) -> None:
        self.told: list[tuple[int, int, str]] = []

    def begin(self, stage: str) -> None: ...

    def advance(self, done: int, total: int, what: str) -> None:
        self.told.append((done, total, what))

    def end(self, stage: str, headline: str, seconds: float, *, repeated: bool) -> None: ...


def test_sources_are_complete() -> None:
    known = stage.sources()
    assert len({item.name for item in known}) == len(known) >= 5
    for item in known:
        assert item.url.startswith("https://")
        assert item.licence
        assert item.citation
        assert re.fullmatch(r"[0-9a-f]{64}|", item.sha256)
        assert bool(item.sha256) == bool(item.digest_from)
        assert "/" not in item.file


def test_a_ready_study_looks_for_the_file_that_is_fetched() -> None:
    file = next(item.file for item in stage.sources() if item.name == "support2")
    for name in ("support2", "support2_survival"):
        data = read_study(embedded()[name]).data
        assert file in (data.source, *data.instead)


def test_a_mirror_serves_what_was_accepted(mirror: str, tmp_path: Path) -> None:
    content = b"age,death\n60,0\n"
    digest = hashlib.sha256(content).hexdigest()
    progress = Listening()
    path = stage.fetch("support2", tmp_path / "data", base=mirror, accept=digest, progress=progress)
    assert path == tmp_path / "data" / "support2.csv"
    assert path.read_bytes() == content
    assert progress.told == [(len(content), len(content), "support2.csv")]


def test_another_file_on_a_mirror_is_refused(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="SHA-256"):
        stage.fetch("support2", tmp_path / "data", base=mirror)
    assert list((tmp_path / "data").iterdir()) == []


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="did you mean 'support2'"):
        stage.fetch("suport2", tmp_path)
