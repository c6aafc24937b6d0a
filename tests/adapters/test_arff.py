"""ARFF: the same answer as scipy's reader, and sentences for what is wrong."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.io import arff as scipy_arff

from bedside.adapters.arff import read_arff
from bedside.core.errors import DataError
from bedside.core.need import package_folder

HEAD = "% made up\n@RELATION t\n@attribute age numeric\n@ATTRIBUTE 'the sex' {F, M}\n@data\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "t.arff"
    path.write_text(text, encoding="utf-8")
    return path


def test_types_come_from_the_header(tmp_path: Path) -> None:
    frame = read_arff(write(tmp_path, HEAD + "1.5,F\n% a comment\n?,M\n\n3, ?\n"))
    assert frame.dtypes == [pl.Float64, pl.Enum(["F", "M"])]
    assert frame.to_dict(as_series=False) == {"age": [1.5, None, 3], "the sex": ["F", "M", None]}


def test_quoted_categories_may_hold_commas(tmp_path: Path) -> None:
    text = "@relation t\n@attribute c {'a, b','c d'}\n@data\n'a, b'\n'c d'\n"
    assert read_arff(write(tmp_path, text))["c"].to_list() == ["a, b", "c d"]


@pytest.mark.parametrize("name", ["whas500.arff", "veteran.arff", "GBSG2.arff"])
def test_agrees_with_scipy(name: str) -> None:
    if find_spec("sksurv") is None:
        pytest.skip("scikit-survival is not installed")
    path = package_folder("sksurv", extra="examples") / "datasets" / "data" / name
    ours = read_arff(path)
    rows, meta = scipy_arff.loadarff(path)
    assert ours.columns == meta.names()
    for column, kind in zip(meta.names(), meta.types(), strict=True):
        if kind == "numeric":
            np.testing.assert_array_equal(ours[column].to_numpy(), rows[column])
        else:
            assert ours[column].to_list() == [
                None if value == b"?" else value.decode() for value in rows[column]
            ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "an empty file"),
        ("@relation t\n@attribute a numeric\n", "no such line"),
        ("@relation t\n@data\n1\n", "none"),
        (HEAD, "none"),
        (HEAD + "1,F\n2\n", "row 1"),
        (HEAD + "Canary,F\n", "'age'"),
        (HEAD + "1,Canary\n", "'the sex'"),
        (HEAD + "{0 1}\n", "sparse"),
        (HEAD.replace("numeric", "relational"), "another type"),
        (HEAD.replace("'the sex'", "age"), "twice"),
    ],
)
def test_refuses_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        read_arff(write(tmp_path, text))
    assert words in str(caught.value)
    assert "Canary" not in str(caught.value)
