"""Dates and times: read strictly, in the forms that can be read in one way only."""

from __future__ import annotations

import re

import polars as pl

from bedside.core.errors import DataError, StudyError

_FORMS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%d",
)
_OFFSET = re.compile(r"^(?P<column>.+?)\s*\+\s*(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>min|h|d)$")
_MINUTES = {"min": 1.0, "h": 60.0, "d": 1440.0}


def moments(column: pl.Series, where: str) -> pl.Series:
    """Dates, times, ISO texts or whole years as Datetime (a date is its midnight).

    02/03/2020 is refused: it is a day in February or in March.
    """
    if column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime):
        naive = column.dt.replace_time_zone(None) if _zoned(column) else column
        return naive.cast(pl.Datetime("us"))
    if isinstance(column.dtype, (pl.Enum, pl.Categorical)):
        column = column.cast(pl.String)
    read = _years(column) if _numeric_years(column) else _texts(column)
    wrong = int((read.is_null() & column.is_not_null()).sum())
    if wrong:
        raise DataError(
            where,
            expected="dates written as 2020-03-02, with or without 14:30:00",
            found=f"{wrong:,} values that are not",
            hint="write dates in ISO 8601; 02/03/2020 could be either of two days",
        )
    return read


def are_dates(column: pl.Series) -> bool:
    """Whether a text column holds ISO dates and nothing else."""
    seen = column.drop_nulls()
    if not len(seen) or column.dtype != pl.String:
        return False
    looks = seen.head(100).str.contains(r"^\d{4}[-/]\d{2}[-/]\d{2}").all()
    return bool(looks) and not _texts(seen).null_count()


def known_after(known: str, where: str) -> tuple[str, float]:
    """`admission+24h` as ("admission", 1440.0): the column and the minutes after it.

    A bare column name is known at that very time.
    """
    found = _OFFSET.match(known.strip())
    if found:
        return found["column"].strip(), float(found["count"]) * _MINUTES[found["unit"]]
    if "+" in known:
        raise StudyError(
            where,
            expected="'at prediction', 'after outcome' or COLUMN+24h (min, h or d)",
            found=f"'{known}'",
            hint='for example known = "admission+24h"',
        )
    return known.strip(), 0.0


def _zoned(column: pl.Series) -> bool:
    return isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None


def _numeric_years(column: pl.Series) -> bool:
    number = column.cast(pl.Float64, strict=False).drop_nulls()
    if not len(number) or len(number) != len(column) - column.null_count():
        return False
    return bool(((number == number.floor()) & (number >= 1800) & (number <= 2200)).all())


def _years(column: pl.Series) -> pl.Series:
    year = column.cast(pl.Float64).cast(pl.Int32)
    made = pl.DataFrame({"y": year}).select(pl.datetime("y", 1, 1, time_unit="us").alias("y"))
    return made["y"]


def _texts(column: pl.Series) -> pl.Series:
    text = column.cast(pl.String).str.strip_chars()
    read = pl.Series(column.name, [None], dtype=pl.Datetime("us")).new_from_index(0, len(column))
    for form in _FORMS:
        part = text.str.to_datetime(form, strict=False, time_unit="us")
        read = read.fill_null(part) if read.null_count() else read
    return read
