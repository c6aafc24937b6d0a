"""Scores are normal, and lead back to the value."""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from bedside.methods.synthesis.marginal import atoms_of, codes_of, numbers_of
from bedside.methods.synthesis.mixed import Column

RNG = np.random.default_rng(0)


def test_numbers_with_spikes_have_normal_scores_and_come_back() -> None:
    values = np.where(RNG.random(3000) < 0.3, 0.0, RNG.gamma(2, 10, 3000).round(1))
    numbers = numbers_of(values, Column(name="x"))
    assert numbers is not None
    scores = numbers.scores(values, RNG.random(3000))
    assert kstest(scores, "norm").pvalue > 0.001
    back = numbers.values(scores)
    inside = (values > np.sort(values)[5]) & (values < np.sort(values)[-6])
    assert np.abs(back - values)[inside].max() <= 2.0
    assert (back[values == 0.0] == 0.0).mean() > 0.99


def test_a_value_of_one_patient_alone_is_not_handed_out() -> None:
    values = RNG.integers(0, 100, 2000) / 10
    values[7] = 4.321
    numbers = numbers_of(values, Column(name="x"))
    assert numbers is not None
    back = numbers.values(numbers.scores(values, RNG.random(2000)))
    assert set(np.unique(back)) <= set(np.unique(np.delete(values, 7)))
    assert abs(back[7] - 4.321) < 0.06


def test_codes_have_normal_scores_and_come_back() -> None:
    codes = RNG.choice([0.0, 2.0, 5.0], 3000, p=[0.1, 0.3, 0.6])
    found = codes_of(codes)
    scores = found.scores(codes, RNG.random(3000))
    assert kstest(scores, "norm").pvalue > 0.001
    assert (found.values(scores) == codes).mean() > 0.999


def test_atoms_come_back_though_their_scores_are_off() -> None:
    values = RNG.integers(0, 8, 500).astype(float)
    numbers = numbers_of(values, Column(name="x"))
    assert numbers is not None
    atoms = atoms_of(numbers)
    scores = atoms.scores(values, np.zeros(500))
    assert len(np.unique(scores)) == 8
    np.testing.assert_array_equal(atoms.values(scores + RNG.normal(0, 0.02, 500)), values)


def test_nothing_known_has_no_scores() -> None:
    assert numbers_of(np.full(5, np.nan), Column(name="x")) is None
