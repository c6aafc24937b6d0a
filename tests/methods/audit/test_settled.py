"""Groups that settle the outcome: small ones of the rarer outcome, large ones of the common one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from bedside.methods.audit.leaks import strength
from bedside.methods.audit.settled import Thresholds, frequent_values, settled

RULES = Thresholds()


@pytest.mark.parametrize("share", [1.0, 0.3, 0.12])
def test_a_group_that_settles_the_outcome_is_found(training_of, number, share: float) -> None:
    """A mark `died in hospital` that covers only some of the deaths."""
    rng = np.random.default_rng(4)
    died = rng.random(4000) < 0.4
    mark = died & (rng.random(4000) < share)
    found = strength(number("mark", mark), training_of(died), RULES)
    assert found.reason in ("value", "group")
    assert found.group is not None
    assert found.group.label == 1
    assert found.group.purity.low > 0.95


def test_a_low_risk_group_is_not_a_leak(training_of, category) -> None:
    """A tenth of young patients of whom nobody dies, where 15 % of the others do."""
    rng = np.random.default_rng(5)
    young = rng.random(5000) < 0.1
    died = ~young & (rng.random(5000) < 0.15)
    assert strength(category("young", young + 1), training_of(died), RULES).reason == ""


@pytest.mark.parametrize("size", [25, 40, 200])
def test_a_small_group_of_the_rarer_outcome_is_found(training_of, category, size: int) -> None:
    """An autopsy of some of the few who died: every one of them died, one patient in ten did."""
    died = np.arange(1000) < 250 if size == 200 else np.arange(300) < 45
    autopsy = np.arange(len(died)) < size
    found = strength(category("autopsy", autopsy), training_of(died), RULES)
    assert found.reason != ""
    assert found.group is not None
    assert found.group.purity.subjects == size or found.group.label == 0


def test_information_is_that_of_scikit_learn(training_of) -> None:
    rng = np.random.default_rng(6)
    died = rng.random(2000) < 0.4
    mark = died & (rng.random(2000) < 0.6)
    found = settled([("it is 1", mark)], training_of(died), RULES)
    assert found is not None
    expected = mutual_info_score(died, mark) / mutual_info_score(died, died)
    assert found.information == pytest.approx(expected)


def test_a_patient_counts_once_in_a_group(training_of) -> None:
    """Thirty rows of the same ten patients are ten patients: too few."""
    subject = np.concatenate([np.repeat(np.arange(10), 30), np.arange(10, 300)])
    mark = subject < 10
    training = training_of(mark, subject=subject)
    assert settled([("it is 1", mark)], training, RULES) is None


def test_only_values_that_enough_rows_share_are_groups(number) -> None:
    values = np.concatenate([np.full(50, 7.0), np.arange(100.0) + 100, np.full(30, np.nan)])
    column = number("x", values)
    found = frequent_values(column, column.values, column.missing, RULES)
    assert [name for name, _ in found] == ["it is missing", "it is filled in", "it is 7"]
