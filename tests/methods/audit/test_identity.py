"""Knowing the patient: found where some patients have one class only, and else not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bedside.methods.audit.identity import identity, identity_finding


def _generator(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def test_healthy_patients_of_one_class_are_told(training_of) -> None:
    subject = np.repeat(np.arange(40), 50)
    outcome = np.where(subject < 12, 0, _generator().random(2000) < 0.5).astype(float)
    found = identity_finding(training_of(outcome, subject=subject))
    assert found is not None
    assert found.state == "found"
    assert (
        "12 of 40 patients have samples of one class only (12 only without the outcome ('a'))"
        in (found.sentence)
    )
    alone, single, both = found.evidence
    assert alone.measure == "audit.identity"
    assert single.value == pytest.approx(0.3)
    assert both.slice == "patients of several classes"
    assert both.low is not None
    assert both.low < 0.5
    assert (alone.low or 0) > 0.6


def test_the_auroc_is_that_of_the_patients_other_samples(training_of) -> None:
    """Against leaving one sample out, written plainly."""
    subject = np.repeat(np.arange(30), 60)
    rate = _generator(1).random(30)
    outcome = (_generator(2).random(1800) < rate[subject]).astype(float)
    found = identity(training_of(outcome, subject=subject))
    assert found is not None
    others = [(outcome[subject == s].sum() - y) / 59 for s, y in zip(subject, outcome, strict=True)]
    assert found.alone.value == pytest.approx(roc_auc_score(outcome, others), abs=0.02)


def test_chance_is_no_finding(training_of) -> None:
    """Two samples a patient: many have one class by chance, and it tells nothing."""
    outcome = (_generator(5).random(400) < 0.3).astype(float)
    found = identity_finding(training_of(outcome, subject=np.repeat(np.arange(200), 2)))
    assert found is not None
    assert found.state == "clear"
    assert "hardly tells" in found.sentence


@pytest.mark.parametrize("mixed", [0, 5])
def test_an_outcome_of_the_patient_is_no_finding(training_of, mixed: int) -> None:
    subject = np.repeat(np.arange(40), 3)
    outcome = (subject % 2).astype(float)
    outcome[::3][:mixed] = 1 - outcome[::3][:mixed]
    found = identity_finding(training_of(outcome, subject=subject))
    assert found is not None
    assert found.state == "clear"
    assert "the outcome is the patient's" in found.sentence


@pytest.mark.parametrize(
    ("outcome", "given"),
    [
        (np.arange(60.0) % 2, {}),  # one sample each
        (np.zeros(60), {"subject": np.repeat(np.arange(20), 3)}),
        (np.arange(60.0), {"subject": np.repeat(np.arange(20), 3), "task": "regression"}),
        (np.full(60, np.nan), {"subject": np.repeat(np.arange(20), 3), "classes": ("a", "b")}),
    ],
)
def test_where_it_cannot_be_asked(training_of, outcome, given) -> None:
    if np.isnan(outcome).all():
        known = training_of(np.zeros(60), subject=given["subject"], classes=given["classes"])
        known.outcome[:] = np.nan
        assert identity_finding(known) is None
        return
    assert identity_finding(training_of(outcome, **given)) is None


def test_several_classes(training_of) -> None:
    subject = np.repeat(np.arange(30), 20)
    outcome = np.where(subject < 10, 2, _generator(3).integers(0, 2, 600)).astype(float)
    found = identity(training_of(outcome, subject=subject, task="multiclass"))
    assert found is not None
    assert found.one_class == {2: 10}
    assert found.alone.low > 0.6
