"""A policy that travelled as JSON decides as the one that was fitted."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.core.decision import Decision
from bedside.core.study import TaskType
from bedside.methods.policy import Decisions, Policy, fit_policy

TASKS: tuple[TaskType, ...] = ("binary", "multiclass", "regression")
options = st.builds(
    Decision,
    threshold=st.none() | st.floats(0.01, 0.99),
    coverage=st.floats(0.5, 0.99),
    novelty_quantile=st.floats(0.5, 0.999),
    most_missing=st.floats(0, 1),
)


def _made(task: TaskType, seed: int, patients: int = 80) -> tuple[np.ndarray, ...]:
    """Predictions [N, K], targets [N], novelty [N], missing share [N]."""
    rng = np.random.default_rng(seed)
    if task == "regression":
        values = rng.normal(size=(patients, 1))
        targets = values[:, 0] + rng.normal(size=patients)
    else:
        kinds = 1 if task == "binary" else 3
        values = rng.dirichlet(np.ones(3), patients)[:, :kinds]
        targets = rng.integers(0, 2 if task == "binary" else 3, patients).astype(float)
        targets[:3] = [0, 1, targets[2]] if task == "binary" else [0, 1, 2]
    return values, targets, rng.exponential(size=patients), rng.random(patients)


def _same(first: Decisions, second: Decisions) -> None:
    for field in fields(Decisions):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))


@pytest.mark.parametrize("task", TASKS)
@given(decision=options, seed=st.integers(0, 99), ambiguous=st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_policy_through_json_decides_the_same(
    task: TaskType, decision: Decision, seed: int, ambiguous: bool
) -> None:
    chosen = Decision(
        threshold=decision.threshold if task == "binary" else None,
        coverage=decision.coverage,
        novelty_quantile=decision.novelty_quantile,
        most_missing=decision.most_missing,
        abstain_when_ambiguous=ambiguous and task != "regression",
    )
    fitted = fit_policy(task, *_made(task, seed), options=chosen)
    again = Policy.from_json(json.loads(json.dumps(fitted.to_json())))
    assert again == fitted
    values, _, novelty, missing = _made(task, seed + 1)
    novelty[:2], missing[2:4], values[4] = np.nan, np.nan, np.nan
    _same(again.decide(values, novelty, missing), fitted.decide(values, novelty, missing))


@given(seed=st.integers(0, 99), order=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_a_patient_is_decided_alone(seed: int, order: int) -> None:
    fitted = fit_policy("binary", *_made("binary", seed), options=Decision())
    values, _, novelty, missing = _made("binary", seed + 1)
    straight = fitted.decide(values, novelty, missing)
    at = np.random.default_rng(order).permutation(len(values))
    shuffled = fitted.decide(values[at], novelty[at], missing[at])
    np.testing.assert_array_equal(straight.act[at], shuffled.act)
    np.testing.assert_array_equal(straight.reason[at], shuffled.reason)
    assert not (straight.act & straight.abstain).any()
