"""The curve by its definition, and replicates as repeated patients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedside.core.errors import DataError
from bedside.methods import selective


def by_definition(confidence, loss):
    """For each patient: the mean loss of everybody at least as sure."""
    return np.mean([loss[confidence >= own].mean() for own in confidence])


@given(n=st.integers(1, 40), ties=st.integers(1, 30), seed=st.integers(0, 2**32))
def test_area_is_that_of_the_definition(n, ties, seed):
    rng = np.random.default_rng(seed)
    confidence, loss = rng.integers(0, ties, n) / 7, rng.random(n)
    assert selective.area(confidence, loss).item() == pytest.approx(by_definition(confidence, loss))
    curve = selective.risk_coverage(confidence, loss)
    widths = np.diff(curve.coverage, prepend=0)
    assert (widths * curve.risk).sum() == pytest.approx(selective.area(confidence, loss).item())
    assert curve.risk[-1] == pytest.approx(loss.mean())


def test_replicates_of_counts_equal_repeated_patients():
    rng = np.random.default_rng(0)
    n = 200
    confidence, loss = rng.integers(0, 50, n) / 50, rng.random(n)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=6).astype(float)
    for measure in (
        selective.area,
        selective.excess_area,
        lambda c, x, w=None: selective.risk_at(c, x, 0.7, w),
    ):
        found = measure(confidence, loss, weights)
        for b, row in enumerate(weights.astype(int)):
            again = np.repeat(np.arange(n), row)
            assert found[b] == pytest.approx(measure(confidence[again], loss[again]).item())
    curve = selective.risk_coverage(confidence, loss, weights[0])
    assert curve.at(0.7) == pytest.approx(selective.risk_at(confidence, loss, 0.7, weights[:1])[0])
    assert curve.at(1.0) == pytest.approx((weights[0] * loss).sum() / n)


def test_a_good_order_lies_below_no_order_below_a_bad_one():
    rng = np.random.default_rng(1)
    p = rng.beta(0.5, 0.5, 5000)
    wrong = ((rng.random(5000) < p) != (p > 0.5)).astype(float)
    sure = np.abs(p - 0.5)
    good, none, bad = (selective.area(c, wrong).item() for c in (sure, sure * 0, -sure))
    assert good < none < bad
    assert none == pytest.approx(wrong.mean())
    assert selective.excess_area(-wrong, wrong).item() == pytest.approx(0.0)
    assert selective.risk_at(sure, wrong, 0.5).item() < 0.5 * wrong.mean()


def test_what_is_not_a_number_is_refused():
    with pytest.raises(DataError, match="finite"):
        selective.area([0.1, np.nan], [0.0, 1.0])
    with pytest.raises(DataError, match="losses"):
        selective.area([0.1], [0.0, 1.0])
    with pytest.raises(DataError, match="bootstrap weights"):
        selective.area([0.1, 0.2], [0.0, 1.0], np.ones((3, 4)))
    with pytest.raises(DataError, match="coverage"):
        selective.risk_at([0.1], [0.0], 0.0)
