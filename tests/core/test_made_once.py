"""A file that is made once: by one process of many, whole, and after a kill again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bedside.core.executor import LocalPool
from bedside.core.made_once import made_once


def make_slowly(path: Path) -> bytes:
    """In a worker: who made it is in the file, and beside it."""

    def make() -> bytes:
        (path.parent / f"made by {os.getpid()}").touch()
        time.sleep(0.5)
        return str(os.getpid()).encode()

    return made_once(path, make).read_bytes()


def test_one_of_many_processes_makes_it(tmp_path: Path) -> None:
    read = list(LocalPool(3).map(make_slowly, [tmp_path / "new" / "it"] * 6))
    assert len(set(read)) == 1
    assert len(list((tmp_path / "new").glob("made by *"))) == 1


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(b"first")
    assert made_once(tmp_path / "it", lambda: b"second").read_bytes() == b"first"


def test_what_fails_leaves_nothing_and_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        made_once(tmp_path / "it", lambda: bytes(1 // 0))
    assert not (tmp_path / "it").exists()
    (tmp_path / ".it.part").write_bytes(b"half, of a process that was killed")
    assert made_once(tmp_path / "it", lambda: b"whole").read_bytes() == b"whole"
    assert not (tmp_path / ".it.part").exists()
