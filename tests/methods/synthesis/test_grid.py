"""The grid of a number: decimals, ends, few values."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.synthesis.grid import grid_of
from bedside.methods.synthesis.mixed import Column

NUMBER = Column(name="x")


@pytest.mark.parametrize(
    ("values", "decimals"),
    [([1, 2, 30], 0), ([0.5, 1.0], 1), ([0.25, 11.5], 2), ([1e7, 2.5e7], 0), ([np.pi, np.e], None)],
)
def test_decimals_are_found_in_single_precision(values: list[float], decimals: int | None) -> None:
    single = np.array(values, np.float32).astype(np.float64)
    found = grid_of(single, NUMBER).decimals
    assert found == decimals or (decimals is None and (found is None or found >= 5))


def test_ends_are_those_that_several_rows_reach() -> None:
    values = np.arange(1000.0)
    grid = grid_of(values, NUMBER)
    assert (grid.low, grid.high) == (4.0, 995.0)
    assert grid.snapped(np.array([-5.0, 3.2, 5000.0])).tolist() == [4.0, 4.0, 995.0]


def test_a_stated_bound_holds_whatever_the_data_say() -> None:
    grid = grid_of(np.arange(1000.0), Column(name="x", low=50, high=60))
    assert grid.snapped(np.array([0.0, 55.4, 100.0])).tolist() == [50.0, 55.0, 60.0]


def test_a_finer_value_now_and_then_does_not_make_the_grid_finer() -> None:
    values = np.random.default_rng(0).gamma(2, 3, 1000).round(1)
    values[:40] += 0.03
    assert grid_of(values, NUMBER).decimals == 1


def test_few_values_are_told() -> None:
    assert grid_of(np.arange(10.0), NUMBER).few
    assert not grid_of(np.arange(100.0), NUMBER).few
