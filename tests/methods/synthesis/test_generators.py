"""What holds of every generator: columns, pairs, gaps and grids as they were learnt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.methods.synthesis.made_up import made_up

from bedside.core.errors import DataError
from bedside.core.randomness import stream
from bedside.methods.one_thread import one_thread
from bedside.methods.synthesis.copula import fit_copula
from bedside.methods.synthesis.flow import FlowSettings, fit_flow
from bedside.methods.synthesis.mixed import Mixed
from bedside.methods.synthesis.sampling import Sampler
from bedside.methods.synthesis.trees import fit_trees

Fit = Callable[[Mixed, int], Sampler]


def _flow(mixed: Mixed, seed: int) -> Sampler:
    return fit_flow(mixed, FlowSettings(steps=500, width=64, leaps=8), seed=seed)


FITS: dict[str, Fit] = {
    "trees": lambda mixed, seed: fit_trees(mixed, seed=seed),
    "copula": lambda mixed, seed: fit_copula(mixed, seed=seed),
    "flow": _flow,
}


@pytest.fixture(scope="module", params=FITS)
def pair(request: pytest.FixtureRequest) -> tuple[Mixed, Mixed]:
    """Real rows and made-up ones."""
    real = made_up()
    with one_thread():
        values = FITS[request.param](real, 1).draw(2000, stream(5, 4))
    return real, Mixed(columns=real.columns, values=values)


def test_each_column_has_its_distribution(pair: tuple[Mixed, Mixed]) -> None:
    real, made = pair
    for at in range(5):
        ours, theirs = made.values[:, at], real.values[:, at]
        ours, theirs = ours[~np.isnan(ours)], theirs[~np.isnan(theirs)]
        at_most = np.unique(theirs)
        apart = np.abs(
            (ours[:, None] <= at_most).mean(axis=0) - (theirs[:, None] <= at_most).mean(axis=0)
        ).max()
        assert apart < 0.09, real.columns[at].name


def test_numbers_are_on_the_grid_and_within_the_ends(pair: tuple[Mixed, Mixed]) -> None:
    made = pair[1].values
    np.testing.assert_array_equal(made[:, 0], made[:, 0].round())
    np.testing.assert_allclose(made[:, 1:3], made[:, 1:3].round(1), atol=1e-9)
    assert made[:, 0].min() >= 40
    assert made[:, 1].min() >= 0
    assert 0.4 < (made[:, 1] == 0).mean() < 0.6


def test_the_extremes_of_single_patients_are_not_handed_out(pair: tuple[Mixed, Mixed]) -> None:
    real, made = pair[0].values, pair[1].values
    assert made[:, 1].max() <= np.sort(real[:, 1])[-4]


def test_gaps_come_where_they_came(pair: tuple[Mixed, Mixed]) -> None:
    for rows in pair:
        old = rows.values[:, 0] > 70
        gap = np.isnan(rows.values[:, 2])
        assert gap[old].mean() > gap[~old].mean() + 0.2


def test_pairs_hang_together(pair: tuple[Mixed, Mixed]) -> None:
    found = []
    for rows in pair:
        both = ~np.isnan(rows.values[:, 2])
        found.append(np.corrcoef(rows.values[both, 0], rows.values[both, 2])[0, 1])
    assert abs(found[0] - found[1]) < 0.15


def test_what_never_varies_stays_so(pair: tuple[Mixed, Mixed]) -> None:
    made = pair[1].values
    assert (made[:, 5] == 7.5).all()
    assert np.isnan(made[:, 6]).all()
    assert set(np.unique(made[:, 4])) <= {1.0, 2.0, 3.0}


@pytest.mark.parametrize("name", FITS)
def test_a_seed_gives_the_same_rows_again(name: str) -> None:
    with one_thread():
        rows = [FITS[name](made_up(80), 3).draw(20, stream(1, 4)) for _ in range(2)]
        other = FITS[name](made_up(80), 3).draw(20, stream(2, 4))
    np.testing.assert_array_equal(*rows)
    assert not np.array_equal(rows[0], other, equal_nan=True)


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("rows", [0, 1, 9])
def test_too_few_patients_are_refused(name: str, rows: int) -> None:
    with pytest.raises(DataError, match="at least 10 training patients"):
        FITS[name](made_up(20).rows(np.arange(rows)), 0)


@pytest.mark.parametrize("name", FITS)
def test_rows_without_any_variation_are_learnt(name: str) -> None:
    same = made_up(30).rows(np.zeros(30, np.int64))
    drawn = FITS[name](same, 0).draw(5, stream(0, 4))
    np.testing.assert_array_equal(drawn, same.values[:5])


@pytest.mark.parametrize("name", FITS)
def test_ten_patients_are_enough_to_go_on_with(name: str) -> None:
    assert FITS[name](made_up(10), 0).draw(50, stream(0, 4)).shape == (50, 7)
