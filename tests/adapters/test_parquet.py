"""Parquet files and data frames from Python."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from bedside.adapters.parquet import made_up_rows, read_parquet, write_frame
from bedside.core.errors import DataError


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": range(1000)}).write_parquet(path)
    assert read_parquet(path).height == 1000
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="cut"):
        read_parquet(path)


def test_pandas_and_polars_frames_become_the_same_file(tmp_path: Path) -> None:
    columns = {"n": [1.0, None, 3.0], "t": ["x", None, "z"], "i": [1, 2, 3]}
    ours = read_parquet(write_frame(pl.DataFrame(columns), tmp_path / "a.parquet"))
    frame = pd.DataFrame(columns).assign(c=pd.Categorical(["u", "v", "u"]))
    theirs = read_parquet(write_frame(frame, tmp_path / "b.parquet"))
    assert theirs.select("n", "t", "i").equals(ours)
    assert theirs["c"].cast(pl.String).to_list() == ["u", "v", "u"]


@pytest.mark.parametrize(
    ("name", "tagged"),
    [("bedside.synthetic", "anything"), ("bedside_synthetic", "anything"),
     ("Bedside Synthetic", "anything"), ("origin", "trees:synthesize-1457dbe3d1e0e8a3")],
)  # fmt: skip
def test_a_tag_is_known_under_another_name(name: str, tagged: str) -> None:
    frame = pl.DataFrame({"age": [50, 60, 70], name: [None, tagged, tagged]})
    assert made_up_rows(frame, []) == 2


@pytest.mark.parametrize("text", ["trees:synthesize-", "by trees:synthesize-1457dbe3", "", "F"])
def test_other_text_is_no_tag(text: str) -> None:
    assert made_up_rows(pl.DataFrame({"age": [50], "origin": [text], "n": [None]}), []) == 0


def test_odd_frames_are_refused_without_their_values(tmp_path: Path) -> None:
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    mixed = pd.DataFrame({"ok": [1, 2], "mixed": [{"x": 1}, "Canary"]})
    for frame, words in ((twice, "'a'"), (mixed, "'mixed'"), ([1, 2], "a list")):
        with pytest.raises(DataError) as caught:
            write_frame(frame, tmp_path / "t.parquet")
        assert words in str(caught.value)
        assert "Canary" not in str(caught.value)
