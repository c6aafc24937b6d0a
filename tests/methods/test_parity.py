"""Parity finds every way to differ."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.parity import Parity, compare_answers, compare_values, decision_flips
from bedside.methods.policy import Policy

ANSWER = {"value": 0.3, "act": True, "abstain": False, "reason": "", "set": ["dead"]}


def test_values_differ_by_their_largest_difference() -> None:
    assert compare_values([[0.1], [0.2]], [[0.1], [0.2]]) == 0
    assert compare_values([[0.1], [0.2]], [[0.1], [0.25]]) == pytest.approx(0.05)
    assert compare_values([[1000.0]], [[1001.0]]) == pytest.approx(0.001)
    assert compare_values([[np.nan, np.inf]], [[np.nan, np.inf]]) == 0
    for other in (np.nan, np.inf, -np.inf):
        assert compare_values([[0.1]], [[other]]) == np.inf
        assert compare_values([[other]], [[0.1]]) == np.inf
    assert compare_values([[0.1]], [[0.1, 0.2]]) == np.inf
    assert compare_values(np.zeros((0, 1)), np.zeros((0, 1))) == 0


def test_decisions_flip_by_act_abstention_reason_and_set() -> None:
    policy = Policy(
        task="binary", threshold=0.5, coverage=0.9, quantiles=(0.6, 0.7), novelty_limit=5.0,
        most_missing=0.5, patients=100,
    )  # fmt: skip
    values, calm, whole = np.array([[0.4], [0.45], [0.55], [0.2]]), np.zeros(4), np.zeros(4)
    base = policy.decide(values, calm, whole)
    cases = (
        (np.array([[0.4], [0.51], [0.55], [0.2]]), calm, whole),
        (values, np.array([0, 9, 0, 0]), whole),
        (np.array([[0.4], [0.61], [0.55], [0.2]]), calm, whole),
    )
    for case in cases:
        flips = decision_flips(base, policy.decide(*case), classes=False)
        assert flips.tolist() == [False, True, False, False]
    assert not decision_flips(base, base, classes=True).any()


@pytest.mark.parametrize(
    "other",
    [
        ANSWER | {"act": False},
        ANSWER | {"set": ["alive", "dead"]},
        ANSWER | {"value": None},
        ANSWER | {"more": 1},
        {key: ANSWER[key] for key in ANSWER if key != "act"},
    ],
)
def test_answers_flip_where_anything_but_a_number_differs(other: dict[str, object]) -> None:
    assert compare_answers([ANSWER, ANSWER], [ANSWER, other])[1] == 1
    assert compare_answers([ANSWER], [ANSWER | {"value": 0.31}]) == (pytest.approx(0.01), 0)
    assert compare_answers([ANSWER], []) == (np.inf, 1)


def test_evidence_is_undefined_where_a_difference_is_infinite() -> None:
    parity = Parity(name="exported", samples=3, difference=np.inf, flips=1)
    first, second = parity.evidence(model="tabm", data="edge", subjects=0)
    assert first.value is None
    assert (second.measure, second.value, second.high) == ("parity.exported_flips", 1, 1)
