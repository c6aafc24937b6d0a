"""A policy a label: the binary policy of each, silence of the sample and silence of a label."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from bedside.core.decision import Decision
from bedside.core.errors import DataError
from bedside.methods.label_policy import (
    LabelPolicies,
    fit_label_policies,
    read_policy,
    together,
)
from bedside.methods.policy import AMBIGUOUS, NOT_FINITE, UNLIKE, Policy, fit_policy

LABELS = ("a", "b")


def _tuned(rows: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    values = rng.random((rows, 2))
    targets = (rng.random((rows, 2)) < values).astype(np.float64)
    targets[rng.random(rows) < 0.3, 0] = np.nan
    return values, targets, rng.random(rows)


def _fitted(rows: int = 400, **options: object) -> LabelPolicies:
    values, targets, novelty = _tuned(rows)
    return fit_label_policies(
        values, targets, novelty, np.zeros(len(values)), labels=LABELS,
        options=Decision(**options),
    )  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"sensitivity": 0.9}, {"threshold": 0.2}])
def test_each_label_has_the_policy_it_would_have_alone(options: dict) -> None:
    values, targets, novelty = _tuned()
    found = _fitted(**options)
    for k, policy in enumerate(found.labels):
        alone = fit_policy(
            "binary", values[:, k : k + 1], targets[:, k], novelty, np.zeros(len(values)),
            options=Decision(**options),
        )  # fmt: skip
        assert policy == alone
        one = found.decide(values, novelty, np.zeros(len(values)))[k]
        of_alone = alone.decide(values[:, k : k + 1], novelty, np.zeros(len(values)))
        for item in fields(one):
            np.testing.assert_array_equal(getattr(one, item.name), getattr(of_alone, item.name))


def test_the_sets_of_each_label_hold_the_truth_as_often_as_asked() -> None:
    """Conformal coverage on new samples, of each label's two states."""
    found, rng = _fitted(5000, coverage=0.8), np.random.default_rng(7)
    values = rng.random((20_000, 2))
    targets = (rng.random(values.shape) < values).astype(np.int64)
    decided = found.decide(values, np.zeros(len(values)), np.zeros(len(values)))
    for k, one in enumerate(decided):
        held = one.label_set[np.arange(len(values)), targets[:, k]]
        for state in (0, 1):
            assert held[targets[:, k] == state].mean() == pytest.approx(0.8, abs=0.04)


def test_a_policy_comes_back_from_json() -> None:
    found = _fitted()
    assert read_policy(found.to_json()) == found
    one = found.labels[0]
    assert isinstance(read_policy(one.to_json()), Policy)


def test_novelty_silences_all_labels_and_a_number_that_is_none_its_own() -> None:
    found = _fitted(abstain_when_ambiguous=True)
    limit = found.novelty_limit
    values = np.array([[0.99, 0.01], [0.99, 0.01], [np.nan, 0.99], [0.5, 0.5]])
    novelty = np.array([0.0, limit * 2, 0.0, 0.0])
    first, second = found.decide(values, novelty, np.zeros(4))
    assert first.reason.tolist() == [0, UNLIKE, NOT_FINITE, AMBIGUOUS]
    assert second.reason.tolist() == [0, UNLIKE, 0, AMBIGUOUS]
    whole = together([first, second])
    assert whole.abstain.tolist() == [False, True, False, True]
    assert whole.act.tolist() == [True, False, True, False]
    assert whole.reason.tolist() == [0, UNLIKE, 0, AMBIGUOUS]


def test_what_cannot_be_is_refused_by_name() -> None:
    values, targets, novelty = _tuned()
    targets[:, 1] = 0.0
    with pytest.raises(DataError, match="label 'b'"):
        fit_label_policies(
            values, targets, novelty, np.zeros(len(values)), labels=LABELS, options=Decision()
        )
    with pytest.raises(DataError, match="multilabel"):
        _fitted().decide(values[:, :1], novelty, np.zeros(len(values)))
