"""Rows in blocks: more of them begin with the same, and the wanted ones have the right shares."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.core.errors import DataError
from bedside.methods.synthesis.sampling import sampled


class _Dice:
    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(1, 7, (count, 2)).astype(float)


def test_the_first_of_more_are_the_same() -> None:
    few = sampled(_Dice(), lambda rows: rows[:, 0] > 2, 10, seed=3)
    many = sampled(_Dice(), lambda rows: rows[:, 0] > 2, 3000, seed=3)
    np.testing.assert_array_equal(few, many[:10])
    assert not np.array_equal(few, sampled(_Dice(), lambda rows: rows[:, 0] > 2, 10, seed=4))


def test_what_is_wanted_keeps_its_own_distribution() -> None:
    rows = sampled(_Dice(), lambda rows: rows.sum(axis=1) >= 11, 6000, seed=1)
    assert len(rows) == 6000
    assert abs((rows.sum(axis=1) == 12).mean() - 1 / 3) < 0.02


def test_none_wanted_gives_none() -> None:
    assert sampled(_Dice(), lambda rows: rows[:, 0] > 0, 0, seed=1).shape == (0, 2)


def test_what_never_comes_is_refused() -> None:
    with pytest.raises(DataError, match="none in 61,440"):
        sampled(_Dice(), lambda rows: rows[:, 0] > 6, 1, seed=1)
