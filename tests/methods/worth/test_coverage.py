"""The estimator under test: what its intervals hold and where its middle lies, k being known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.methods.worth.simulated import experiment, experiments

from bedside.methods.worth.controls import LEVEL, Control
from bedside.methods.worth.interval import Scores, pair

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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("repetitions", "budgets", "mute"),
    [(5, (25, 50, 100, 200, 400), (0.25, 0.65)), (10, (25, 50, 100, 200, 400), (0.0, 0.15)),
     (10, (50, 100, 200, 400), (0.02, 0.30)), (20, (25, 50, 100, 200, 400), (0.0, 0.05))],
)  # fmt: skip
def test_how_often_the_oracle_is_too_weak_and_what_intervals_hold_where_it_is_not(
    repetitions: int, budgets: tuple[int, ...], mute: tuple[float, float]
) -> None:
    """The gate must not keep the lucky sweeps alone: their intervals are as honest as all are."""
    rng = np.random.Generator(np.random.Philox(key=100 + repetitions))
    weak, held, middle = [], [], []
    for _ in range(120):
        base, oracle, lever = experiments(
            rng, (2.0, 1.5), repetitions=repetitions, measure="auroc", budgets=budgets
        )
        weak.append(_oracle(base, oracle).verdict == "too weak to tell")
        if not weak[-1]:
            found = pair(base, lever, reach=16.0).factor(0.95)
            held.append(found.holds(1.5))
            middle.append(found.value)
    assert mute[0] <= np.mean(weak) <= mute[1]
    assert np.mean(held) >= 0.90
    assert abs(np.median(middle) / 1.5 - 1) < 0.10


def _oracle(base: Scores, other: Scores) -> Control:
    both = pair(base, other, reach=16.0)
    return Control(name="oracle", found=both.factor(LEVEL), plain=both.factor(0.95))
