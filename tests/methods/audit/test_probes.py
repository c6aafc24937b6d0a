"""Probes of what should not matter: by patient, honest about chance, silent where too few."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.methods.audit.identity_probes import seen_identity_finding, single_class
from bedside.methods.audit.probes import (
    Probe,
    acquisition_finding,
    groups_of,
    shortcut_probes,
    tells_outcome,
)


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def _probe(values: np.ndarray, name: str = "border", **given: bool) -> Probe:
    return Probe(name=f"the {name}", slice=name, values=values.astype(np.float32), **given)


SUBJECT = np.repeat(np.arange(100), 10)


def test_a_border_that_tells_is_found_and_noise_is_not(training_of) -> None:
    outcome = (SUBJECT % 2).astype(float)
    training = training_of(outcome, subject=SUBJECT)
    noise = _generator(0).normal(size=(1000, 3))
    telling = noise + 2 * outcome[:, None]
    found = acquisition_finding([_probe(noise, "corner"), _probe(telling)], training, "image")
    assert found is not None
    assert found.state == "found"
    assert found.sentence.startswith("What should not matter tells the outcome: the border (AUROC")
    assert {item.slice for item in found.evidence} == {"corner", "border"}
    clear = acquisition_finding([_probe(noise, "corner")], training, "image")
    assert clear is not None
    assert clear.state == "clear"


def test_what_the_disease_may_change_is_told_but_no_finding(training_of) -> None:
    outcome = (SUBJECT % 2).astype(float)
    light = _generator(1).normal(size=(1000, 1)) + 3 * outcome[:, None]
    noise = _generator(2).normal(size=(1000, 1))
    found = acquisition_finding(
        [_probe(noise), _probe(light, "light", harmless=True)],
        training_of(outcome, subject=SUBJECT), "image",
    )  # fmt: skip
    assert found is not None
    assert found.state == "clear"
    assert "for comparison: the light (0.9" in found.sentence


def test_a_patient_is_never_predicted_from_the_same_patient(training_of) -> None:
    """Numbers that are each patient's own say nothing of the next patient."""
    generator = _generator(3)
    own = generator.normal(size=100)[SUBJECT][:, None] * np.ones((1, 2))
    outcome = (generator.random(100) < 0.5).astype(float)[SUBJECT]
    told = tells_outcome(own.astype(np.float32), training_of(outcome, subject=SUBJECT))
    assert told.low < 0.5 < told.high


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_other_outcomes(training_of, task: str) -> None:
    outcome = (SUBJECT % 3).astype(float)
    values = outcome[:, None] + 0.1 * _generator(4).normal(size=(1000, 1))
    training = training_of(outcome, subject=SUBJECT, task=task)
    found = acquisition_finding([_probe(values)], training, "image")
    assert found is not None
    assert found.state == "found"


def test_few_patients_and_no_labels(training_of) -> None:
    few = training_of(np.arange(60.0) % 2, subject=np.repeat(np.arange(6), 10))
    found = acquisition_finding([_probe(np.zeros((60, 1)))], few, "image")
    assert found is not None
    assert found.state == "unknown"
    none = training_of(np.zeros(60), task="segmentation", classes=("a",))
    assert acquisition_finding([_probe(np.zeros((60, 1)))], none, "image") is None


def test_a_device_that_shows_in_the_border(training_of) -> None:
    training = training_of((SUBJECT % 2).astype(float), subject=SUBJECT)
    device = np.where(SUBJECT < 40, 0, 1)
    seen = device[:, None] + 0.2 * _generator(5).normal(size=(1000, 1))
    (found,) = shortcut_probes([_probe(seen)], {"scanner": device}, training, "image")
    assert found.state == "found"
    assert found.sentence.startswith("The image tells the scanner: the border (AUROC")
    assert found.evidence[0].slice == "border & tells=scanner"
    noise = _probe(_generator(6).normal(size=(1000, 1)))
    (clear,) = shortcut_probes([noise], {"scanner": device}, training, "image")
    assert clear.state == "clear"


def test_groups_are_of_ten_patients_or_none() -> None:
    values: list[str | None] = ["a"] * 100 + ["b"] * 100 + ["c"] * 50 + [None] * 10
    subject = np.concatenate([np.arange(100), np.arange(100), np.zeros(50, int), np.arange(10)])
    code, known = groups_of(values, subject)
    assert np.unique(code).tolist() == [-1, 0, 1]
    assert (code[200:] == -1).all()
    assert known.sum() == 250


def _healthy_and_sick(training_of, seen: float):
    """Patients below 40 have class 0 only; the others' class 0 samples differ by `seen`."""
    generator = _generator(8)
    outcome = np.where(SUBJECT < 40, 0, generator.random(1000) < 0.5).astype(float)
    values = generator.normal(size=(1000, 2)) + seen * (SUBJECT < 40)[:, None]
    return training_of(outcome, subject=SUBJECT), _probe(values)


def test_samples_of_one_class_that_show_whose_they_are(training_of) -> None:
    training, probe = _healthy_and_sick(training_of, 1.5)
    found = seen_identity_finding([probe], training, "image")
    assert found is not None
    assert found.state == "found"
    assert found.evidence[0].slice == "border & outcome=a"
    np.testing.assert_array_equal(single_class(training), SUBJECT < 40)
    training, probe = _healthy_and_sick(training_of, 0.0)
    clear = seen_identity_finding([probe], training, "image")
    assert clear is not None
    assert clear.state == "clear"


def test_without_patients_of_one_class_it_is_not_asked(training_of) -> None:
    training = training_of(np.arange(1000.0) % 2, subject=SUBJECT)
    assert seen_identity_finding([_probe(np.zeros((1000, 1)))], training, "image") is None
