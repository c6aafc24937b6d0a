"""Wilson's interval, against scipy's."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from bedside.methods.proportion import wilson


@pytest.mark.parametrize(("count", "total"), [(0, 7), (7, 7), (1, 3), (40, 1000), (999, 1000)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_agrees_with_scipy(count: int, total: int, level: float) -> None:
    expected = binomtest(count, total).proportion_ci(level, method="wilson")
    share, low, high = wilson(count, total, level)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert share == count / total
    assert 0 <= low <= share <= high <= 1
