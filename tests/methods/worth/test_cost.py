"""Computing time as a ratio of sums, with an interval over the repetitions."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.worth.cost import Seconds, times


def seconds(mean: float, spread: float, rng: np.random.Generator, of: int = 10) -> Seconds:
    slow = 1 + 0.3 * rng.normal(size=of)  # what the machine does hits a whole repetition
    return {
        (at, budget): float(mean * budget / 100 * slow[at] * (1 + spread * rng.normal()))
        for at in range(of)
        for budget in (100, 200)
    }


def test_the_interval_holds_the_true_ratio_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held = []
    for _ in range(400):
        _, low, high = times(seconds(2, 0.1, rng), seconds(3, 0.1, rng), level=0.9)
        held.append(low <= 1.5 <= high)
    assert 0.84 <= np.mean(held) <= 0.96


def test_it_has_a_width_and_only_the_arms_budgets_count() -> None:
    rng = np.random.default_rng(2)
    base, arm = seconds(2, 0.1, rng), seconds(3, 0.1, rng)
    value, low, high = times(base, arm, level=0.95)
    assert 0 < low < value < high
    few = {key: took for key, took in arm.items() if key[1] == 200}
    of_both = sum(few.values()) / sum(base[key] for key in few)
    assert times(base, few, level=0.95)[0] == pytest.approx(of_both)
