from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bedside.methods.halves import halve


@given(st.integers(0, 200), st.integers(0, 2**32), st.integers(1, 4))
def test_no_subject_is_in_both_and_classes_are_equal_to_one(
    subjects: int, seed: int, classes: int
) -> None:
    rng = np.random.default_rng(seed)
    owner = rng.permutation(np.repeat(np.arange(subjects), rng.integers(1, 4, subjects)))
    stratum = rng.integers(0, classes, subjects)
    rows = 1000 + np.arange(len(owner))
    found = halve(rows, [f"S{name}" for name in owner], stratum[owner], seed)
    assert sorted([*found.select, *found.calibrate]) == rows.tolist()
    of_select, of_calibrate = (set(owner[half - 1000]) for half in (found.select, found.calibrate))
    assert not of_select & of_calibrate
    for kind in range(classes):
        members = set(np.flatnonzero(stratum == kind))
        assert abs(len(of_select & members) - len(of_calibrate & members)) <= 1


def test_order_does_not_matter_and_the_seed_does() -> None:
    names = [f"S{number}" for number in range(60)]
    rows, strata = np.arange(60), np.zeros(60, np.int64)
    first = halve(rows, names, strata, 1)
    turned = halve(rows[::-1], names[::-1], strata, 1)
    assert set(first.select) == set(turned.select)
    assert set(first.select) != set(halve(rows, names, strata, 2).select)
