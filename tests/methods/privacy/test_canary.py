"""The audit: never above a promise that is kept, above one that is broken."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.privacy.canary import (
    audit_promise,
    canary_of,
    fits_to_test,
    lower_bound,
    most_provable,
)
from bedside.methods.synthesis.codebook import Public, domains_of
from bedside.methods.synthesis.mixed import Column, Mixed
from bedside.methods.synthesis.private import Budget, Marginals, fit_private

COLUMNS = (
    Column(name="age", low=0, high=100),
    Column(name="sex", kind="category", names=("F", "M")),
    Column(name="ward", kind="category", names=("a", "b", "c")),
)
DOMAINS = domains_of(COLUMNS, {"age": Public(bins=5)}, {"sex", "ward"})


def _rows() -> Mixed:
    rng = np.random.default_rng(1)
    values = [rng.uniform(0, 60, 200), rng.integers(1, 3, 200), np.ones(200)]
    return Mixed(columns=COLUMNS, values=np.stack(values, axis=1))


def _bound(promised: float, spent: float, fits: int = 400) -> float:
    def fit(mixed: Mixed) -> Marginals:
        return fit_private(mixed, DOMAINS, Budget(epsilon=spent))

    return audit_promise(fit, _rows(), DOMAINS, fits=fits, delta=1e-5).epsilon


@pytest.mark.parametrize("epsilon", [0.5, 3.0])
def test_a_promise_that_is_kept_is_not_refuted(epsilon: float) -> None:
    assert _bound(epsilon, epsilon) <= epsilon


def test_a_promise_that_is_broken_is_refuted() -> None:
    assert _bound(1.0, 30.0) > 1.0


def test_the_canary_is_in_the_rarest_bins() -> None:
    canary = canary_of(_rows(), DOMAINS)
    assert canary[0] > 60
    assert canary[2] in (2.0, 3.0)


def test_the_bound_of_a_known_mechanism_is_below_its_epsilon_and_not_far() -> None:
    """Randomised response of epsilon 2: the truth with probability e^2 / (1 + e^2)."""
    rng = np.random.default_rng(0)
    truth = np.exp(2) / (1 + np.exp(2))
    present = (rng.random(4000) < truth) + 0.1 * rng.random(4000)
    absent = (rng.random(4000) >= truth) + 0.1 * rng.random(4000)
    assert 1.2 < lower_bound(present, absent, delta=0.0, level=0.95) < 2.0


def test_nothing_to_tell_apart_proves_nothing() -> None:
    rng = np.random.default_rng(0)
    assert lower_bound(rng.random(400), rng.random(400), delta=1e-5, level=0.95) < 0.5


@pytest.mark.parametrize("fits", [40, 101, 300])
def test_no_scores_prove_more_than_is_provable(fits: int) -> None:
    """Even where every fit gives the canary away."""
    rng = np.random.default_rng(fits)
    most = most_provable(fits, delta=1e-5)
    found = [
        lower_bound(5 + rng.random(fits), rng.random(fits), delta=1e-5, level=0.95)
        for _ in range(200)
    ]
    assert max(found) <= most
    assert np.median(found) > most / 3


@pytest.mark.parametrize("epsilon", [0.5, 1.0, 3.7, 8.0])
def test_so_many_fits_and_no_fewer_could_refute_a_promise(epsilon: float) -> None:
    fits = fits_to_test(epsilon, delta=1e-5)
    assert fits is not None
    assert most_provable(fits, delta=1e-5) > epsilon >= most_provable(fits - 1, delta=1e-5)


def test_a_promise_that_nobody_can_test_has_no_such_number() -> None:
    assert fits_to_test(30.0, delta=1e-5) is None
    assert fits_to_test(900.0, delta=1e-5) is None
