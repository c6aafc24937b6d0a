"""A check asked label by label: who is named, what is kept together, what evidence says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bedside.core.finding import Finding, State
from bedside.methods.audit.by_label import NAMED, by_label
from bedside.methods.audit.separation import Estimate
from bedside.methods.audit.training import Training


def _training(labels: int, task: str = "multilabel") -> Training:
    names = tuple(f"l{k}" for k in range(labels))
    values = (np.arange(60)[:, None] % (np.arange(labels) + 2) == 0).astype(np.float64)
    values[:10, 0] = np.nan
    return Training(
        task=task, classes=names, data="train@1", of=60, rows=np.arange(60),
        subject=np.arange(60), outcome=values[:, 0], of_labels=values,
    )  # fmt: skip


def _check(state: State, field: str = "") -> object:
    def check(one: Training) -> Sequence[Finding]:
        share = float(np.nanmean(one.outcome))
        estimate = Estimate(value=share, low=share, high=share, subjects=int(one.observed.sum()))
        found: State = state if share < 0.4 else "clear"
        return [Finding(
            kind="leak", state=found, field=field, sentence=f"Share {share:.2f}.", why="w",
            short="s", severity=share, evidence=(one.measured("leak", estimate, "x"),),
        )]  # fmt: skip

    return check


def test_labels_with_a_finding_share_one_and_the_others_another() -> None:
    found = by_label(_training(3), _check("found", "age"))
    assert [item.state for item in found] == ["found", "clear"]
    assert found[0].field == "age"
    assert "'l1'" in found[0].sentence
    assert "'l0'" not in found[0].sentence
    assert "'l0'" in found[1].sentence
    slices = [item.slice for one in found for item in one.evidence]
    assert sorted(slices) == ["label=l0 & x", "label=l1 & x", "label=l2 & x"]


def test_the_worst_are_named_and_the_others_counted() -> None:
    (found, clear) = by_label(_training(NAMED + 4), _check("found"))
    assert clear.state == "clear"
    assert found.sentence.startswith("'l1'")  # the most severe of those found
    assert "more labels" in found.sentence
    assert len(found.evidence) == NAMED + 3


def test_what_is_not_known_comes_before_what_is_clear() -> None:
    (merged,) = by_label(_training(3), _check("unknown"))
    assert merged.state == "unknown"


def test_unobserved_rows_of_a_label_are_left_out() -> None:
    first, _ = by_label(_training(2), _check("clear"))[0].evidence  # type: ignore[operator]
    assert first.subjects == 50


def test_a_single_outcome_is_asked_as_it_is() -> None:
    (finding,) = by_label(_training(1, "binary"), _check("clear"))
    assert finding.sentence.startswith("Share")
    assert finding.evidence[0].slice == "x"
