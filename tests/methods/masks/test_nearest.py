"""Nearest neighbours on a grid: a loop over all pairs finds the same, near and far."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.methods.masks.nearest import REACH, _shells, nearest

SPACINGS = [(1.0, 1.0, 1.0), (3.0, 0.7, 0.7), (0.5, 2.0, 1.1)]


@settings(max_examples=100, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 6), st.integers(1, 9)),
    spacing=st.sampled_from(SPACINGS),
    share=st.sampled_from([0.01, 0.1, 0.6]),
    seed=st.integers(0, 1000),
)
def test_a_loop_over_all_pairs_finds_the_same(shape, spacing, share, seed):
    random = np.random.default_rng(seed)
    size = int(np.prod(shape))
    of = np.flatnonzero(random.random(size) < 0.5)
    others = np.unique(np.append(np.flatnonzero(random.random(size) < share), size - 1))
    found = nearest(of, others, shape, spacing)
    places, marked = (np.stack(np.unravel_index(i, shape), 1) * spacing for i in (of, others))
    apart = np.linalg.norm(places[:, None] - marked[None], axis=2).min(axis=1, initial=np.inf)
    assert found == pytest.approx(apart, abs=1e-12)


@pytest.mark.parametrize("spacing", [*SPACINGS, (1.0, 1.0), (0.3, 4.0)])
def test_shells_leave_no_gap(spacing):
    """Every step as short as one in the list is in the list."""
    wide = np.stack(np.meshgrid(*[np.arange(-20, 21)] * len(spacing)), -1).reshape(-1, len(spacing))
    lengths = np.linalg.norm(wide * np.array(spacing), axis=1)
    shells = _shells(spacing)
    longest = shells[-1][0]
    assert sum(len(steps) for _, steps in shells) == ((lengths > 0) & (lengths <= longest)).sum()
    assert [d for d, _ in shells] == sorted(d for d, _ in shells)
    assert longest >= REACH * min(spacing)
