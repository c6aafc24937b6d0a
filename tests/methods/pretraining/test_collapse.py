"""A collapsed encoder is seen, a healthy one is not blamed."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.pretraining.collapse import effective_rank, health, spread

RNG = np.random.default_rng(0)
SUBJECTS = np.arange(400) // 2
HEALTHY = np.maximum(RNG.normal(size=(400, 6)) @ RNG.normal(size=(6, 32)), 0)


@pytest.mark.parametrize("dimensions", [1, 3, 8])
def test_the_rank_is_that_of_equal_directions(dimensions: int) -> None:
    # orthonormal columns have equal singular values: the entropy is log(dimensions)
    basis = np.linalg.qr(RNG.normal(size=(300, dimensions + 1)) - 0)[0]
    columns = np.linalg.qr(basis - basis.mean(axis=0))[0][:, :dimensions]
    turned = columns @ np.linalg.qr(RNG.normal(size=(16, 16)))[0][:dimensions] + 3
    assert effective_rank(turned) == pytest.approx(dimensions, rel=0.02)


def test_the_spread_is_0_at_a_point_and_1_everywhere() -> None:
    assert spread(np.ones((50, 8))) == pytest.approx(0, abs=1e-12)
    assert spread(RNG.normal(size=(4000, 64))) == pytest.approx(1, abs=0.02)


def test_a_point_a_line_and_nothing_at_all_are_collapses() -> None:
    point = np.tile(RNG.normal(size=32), (400, 1)).astype(np.float32)
    line = np.outer(RNG.normal(size=400), RNG.normal(size=32)) + 1e-3 * RNG.normal(size=(400, 32))
    assert "alike" in health(point, SUBJECTS).collapsed
    assert "alike" in health(np.zeros((400, 32)), SUBJECTS).collapsed
    assert "line" in health(line, SUBJECTS).collapsed
    assert "no numbers" in health(np.full((400, 32), np.nan), SUBJECTS).collapsed


def test_a_healthy_encoder_is_not_blamed_and_has_intervals() -> None:
    found = health(HEALTHY, SUBJECTS)
    assert found.collapsed == ""
    assert found.width == 32
    for value, low, high in (found.rank, found.spread):
        assert 0 <= low < value < high


def test_rounding_is_no_direction() -> None:
    nearly = np.full((400, 32), 7.0, np.float32)
    nearly += np.float32(1e-7) * RNG.normal(size=nearly.shape).astype(np.float32)
    assert effective_rank(nearly) == 0


def test_the_interval_covers_the_rank_of_many() -> None:
    """95 % nominal; a jackknife over ten groups is approximate."""
    mix = RNG.normal(size=(5, 12))
    truth = effective_rank(RNG.normal(size=(200_000, 5)) @ mix)
    covered = 0
    for seed in range(60):
        drawn = np.random.default_rng(seed).normal(size=(300, 5)) @ mix
        _, low, high = health(drawn, np.arange(300)).rank
        covered += low <= truth <= high
    assert covered >= 52


def test_few_patients_have_no_interval() -> None:
    assert np.isnan(health(HEALTHY[:30], np.arange(30) // 2).rank[1])
