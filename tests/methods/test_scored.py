"""Decisions as a table, for every kind of task."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from bedside.core.dataset import Target
from bedside.methods.label_policy import LabelPolicies, together
from bedside.methods.policy import Policy
from bedside.methods.scored import refuse, scored_frame


def policy(task: str, quantiles: tuple[float | None, ...]) -> Policy:
    return Policy(
        task=task, threshold=None, coverage=0.9, quantiles=quantiles, novelty_limit=5.0,
        most_missing=0.5, horizon_index=1, patients=100,
    )  # fmt: skip


def table(target: Target, rule: Policy, values: np.ndarray, bad: list[int]) -> pl.DataFrame:
    n = len(values)
    novelty = np.where(np.arange(n) == n - 1, 9.0, 1.0).astype(np.float32)
    problem = np.zeros(n, np.int64)
    problem[bad] = 1
    decisions = refuse(rule.decide(values, novelty, np.zeros(n)), problem > 0)
    return scored_frame(
        target, decisions, novelty, problem=problem, sentences=["field 'age': wrong"], first=100
    )


def test_several_labels_have_columns_each_and_the_row_its_own() -> None:
    rule = LabelPolicies(labels=tuple(
        replace(policy("binary", (0.8, 0.8)), threshold=at) for at in (0.5, 0.9)
    ))  # fmt: skip
    values = np.array([[0.7, 0.2], [0.1, 0.95], [0.1, 0.1], [0.9, 0.9]], np.float32)
    novelty = np.array([1.0, 1.0, 1.0, 9.0], np.float32)
    labels = rule.decide(values, novelty, np.zeros(4))
    wrong = np.array([False, False, True, False])
    found = scored_frame(
        Target(type="multilabel", outcome="", classes=("a", "b")),
        refuse(together(labels), wrong), novelty, problem=wrong.astype(np.int64),
        labels=[refuse(one, wrong) for one in labels], sentences=["field 'age': wrong"], first=0,
    )  # fmt: skip
    assert found["a.value"].to_list()[:2] == pytest.approx([0.7, 0.1])
    assert found["a.act"].to_list() == [True, False, False, False]
    assert found["b.act"].to_list() == [False, True, False, False]
    assert found["act"].to_list() == [True, True, False, False]
    assert found["b.value"].to_list()[2:] == [None, None]
    assert found["b.reason"].to_list()[2:] == found["reason"].to_list()[2:] == [
        "field 'age': wrong", "unlike the training patients",
    ]  # fmt: skip
    assert "value" not in found.columns


@pytest.mark.parametrize("classes", [3, 15])
def test_multiclass(classes: int) -> None:
    names = tuple(f"class {k}" for k in range(classes))
    random = np.random.default_rng(0)
    values = random.dirichlet(np.full(classes, 0.3), 200).astype(np.float32)
    rule = policy("multiclass", (0.8,) * classes)
    found = table(Target(type="multiclass", outcome="", classes=names), rule, values, [3])
    assert found["row"].to_list() == list(range(100, 300))
    assert found["value"][3] is None
    assert found["reason"][3] == "field 'age': wrong"
    assert found["value"][199] is None
    assert found["reason"][199] == "unlike the training patients"
    for row in range(0, 199, 7):
        if row == 3:
            continue
        assert found["value"][row] == names[int(values[row].argmax())]
        held = [name for name, p in zip(names, values[row], strict=True) if 1 - float(p) <= 0.8]
        assert found["set"][row] == " | ".join(held)
        assert found["probability.class 1"][row] == pytest.approx(float(values[row, 1]))


def test_regression_without_an_end_is_null() -> None:
    target = Target(type="regression", outcome="", unit="days")
    values = np.array([[1.0], [2.0], [3.0]], np.float32)
    found = table(target, policy("regression", (0.5,)), values, [1])
    assert found["low"].to_list() == [0.5, None, None]
    assert found["high"].to_list() == [1.5, None, None]
    assert found["abstain"].to_list() == [False, True, True]
    found = table(target, policy("regression", (None,)), values, [])
    assert found["low"].to_list() == [None, None, None]
    assert found["value"].to_list() == [1.0, 2.0, None]


def test_survival_is_the_risk_at_the_horizon() -> None:
    values = np.array([[0.9, 0.7], [0.8, 0.1], [0.5, 0.5]], np.float32)
    found = table(Target(type="survival", outcome=""), policy("survival", (0.6, 0.6)), values, [])
    np.testing.assert_allclose(found["value"].to_list()[:2], [0.3, 0.9], atol=1e-6)
    assert found["set"].to_list() == ["event-free", "event", None]
