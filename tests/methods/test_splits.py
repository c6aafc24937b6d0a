"""Splits: a law of the subject's name and the seed, and of nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from bedside.methods.splits import assign, draw

NAMES = [f"P{number:05d}" for number in range(5000)]


@given(st.lists(st.text(max_size=8), unique=True, min_size=1), st.integers(0, 2**40), st.randoms())
@settings(max_examples=50, deadline=None)
def test_a_subject_keeps_the_number_whoever_else_is_there(names, seed, random) -> None:
    alone = {name: draw([name], seed)[0] for name in names}
    shuffled = random.sample(names, len(names))
    assert dict(zip(shuffled, draw(shuffled, seed), strict=True)) == alone


def test_numbers_are_uniform_and_independent_of_seed_and_purpose() -> None:
    first = draw(NAMES, 0)
    assert kstest(first, "uniform").pvalue > 1e-4
    for other in (draw(NAMES, 1), draw(NAMES, 0, "most_subjects")):
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.06
    assert first.min() >= 0
    assert first.max() < 1


def test_shares_are_kept() -> None:
    names = assign(draw(NAMES, 3), tune=0.2, held_out=0.3)
    for name, share in (("tune", 0.2), ("held_out", 0.3), ("train", 0.5)):
        assert abs(np.mean(names == name) - share) < 4 * np.sqrt(share * (1 - share) / len(NAMES))


def test_strata_hold_the_shares_exactly() -> None:
    strata = np.r_[np.zeros(4900, np.int64), np.ones(100, np.int64)]
    names = assign(draw(NAMES, 3), tune=0.2, held_out=0.3, strata=strata)
    for stratum, size in ((0, 4900), (1, 100)):
        inside = names[strata == stratum]
        assert np.sum(inside == "held_out") == 0.3 * size
        assert np.sum(inside == "tune") == 0.2 * size


def test_known_draw_stays_as_it_is() -> None:
    """A change of the hash would move every subject of every study that exists."""
    assert draw(["P00000", "Ärztin"], 7).round(12).tolist() == KNOWN


KNOWN = [0.46535305113, 0.753318135602]
