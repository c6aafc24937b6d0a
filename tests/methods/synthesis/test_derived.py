"""What follows from other columns is found, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.methods.synthesis.made_up import made_up

from bedside.methods.synthesis.derived import derived_of
from bedside.methods.synthesis.mixed import Column, Mixed, Values

RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.gamma(3, 1, 800).round(2) + 0.01, RNG.gamma(4, 1, 800).round(2) + 0.01
FORMS = {
    "+": (FIRST + SECOND).round(2), "-": (FIRST - SECOND).round(2),
    "*": (FIRST * SECOND).round(4), "/": (FIRST / SECOND).round(9),
}  # fmt: skip


def rows(follows: Values, kind: str = "numeric") -> Mixed:
    """Two numbers and a third column."""
    names = ("a", "b", "c", "d") if kind == "category" else ()
    columns = (Column(name="first"), Column(name="second"),
               Column(name="third", kind=kind, names=names))  # type: ignore[arg-type]  # fmt: skip
    return Mixed(columns=columns, values=np.stack([FIRST, SECOND, follows], axis=1))


def parted(values: Values, ends: tuple[float, ...] = (0.25, 0.5, 0.75)) -> Values:
    """In which part of the distribution each is, from 1 on."""
    return 1.0 + np.searchsorted(np.quantile(values, ends), values)


@pytest.mark.parametrize("kind", ["numeric", "category"])
@pytest.mark.parametrize("form", FORMS)
def test_steps_of_two_numbers_are_found(form: str, kind: str) -> None:
    real = rows(parted(FORMS[form]), kind)
    (found,) = derived_of(real)
    assert (found.at, found.sources, found.form) == (2, (0, 1), form)
    blank = real.values.copy()
    blank[:, 2] = -9
    np.testing.assert_array_equal(found.values(blank), real.values[:, 2])


def test_categories_of_one_number_come_in_any_order() -> None:
    real = rows(np.array([3.0, 1.0, 4.0, 2.0])[parted(SECOND).astype(int) - 1], "category")
    (found,) = derived_of(real)
    assert found.sources == (1,)
    np.testing.assert_array_equal(found.kinds, [3, 1, 4, 2])


def test_what_follows_from_what_follows_is_reckoned_after_it() -> None:
    eight = parted(FIRST, tuple(np.arange(1, 8) / 8))
    real = rows(eight)
    two = Mixed(
        columns=(*real.columns, Column(name="half")),
        values=np.column_stack([real.values, np.where(eight > 4, 1.0, 0.0)]),
    )
    assert [found.at for found in derived_of(two)] == [2, 3]


def test_one_row_that_says_otherwise_is_enough() -> None:
    follows = parted(FORMS["+"])
    follows[np.argmin(FORMS["+"])] = 3.0
    assert derived_of(rows(follows)) == ()


def test_a_value_of_few_rows_proves_nothing() -> None:
    assert derived_of(rows(1.0 + (np.sort(FIRST)[-6] < FIRST))) == ()


def test_nothing_is_found_where_nothing_follows() -> None:
    assert derived_of(made_up()) == ()


def test_gaps_follow_too_or_it_is_none() -> None:
    real = rows(parted(FORMS["+"]))
    gaps = real.values.copy()
    gaps[:100, 0] = np.nan
    assert derived_of(replace(real, values=gaps)) == ()
    gaps[:100, 2] = np.nan
    (found,) = derived_of(replace(real, values=gaps))
    np.testing.assert_array_equal(found.values(gaps), gaps[:, 2])
