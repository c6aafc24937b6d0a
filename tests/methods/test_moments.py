"""Dates are read in one way or not at all."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from bedside.core.errors import DataError, StudyError
from bedside.methods.moments import are_dates, known_after, moments


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["2020-03-02", None], datetime(2020, 3, 2)),
        (["2020-03-02 14:30", None], datetime(2020, 3, 2, 14, 30)),
        (["2020-03-02T14:30:05", None], datetime(2020, 3, 2, 14, 30, 5)),
        (["2020/03/02", None], datetime(2020, 3, 2)),
        ([date(2020, 3, 2), None], datetime(2020, 3, 2)),
        ([datetime(2020, 3, 2, 1), None], datetime(2020, 3, 2, 1)),
        ([2020, None], datetime(2020, 1, 1)),
        (pl.Series(["2020", None], dtype=pl.Enum(["2020"])), datetime(2020, 1, 1)),
    ],
)
def test_what_is_read(written: object, expected: datetime) -> None:
    assert moments(pl.Series(written), "here").to_list() == [expected, None]


def test_mixed_forms_are_read_each() -> None:
    read = moments(pl.Series(["2020-03-02", "2020-03-02 12:00:00"]), "here")
    assert read.to_list() == [datetime(2020, 3, 2), datetime(2020, 3, 2, 12)]


@pytest.mark.parametrize("written", ["02/03/2020", "2020-13-01", "Canary", "20200302"])
def test_what_is_refused(written: str) -> None:
    with pytest.raises(DataError, match="1 values") as caught:
        moments(pl.Series(["2020-03-02", written]), "here")
    assert written not in caught.value.found


def test_dates_are_told_from_text() -> None:
    assert are_dates(pl.Series(["2020-03-02", None]))
    assert not are_dates(pl.Series(["2020-03-02", "about noon"]))
    assert not are_dates(pl.Series([None], dtype=pl.String))
    assert not are_dates(pl.Series([2020]))


def test_offsets_are_minutes() -> None:
    assert known_after("admission+24h", "here") == ("admission", 1440.0)
    assert known_after("a b + 1.5 d", "here") == ("a b", 2160.0)
    assert known_after("x+30min", "here") == ("x", 30.0)
    assert known_after("drawn", "here") == ("drawn", 0.0)
    with pytest.raises(StudyError, match="24h"):
        known_after("admission+24 hours", "here")
