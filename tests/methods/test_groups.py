"""Subgroups and comparators."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from bedside.core.errors import DataError
from bedside.core.study import Column
from bedside.methods.columns import Made
from bedside.methods.groups import comparator, group


def made(values: object, kind: str = "numeric", **declared: object) -> Made:
    column = Column(**declared)
    return Made(name="x", declared=column, kind=kind, values=pl.Series("x", values), blanked=0)


ALL = pl.Series([True] * 9)


def test_bands_are_closed_below() -> None:
    ages = [40.0, 64.9, 65.0, 79.9, 80.0, None, 99.0, 65.0, 12.0]
    found = group(made(ages, cuts=(65.0, 80.0)), ALL)
    assert found.name == "group.x"
    low, mid, high = "below 65", "[65, 80)", "80 and above"
    assert found.to_list() == [low, low, mid, mid, high, None, high, mid, low]


def test_without_cuts_training_patients_are_cut_in_thirds() -> None:
    train = pl.Series([True] * 900 + [False] * 100)
    values = np.r_[np.random.default_rng(0).permutation(900), np.full(100, 10_000)]
    counts = group(made(values.astype(float)), train).filter(train).value_counts()
    assert sorted(counts["count"].to_list()) == [299, 300, 301]
    assert len(counts) == 3


def test_categories_and_short_codes_stay_as_they_are() -> None:
    assert group(made(["F", None, "M"], "category"), ALL).to_list() == ["F", None, "M"]
    assert group(made([1.0, 2.0, None]), ALL).to_list() == ["1", "2", None]


def test_comparators_are_risks() -> None:
    assert comparator(made([0.25, None, 1.0])).to_list() == [0.25, None, 1.0]
    inverted = comparator(made([0.25, None, 1.0], invert=True))
    assert inverted.name == "comparator.x"
    assert inverted.to_list() == [0.75, None, 0.0]


@pytest.mark.parametrize("values", [[25.0, 50.0], [-0.1, 0.5], ["high", "0.5"]])
def test_a_score_is_no_risk(values: list) -> None:
    with pytest.raises(DataError, match="probabilities from 0 to 1"):
        comparator(made(values))
