"""Shares of none and of all have an interval, over the patients in their denominator."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.evaluation.extremes import SCALES, doubted
from bedside.methods.measures import operating
from bedside.methods.proportion import wilson

LEVEL = 0.95


def _found(y: list[int], p: list[float]) -> dict[str, tuple[float, float, float]]:
    point = operating(np.array(y), np.array(p), 0.5)
    return {name: (float(v[0]),) * 3 for name, v in point.items()}  # type: ignore[misc]


def test_everybody_alerted_counts_each_in_its_denominator() -> None:
    y = [1] * 30 + [0] * 70
    found = doubted(_found(y, [0.9] * 100), 100, LEVEL)
    assert found["sensitivity"] == pytest.approx(wilson(30, 30))
    assert found["specificity"] == pytest.approx(wilson(0, 70))
    assert found["alerts_per_100"] == pytest.approx([100 * x for x in wilson(100, 100)])
    assert found["missed_per_100"] == pytest.approx([100 * x for x in wilson(0, 100)])
    assert found["ppv"] == (0.3, 0.3, 0.3)  # neither none nor all: resampling knows better


def test_nobody_alerted() -> None:
    found = doubted(_found([1] * 30 + [0] * 70, [0.1] * 100), 100, LEVEL)
    assert found["sensitivity"] == pytest.approx(wilson(0, 30))
    assert found["specificity"] == pytest.approx(wilson(70, 70))
    assert np.isnan(found["ppv"][0])


@pytest.mark.parametrize("name", ["auroc", "net_benefit", "rmse"])
def test_what_is_no_share_stays(name: str) -> None:
    assert doubted({name: (0.0, 0.0, 0.0)}, 10, LEVEL) == {name: (0.0, 0.0, 0.0)}
    assert name not in SCALES


def test_an_interval_that_is_one_stays() -> None:
    assert doubted({"ppv": (1.0, 0.9, 1.0)}, 10, LEVEL) == {"ppv": (1.0, 0.9, 1.0)}
    assert doubted({"ppv": (1.0, 1.0, 1.0)}, 0, LEVEL) == {"ppv": (1.0, 1.0, 1.0)}
