"""The estimator under test: what its intervals hold and where its middle lies, k being known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.methods.worth.simulated import experiment

from bedside.methods.worth.interval import pair

EXPERIMENTS = {5: 400, 10: 300, 20: 150}
"""By repetitions: more where they cost less. The share that is held is off by 0.01 or so."""


@pytest.mark.slow
@pytest.mark.parametrize("repetitions", [5, 10, 20])
@pytest.mark.parametrize(
    ("worth", "measure"),
    [("placebo", "auroc"), (2.0, "auroc"), (1.5, "brier"), (0.5, "brier"), (3.0, "brier")],
)
def test_intervals_hold_the_truth_as_often_as_they_say(
    worth: float | str, measure: str, repetitions: int
) -> None:
    truth = 1.0 if worth == "placebo" else worth
    rng = np.random.Generator(np.random.Philox(key=repetitions))
    held, at_99, middle = [], [], []
    for _ in range(EXPERIMENTS[repetitions]):
        arms = experiment(rng, repetitions=repetitions, worth=worth, measure=measure)
        both = pair(*arms, reach=16.0)
        found = both.factor(0.95)
        held.append(found.holds(truth))
        at_99.append(both.factor(0.99).holds(truth))
        middle.append(found.value)
    assert 0.90 <= np.mean(held) <= 0.99
    assert np.mean(at_99) >= 0.96
    assert abs(np.median(middle) / truth - 1) < 0.10
