"""Delimited text: read as it says, refused with a sentence that holds no cell."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from bedside.adapters.csv import read_csv
from bedside.core.errors import DataError, StudyError
from bedside.core.study import Data

CANARY = "Mrs Canary"


def write(folder: Path, content: bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_reads_plain_and_gzipped_alike(tmp_path: Path) -> None:
    content = b"a,b\n1,x\n2.5,\n"
    plain = read_csv(write(tmp_path, content), Data())
    zipped = read_csv(write(tmp_path, gzip.compress(content, mtime=0), "t.csv.gz"), Data())
    assert plain.equals(zipped)
    assert plain.to_dict(as_series=False) == {"a": [1.0, 2.5], "b": ["x", None]}


def test_options_of_the_study_are_followed(tmp_path: Path) -> None:
    path = write(tmp_path, "# first\n7;Ärzte\nNA;-\n".encode("latin1"))
    data = Data(
        separator=";", encoding="latin1", header=False, skip=1, names=("n", "t"), missing=("NA",)
    )
    assert read_csv(path, data).to_dict(as_series=False) == {"n": [7, None], "t": ["Ärzte", "-"]}


@pytest.mark.parametrize("header", [True, False])
def test_text_columns_keep_their_zeros(tmp_path: Path, header: bool) -> None:
    path = write(tmp_path, (b"id,x\n" if header else b"") + b"00123,1\n00124,2\n")
    data = Data(header=header, names=() if header else ("id", "x"))
    assert read_csv(path, data, {"id"})["id"].to_list() == ["00123", "00124"]


def test_a_type_that_shows_late_is_found(tmp_path: Path) -> None:
    rows = "\n".join(["1"] * 12_000 + ["1.5", "x"])
    assert read_csv(write(tmp_path, f"a\n{rows}\n".encode()), Data())["a"].dtype == pl.String


@pytest.mark.parametrize(
    ("content", "data", "words"),
    [
        (b"", Data(), "an empty file"),
        (b"only a comment\n", Data(skip=1), "an empty file"),
        (b"a,b,a\n1,2,3\n", Data(), "'a'"),
        (b"a,b\n1,2\n3,4,%c\n", Data(), "a row with more"),
        (b"a,b,c\n1,2,3\n4,%c", Data(), "fewer"),
        (b"a,b\n1,\xe9%c\n", Data(), 'encoding = "latin1"'),
        (b"a,b\n1,2\n", Data(encoding="klingon"), "klingon"),
        (b"\x1f\x8b\x08\x00broken", Data(), "damaged"),
        (gzip.compress(b"a,b\n" + b"1,2\n" * 9999, mtime=0)[:-30], Data(), "damaged"),
    ],
)
def test_refuses_what_cannot_be_read(
    tmp_path: Path, content: bytes, data: Data, words: str
) -> None:
    path = write(tmp_path, content.replace(b"%c", CANARY.encode()))
    with pytest.raises(DataError) as caught:
        read_csv(path, data)
    assert words in str(caught.value)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "data", [Data(names=("a", "b")), Data(header=False, names=("a",)), Data(header=False)]
)
def test_names_must_fit_the_file(tmp_path: Path, data: Data) -> None:
    with pytest.raises(StudyError):
        read_csv(write(tmp_path, b"1,2\n3,4\n"), data)
