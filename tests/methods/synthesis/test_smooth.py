"""Shares are nearer to those of other patients than counts are, and what is no chance stays."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.synthesis.mixed import Values
from bedside.methods.synthesis.smooth import smooth_shares


def drawn(rng: np.random.Generator, rows: int = 2500) -> dict[str, Values]:
    """Columns with ages, tenths, and two grids at once."""
    fine = rng.gamma(4, 0.4, rows)
    return {
        "ages": rng.normal(65, 11, rows).clip(40, 100).round(),
        "tenths": rng.gamma(6, 0.2, rows).round(1),
        "two grids": np.where(rng.random(rows) < 0.7, fine.round(1), fine.round(2)),
    }


@pytest.mark.parametrize("name", ["ages", "tenths", "two grids"])
def test_smooth_shares_are_nearer_to_the_truth_than_counts(name: str) -> None:
    truth = drawn(np.random.default_rng(99), 400_000)[name]
    better = []
    for seed in range(8):
        kinds, counts = np.unique(drawn(np.random.default_rng(seed))[name], return_counts=True)
        low, high = np.searchsorted(np.sort(truth), [kinds - 1e-9, kinds + 1e-9])
        true = (high - low) / len(truth)
        smooth = smooth_shares(kinds, counts)
        assert smooth.sum() == pytest.approx(1)
        assert smooth.min() >= 0
        better.append(np.abs(counts / counts.sum() - true).sum() - np.abs(smooth - true).sum())
    assert np.mean(better) > 0


def test_a_spike_stays() -> None:
    rng = np.random.default_rng(0)
    values = np.where(rng.random(3000) < 0.3, 0.0, rng.gamma(2, 10, 3000).round())
    kinds, counts = np.unique(values, return_counts=True)
    assert smooth_shares(kinds, counts)[0] == pytest.approx(counts[0] / 3000, rel=0.05)


def test_few_values_are_as_counted() -> None:
    counts = np.array([5, 50, 3])
    np.testing.assert_allclose(smooth_shares(np.array([1.0, 2, 3]), counts), counts / 58)
