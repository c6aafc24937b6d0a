from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.policy import Policy
from bedside.stages.train.easing import eased

POLICY = Policy(
    task="binary", threshold=0.3, coverage=0.9, quantiles=(0.7, None), novelty_limit=5.0,
    most_missing=0.5, patients=100,
)  # fmt: skip


def test_rounding_cannot_flip_patients_who_share_a_value() -> None:
    """A leaf's value that became the threshold, as float32 rounds it up and down."""
    shared = np.float32(0.3)
    values = np.array([[np.nextafter(shared, np.float32(side))] for side in (0, 1)] + [[shared]])
    policy = eased(POLICY, given=False)
    decisions = policy.decide(values, np.zeros(3), np.zeros(3))
    assert decisions.act.all()
    assert decisions.label_set[:, 0].all()
    assert POLICY.decide(values, np.zeros(3), np.zeros(3)).act.sum() < 3


def test_limits_move_by_a_hair_only_and_a_given_threshold_not_at_all() -> None:
    policy = eased(POLICY, given=True)
    assert policy.threshold == 0.3
    assert policy.quantiles[1] is None
    assert policy.quantiles[0] == pytest.approx(0.7, abs=1e-5)
    assert policy.novelty_limit == pytest.approx(5.0, rel=1e-4)
    assert policy.most_missing == 0.5
