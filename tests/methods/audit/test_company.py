"""Fields that follow a found one: Spearman's correlation as scipy has it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bedside.methods.audit.company import followers, rank_correlation


def test_correlation_is_scipys_and_the_interval_holds_it() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=300).astype(np.float32)
    other = (one + rng.normal(size=300)).astype(np.float32)
    found = rank_correlation(one, other)
    assert found.value == pytest.approx(stats.spearmanr(one, other).statistic)
    assert found.low < found.value < found.high


def test_only_close_followers_are_named(number, category) -> None:
    rng = np.random.default_rng(1)
    stay = rng.gamma(2, 5, 500)
    leader = number("stay", stay)
    others = [
        number("cost", stay * 1000 + rng.normal(0, 2000, 500)),
        number("age", rng.normal(size=500)),
        number("constant", np.ones(500)),
        category("ward", rng.integers(1, 3, 500)),
    ]
    assert [(a.name, b.name) for a, b, _ in followers([leader], others)] == [("cost", "stay")]
    assert followers([], others) == []
