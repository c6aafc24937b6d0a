"""Members of archives: read where they lie, checked, and never more than they say they are."""

from __future__ import annotations

import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from bedside.adapters.archive import members_of, read_member
from bedside.core.errors import DataError

CANARY = "KANARIENVOGEL"
FILES = {f"a/{CANARY}.png": b"one" * 50, "b.bin": bytes(range(256)) * 9, "c": b""}


def tar_of(path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in FILES.items():
            item = tarfile.TarInfo(name)
            item.size = len(content)
            archive.addfile(item, io.BytesIO(content))
    return path


def zip_of(path: Path, how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.mkdir("a")
        for name, content in FILES.items():
            archive.writestr(name, content)
    return path


def made(folder: Path, kind: str) -> Path:
    if kind == "tar":
        return tar_of(folder / "all.tar")
    return zip_of(
        folder / "all.zip", zipfile.ZIP_STORED if kind == "stored" else zipfile.ZIP_DEFLATED
    )


@pytest.mark.parametrize("kind", ["tar", "stored", "deflated"])
def test_every_member_is_read(tmp_path: Path, kind: str) -> None:
    path = made(tmp_path, kind)
    assert {name: read_member(path, item) for name, item in members_of(path).items()} == FILES


@pytest.mark.parametrize("kind", ["tar", "stored", "deflated"])
def test_what_is_cut_or_no_archive_is_told(tmp_path: Path, kind: str) -> None:
    path = made(tmp_path, kind)
    whole, found = path.read_bytes(), members_of(path)
    for content in (whole[: len(whole) // 3], CANARY.encode(), b""):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"all\.(tar|zip).*cut short") as told:
            members_of(path)
        assert CANARY not in str(told.value)
        with pytest.raises(DataError, match="cut short or damaged") as told:
            read_member(path, found["b.bin"])
        assert CANARY not in str(told.value)


@pytest.mark.parametrize("kind", ["stored", "deflated"])
def test_a_member_that_is_damaged_is_told(tmp_path: Path, kind: str) -> None:
    path = made(tmp_path, kind)
    item = members_of(path)["b.bin"]
    content = bytearray(path.read_bytes())
    content[item.start + 60] ^= 255
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match="damaged"):
        read_member(path, item)


def test_a_member_that_grows_beyond_its_size_is_stopped(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "all.zip")
    item = members_of(path)["b.bin"]
    with pytest.raises(DataError, match="damaged"):
        read_member(path, replace(item, size=100))


def test_a_zip_that_is_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "all.zip", zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match="expected a whole zip"):
        members_of(path)
