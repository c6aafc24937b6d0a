"""Private marginals: the accounting, the noise, and what is left of the data."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import DataError, StudyError
from bedside.methods.synthesis.codebook import Public, domains_of
from bedside.methods.synthesis.mixed import Column, Mixed
from bedside.methods.synthesis.private import Budget, fit_private

COLUMNS = (
    Column(name="age", low=0, high=100), Column(name="dose"),
    Column(name="sex", kind="category", names=("F", "M")),
)  # fmt: skip
CODEBOOK = {"dose": Public(edges=(0, 1, 2, 5, 10), decimals=1)}


def _rows(rows: int = 3000) -> Mixed:
    rng = np.random.default_rng(0)
    sex = 1.0 + (rng.random(rows) < 0.3)
    age = rng.uniform(20, 90, rows)
    dose = np.where(sex == 1, rng.uniform(0, 2, rows), rng.uniform(5, 10, rows))
    dose[age > 70] = np.nan
    return Mixed(columns=COLUMNS, values=np.stack([age, dose, sex], axis=1))


@pytest.mark.parametrize(("epsilon", "rho"), [(1.0, 0.0208), (0.5, 0.00531), (10.0, 1.576)])
def test_rho_gives_epsilon_back(epsilon: float, rho: float) -> None:
    budget = Budget(epsilon=epsilon)
    back = budget.rho + 2 * np.sqrt(budget.rho * np.log(1 / budget.delta))
    assert back == pytest.approx(epsilon)
    assert budget.rho == pytest.approx(rho, rel=0.03)


def test_the_noise_is_what_the_budget_asks_for() -> None:
    """Gaussian mechanism of rho / 3 on three tables of sensitivity 1: sigma^2 = 3 / (2 rho / 3)."""
    mixed, domains = _rows(), domains_of(COLUMNS, CODEBOOK, {"sex"})
    budget = Budget(epsilon=1.0)
    counts = [fit_private(mixed, domains, budget).singles[2][1] for _ in range(400)]
    expected = np.sqrt(3 / (2 * budget.rho / 3))
    assert np.std(counts) == pytest.approx(expected, rel=0.12)
    assert np.mean(counts) == pytest.approx((mixed.values[:, 2] == 1).sum(), abs=expected / 4)


def test_pairs_that_matter_are_kept_and_gaps_too() -> None:
    mixed = _rows()
    model = fit_private(
        mixed, domains_of(COLUMNS, CODEBOOK, {"sex"}), Budget(epsilon=5.0),
        noise=np.random.default_rng(1),
    )  # fmt: skip
    made = model.draw(3000, np.random.default_rng(2))
    dose, sex = made[:, 1], made[:, 2]
    assert np.nanmean(dose[sex == 2]) - np.nanmean(dose[sex == 1]) > 4
    assert abs(np.isnan(dose).mean() - np.isnan(mixed.values[:, 1]).mean()) < 0.05
    assert abs(model.patients - 3000) < 100
    known = dose[~np.isnan(dose)]
    np.testing.assert_allclose(known, known.round(1))
    assert known.min() >= 0
    assert known.max() <= 10


def test_fresh_noise_each_time() -> None:
    domains = domains_of(COLUMNS, CODEBOOK, {"sex"})
    first, second = (fit_private(_rows(), domains, Budget(epsilon=1.0)) for _ in range(2))
    assert not np.array_equal(first.singles[0], second.singles[0])


def test_a_constant_stands_for_the_missing() -> None:
    codebook = {"dose": Public(edges=(0, 1, 2, 5, 10), fill=1.5)}
    domains = domains_of(COLUMNS, codebook, {"sex"})
    made = fit_private(_rows(), domains, Budget(epsilon=50.0)).draw(2000, np.random.default_rng(0))
    assert np.isnan(made[:, 1]).mean() < 0.02
    assert ((made[:, 1] >= 1) & (made[:, 1] <= 2)).mean() > 0.4


def test_a_codebook_that_does_not_cover_the_data() -> None:
    domains = domains_of(COLUMNS, {"dose": Public(edges=(0, 1, 2))}, {"sex"})
    with pytest.raises(DataError, match="edges that cover every value"):
        fit_private(_rows(), domains, Budget(epsilon=1.0))


@pytest.mark.parametrize(
    ("codebook", "declared", "match"),
    [
        ({}, {"sex"}, "edges, or a range"),
        (CODEBOOK, set(), "categories"),
        ({**CODEBOOK, "doze": Public()}, {"sex"}, "did you mean 'dose'"),
        ({"dose": Public(edges=(3, 1))}, {"sex"}, "rising"),
        ({"dose": Public(edges=(0, 9), fill=10)}, {"sex"}, "within the edges"),
    ],
)
def test_what_is_not_public_is_asked_for(
    codebook: dict[str, Public], declared: set[str], match: str
) -> None:
    with pytest.raises(StudyError, match=match):
        domains_of(COLUMNS, codebook, declared)


def test_one_column_alone() -> None:
    alone = Mixed(columns=COLUMNS[:1], values=_rows().values[:, :1])
    model = fit_private(alone, domains_of(COLUMNS[:1], {}, set()), Budget(epsilon=1.0))
    assert model.draw(10, np.random.default_rng(0)).shape == (10, 1)
