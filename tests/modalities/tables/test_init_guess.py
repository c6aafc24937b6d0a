"""What columns might be, from names and counts."""

from __future__ import annotations

import polars as pl
import pytest

from bedside.modalities.tables.init_guess import guess, looks_group, looks_later


def test_a_site_has_few_values_and_a_target_two() -> None:
    frame = pl.DataFrame(
        {"site": [str(n) for n in range(50)], "status": [n % 3 for n in range(50)]}
    )
    found = guess(frame)
    assert (found.site, found.target) == ("", "")


def test_numbers_of_rows_and_free_text_are_left_out() -> None:
    frame = pl.DataFrame(
        {
            "record_id": range(40),
            "note": [f"text {n}" for n in range(40)],
            "surname": ["A", "B"] * 20,
            "dose": range(40),
        }
    )
    assert set(guess(frame).ignored) == {"record_id", "note", "surname"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 1], "1"), (["No", "Yes"], "Yes"), (["alive", "dead"], "dead"), (["x", "z"], "")],
)
def test_the_value_that_says_it_happened(values: list, expected: str) -> None:
    assert guess(pl.DataFrame({"outcome": values * 5})).positive == expected


def test_dates_without_a_prediction_time_are_asked_about() -> None:
    frame = pl.DataFrame({"born": ["1950-01-01", "1960-01-01"], "died": [0, 1]})
    assert "prediction time" in guess(frame).ignored["born"]


def test_names_that_say_something() -> None:
    assert looks_group("Sex")
    assert not looks_group("sextant")
    assert looks_later("discharge_date")
    assert looks_later("totcost")
    assert not looks_later("age")
