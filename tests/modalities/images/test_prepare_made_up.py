"""The embedded images: drawn once into the cache, and found there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedside.core.errors import StudyError
from bedside.modalities.images import prepare_made_up
from bedside.modalities.images.prepare_made_up import made_up


def draw(folder: Path) -> None:
    (folder / "labels.csv").write_text("file\n")
    drawn.append(folder)


drawn: list[Path] = []


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(prepare_made_up._DRAWN, "lesions", draw)
    drawn.clear()
    return tmp_path / "cache" / "bedside"


def test_it_is_drawn_once(cache: Path) -> None:
    table = made_up("made-up:lesions")
    assert table.read_text() == "file\n"
    assert table.parent.parent == cache
    assert made_up("made-up:lesions") == table
    assert len(drawn) == 1
    assert [item.name for item in cache.iterdir()] == [table.parent.name]  # nothing half drawn


def test_whoever_was_quicker_is_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(folder: Path) -> None:
        draw(folder)
        final = cache / folder.name.split("-")[0].removeprefix(".")
        version = prepare_made_up.code_digest("bedside.modalities.images.made_up")[:16]
        other = final.with_name(f"lesions-{version}")
        other.mkdir()
        (other / "labels.csv").write_text("theirs")

    slow.__module__ = "bedside.modalities.images.made_up"  # the version is of its code
    monkeypatch.setitem(prepare_made_up._DRAWN, "lesions", slow)
    assert made_up("made-up:lesions").read_text() == "theirs"
    assert len(list(cache.iterdir())) == 1


def test_a_killed_drawing_is_begun_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(folder: Path) -> None:
        draw(folder)
        raise KeyboardInterrupt

    with monkeypatch.context() as now:
        now.setitem(prepare_made_up._DRAWN, "lesions", killed)
        with pytest.raises(KeyboardInterrupt):
            made_up("made-up:lesions")
    assert made_up("made-up:lesions").is_file()


def test_another_name_is_told(cache: Path) -> None:
    with pytest.raises(StudyError, match="lesions"):
        made_up("made-up:lesion")
    assert not cache.exists()
