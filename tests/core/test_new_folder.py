"""A folder of results: whole or not at all, and never in place of somebody else's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from bedside.core.errors import RunError
from bedside.core.new_folder import NewFolder

NOTE = "from.json"


def fill(path: Path, names: Iterable[str]) -> list[str]:
    with NewFolder(path, NOTE, {"bundle": "b1"}) as folder:
        return [folder.write(name, ".png", name.encode()) for name in names]


def there(path: Path) -> list[str]:
    return sorted(str(item.relative_to(path)) for item in path.rglob("*") if item.is_file())


def test_names_are_unique_and_the_suffix_is_there(tmp_path: Path) -> None:
    names = fill(tmp_path / "out", ["a.png", "a.jpg", "a", "s/a.png", "a.png"])
    assert names == ["a.png", "a.jpg.png", "a~2.png", "s/a.png", "a~3.png"]
    assert there(tmp_path / "out") == sorted([*names, NOTE])
    assert json.loads((tmp_path / "out" / NOTE).read_text()) == {"bundle": "b1"}


def test_an_earlier_one_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, ["old.png"])
    fill(out, ["new.png"])
    assert there(tmp_path) == [f"out/{NOTE}", "out/new.png"]
    (out / NOTE).unlink()
    with pytest.raises(RunError, match="out: expected a folder that bedside wrote"):
        fill(out, ["newer.png"])
    assert there(tmp_path) == ["out/new.png"]
    (out / "new.png").unlink()
    fill(out, ["newer.png"])
    assert there(out) == [NOTE, "newer.png"]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, ["old.png"])
    names = (f"{1 // at}" for at in (1, 0))
    with pytest.raises(ZeroDivisionError):
        fill(out, names)
    assert there(tmp_path) == [f"out/{NOTE}", "out/old.png"]


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    left = NewFolder(tmp_path / "out", NOTE, {})
    left.__enter__()
    left.write("half", ".png", b"")
    fill(tmp_path / "out", ["a"])
    assert there(tmp_path) == ["out/a.png", f"out/{NOTE}"]


def test_a_file_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a table")
    with pytest.raises(RunError, match="found a file"):
        fill(tmp_path / "out", ["a"])
    with pytest.raises(RunError, match="other: expected to be written"):
        fill(tmp_path / "other", ["s.png", "s.png/a"])
    assert there(tmp_path) == ["out"]
