"""Numbers in words: digits, intervals, units, groups."""

from __future__ import annotations

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.methods import words


def test_the_examples_hold() -> None:
    tried = doctest.testmod(words)
    assert tried.attempted > 10
    assert tried.failed == 0


@given(st.floats(min_value=-1e6, max_value=1e6))
def test_a_number_is_within_half_of_its_last_digit(value: float) -> None:
    text = words.number(value).replace(",", "").replace(words.MINUS, "-")
    places = len(text.partition(".")[2])
    assert abs(float(text) - value) <= 0.5 * 10**-places * (1 + 1e-9) + 1e-12


@given(st.floats(min_value=0.001, max_value=999.0))
def test_at_most_three_significant_digits_below_a_thousand(value: float) -> None:
    digits = words.number(value).replace(".", "").lstrip("0")
    assert len(digits.rstrip("0")) <= 3


def test_a_small_difference_shows_no_more_decimals_than_its_models() -> None:
    assert words.interval(-0.00104, -0.00612, 0.00405) == "−0.001 (−0.006 to 0.004)"


def test_what_is_not_defined_says_so() -> None:
    assert words.interval(None, None, None) == "not defined"
    assert words.interval(math.nan, 0.1, 0.2) == "not defined"
    assert words.interval(0.5, None, 0.6) == "0.500 (no interval)"
    assert words.percent(None) == "not defined"


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("share", "12.3 % (10.1 to 14.5)"),
        ("share points", "12.3 points (10.1 to 14.5)"),
        ("points", "0.123 points (0.101 to 0.145)"),
        ("days", "0.123 days (0.101 to 0.145)"),
        ("", "0.123 (0.101 to 0.145)"),
    ],
)
def test_units(unit: str, text: str) -> None:
    assert words.interval(0.123, 0.101, 0.145, unit) == text


def test_a_tiny_number_is_given_by_its_power_of_ten() -> None:
    assert words.interval(1.2e-7, 0.0, 3e-7) == "1.2 × 10⁻⁷ (0 to 3 × 10⁻⁷)"
    assert words.interval(2e-9, None, None) == "2 × 10⁻⁹ (no interval)"
    assert words.interval(0.0, 0.0, 0.0) == "0 (0 to 0)"


def test_minus_zero_is_zero() -> None:
    assert words.number(-0.0) == "0"
    assert words.number(-0.0001, places=2) == "0.00"
