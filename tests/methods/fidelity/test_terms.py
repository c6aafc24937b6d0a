"""Likeness as a difference of means: the same number, and an interval that covers by patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.methods.privacy.cohort import drawn

from bedside.methods.fidelity.columns import column_likeness, column_terms
from bedside.methods.fidelity.coverage import covered
from bedside.methods.fidelity.pairs import pair_likeness, pair_terms, pairs_of
from bedside.methods.fidelity.terms import likeness_intervals
from bedside.methods.synthesis.mixed import Mixed

ROWS = 6


def _moved(mixed: Mixed) -> Mixed:
    """One column shifted, one more often missing, one with other shares, two torn apart."""
    values = mixed.values.copy()
    rng = np.random.default_rng(len(values))
    values[:, 0] += 1.0
    values[:, 1] = rng.permutation(values[:, 1])
    values[rng.random(len(values)) < 0.5, 4] = np.nan
    values[rng.random(len(values)) < 0.3, 6] = 1
    return replace(mixed, values=values)


def _repeated(mixed: Mixed) -> Mixed:
    """Six rows a patient, all the same."""
    own = np.repeat(np.arange(len(mixed)), ROWS)
    return replace(mixed, values=np.repeat(mixed.values, ROWS, axis=0), subjects=own)


@pytest.mark.parametrize("moved", [False, True])
def test_the_interval_of_a_likeness_covers_it(moved: bool) -> None:
    """What so many patients have on average; by row, with six of each, it would be too short."""
    found, naive = [], []
    for seed in range(0, 120, 2):
        real, made = drawn(120, seed), drawn(120, seed + 1)
        pair = _repeated(real), _repeated(_moved(made) if moved else made)
        terms = column_terms(*pair)
        patients = pair[0].patients, pair[1].patients
        rows = np.arange(len(pair[0]))
        found.append(likeness_intervals(terms, patients, seed=seed, replicates=200)[0])
        naive.append(likeness_intervals(terms, (rows, rows), seed=seed, replicates=200)[0])
    value, low, high = np.array(found).transpose(2, 0, 1)
    truth = value.mean(axis=0)
    assert (value == np.array(naive)[..., 0]).all()
    assert ((low <= truth) & (truth <= high)).mean(axis=0).min() > 0.85
    assert ((low <= truth) & (truth <= high)).mean() > 0.92
    _, short, long = np.array(naive).transpose(2, 0, 1)
    assert ((high - low) > 1.6 * (long - short)).mean() > 0.9
    if moved:
        assert ((short <= truth) & (truth <= long))[:, 0].mean() < 0.75


@pytest.mark.parametrize("moved", [False, True])
def test_columns_and_pairs_have_intervals_around_their_likeness(moved: bool) -> None:
    real, made = drawn(300, 1), drawn(300, 2)
    made = _moved(made) if moved else made
    patients = real.patients, made.patients
    columns, mean = likeness_intervals(column_terms(real, made), patients, seed=0, replicates=100)
    expected = column_likeness(real, made)
    assert [one[0] for one in columns] == pytest.approx(list(expected.values()))
    assert mean[0] == pytest.approx(np.mean(list(expected.values())))
    pairs, _ = likeness_intervals(pair_terms(real, made), patients, seed=0, replicates=100)
    assert [one[0] for one in pairs] == pytest.approx(list(pair_likeness(real, made).values()))
    assert len(pairs_of(real)) == len(pairs) == 21
    assert all(low <= value <= high for value, low, high in (*columns, mean, *pairs))
    assert all(0 <= low < high <= 1 for _, low, high in (*columns, mean, *pairs))


def test_one_column_has_no_pairs() -> None:
    one = Mixed(columns=drawn(1, 0).columns[:1], values=drawn(50, 0).values[:, :1])
    terms = pair_terms(one, one)
    found = likeness_intervals(terms, (one.patients, one.patients), seed=0, replicates=10)
    assert found == ([], (1.0, 1.0, 1.0))


def test_coverage_has_an_interval_by_patient() -> None:
    rng = np.random.default_rng(0)
    real, made = _repeated(drawn(80, 1)), _repeated(drawn(80, 2))
    for mixed in (real, made):
        mixed.values[:, :4] += rng.normal(0, 0.3, (len(mixed), 4))
    found = covered(real, made)
    by_patient = found.intervals(seed=0, replicates=200)
    rows = np.arange(len(real))
    by_row = found._replace(patients=(rows, rows)).intervals(seed=0, replicates=200)
    for name in ("coverage", "precision"):
        value, low, high = by_patient[name]
        assert low <= value <= high
        assert high - low > 1.3 * (by_row[name][2] - by_row[name][1])


def test_rows_of_the_table_go_with_the_patient_they_are_like() -> None:
    real = drawn(60, 1)
    made = Mixed(columns=real.columns, values=np.repeat(real.values[:3], 20, axis=0))
    assert len(np.unique(covered(real, made).patients[1])) == 3


def test_all_covered_still_leaves_room_for_doubt() -> None:
    real = drawn(60, 1)
    value, low, high = covered(real, real).intervals(seed=0, replicates=50)["coverage"]
    assert (value, high) == (1.0, 1.0)
    assert 0.9 < low < 0.97
