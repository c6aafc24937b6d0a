"""Dates moved by days, against Python's own dates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.adapters.deidentify.shift import moved_date, moved_datetime, plain_time

DAYS = st.dates(min_value=date(1920, 1, 1), max_value=date(2100, 1, 1))


@given(DAYS, st.integers(-4018, -365))
def test_a_date_moves_as_python_moves_it(day: date, by: int) -> None:
    expected = (day + timedelta(days=by)).strftime("%Y%m%d")
    assert moved_date(day.strftime("%Y%m%d"), by) == expected
    assert moved_datetime(day.strftime("%Y%m%d") + "1200", by) == expected + "1200"


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("20200301", "20200229"), ("2020.03.01", "20200229"), ("20201301", ""), ("", ""),
        ("HOLDEN", ""), ("00010101", ""), ("20200301-20200401", ""), ("2020030", ""),
    ],
)  # fmt: skip
def test_what_is_no_date_is_nothing(text: str, moved: str) -> None:
    assert moved_date(text, -1) == moved


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("20200301235959.123456+0100", "20200229235959.123456+0100"),
        ("202003", "202002"), ("2020", "2020"), ("20200301", "20200229"),
        ("20200301 HOLDEN", ""), ("HOLDEN", ""),
    ],
)  # fmt: skip
def test_a_date_and_time_keeps_its_form(text: str, moved: str) -> None:
    assert moved_datetime(text, -1) == moved


@pytest.mark.parametrize(
    ("text", "kept"),
    [("235959.5", "235959.5"), ("10", "10"), ("10:20:30", "10:20:30"), ("HOLDEN", ""), ("1", "")],
)
def test_a_time_is_a_time_or_nothing(text: str, kept: str) -> None:
    assert plain_time(text) == kept
