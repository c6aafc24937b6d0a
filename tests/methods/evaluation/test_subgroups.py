"""Subgroups: values, pairs of values, and how many it takes."""

from __future__ import annotations

import numpy as np

from bedside.methods.evaluation.subgroups import Least, subgroups
from bedside.methods.evaluation.truth import Truth


def truth(subjects: list[int], target: list[float]) -> Truth:
    y = np.array(target)
    return Truth(
        task="binary", subjects=np.array(subjects), target=y,
        counts=np.isfinite(y).astype(float),
    )  # fmt: skip


def test_values_then_pairs_that_somebody_has() -> None:
    found = subgroups(
        {"sex": ["F", "F", "M", None], "age": ["old", "young", "young", "old"]},
        truth([0, 1, 2, 3], [1, 0, 1, 0]),
    )
    assert [item.label for item in found] == [
        "sex=F", "sex=M", "age=old", "age=young",
        "sex=F & age=old", "sex=F & age=young", "sex=M & age=young",
    ]  # fmt: skip
    assert [item.single for item in found] == [True] * 4 + [False] * 3
    assert [item.rows.tolist() for item in found[:3]] == [[0, 1], [2], [0, 3]]


def test_patients_are_counted_and_not_rows_and_only_where_the_outcome_is_known() -> None:
    (group,) = subgroups(
        {"sex": ["F"] * 6}, truth([0, 0, 1, 1, 2, 3], [1, 1, 0, 0, 0, float("nan")])
    )
    assert (group.subjects, group.events) == (3, 1)
    assert group.enough(Least(subjects=3, events=1))
    assert not group.enough(Least(subjects=4, events=1))
    assert not group.enough(Least(subjects=3, events=2))


def test_the_rarer_outcome_counts_whichever_it_is() -> None:
    (group,) = subgroups({"sex": ["F"] * 4}, truth([0, 1, 2, 3], [1, 1, 1, 0]))
    assert group.events == 1
    women, men = subgroups({"sex": ["F", "F", "M", "M"]}, truth([0, 1, 2, 3], [1, 1, 1, 0]))
    assert (women.events, men.events) == (0, 1)
