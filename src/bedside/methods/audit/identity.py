"""Does it suffice to know the patient? Where some patients have one class only, it often does.

Then a model can learn who it is (the stain, the camera, the habitus) instead of what is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.core.finding import Finding
from bedside.methods.audit.separation import (
    UNDEFINED,
    Estimate,
    Ints,
    held_out_rate,
    macro_auroc,
    patients_in,
    share,
)
from bedside.methods.audit.training import Bools, Training
from bedside.methods.words import count, interval, joined, patients

TELLING = 0.6
"""Lower end of the AUROC of the patient alone from which on it is a finding."""
MOSTLY = 0.8
"""Share of patients of one class from which on the outcome is taken for the patient's."""
FEWEST = 10
FOLDS = 5
WHY = (
    "A model can learn the patient (the stain, the camera, the build) instead of the disease. It "
    "then looks good on samples of patients it knows, and on patients of one class only, and fails "
    "where both classes must be told apart in one patient."
)
LOOK = (
    "Judge on patients that no training saw, as bedside does; and look at the AUROC within "
    "patients of more than one class: a model that only knows the patient is at 0.5 there."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the patient alone tells of a sample's class."""

    one_class: dict[int, int]
    """Of each class: patients of whom all samples have it, and who have at least two samples."""
    repeated: int
    """Patients with at least two samples."""
    alone: Estimate
    """AUROC of the rate of the class in the patient's other samples."""
    both: Estimate
    """The same among patients who have more than one class."""

    @property
    def singles(self) -> int:
        """Patients with several samples, all of one class."""
        return sum(self.one_class.values())

    @property
    def of_the_patient(self) -> bool:
        """Whether nearly all samples of a patient share an outcome; then it is the patient's."""
        return self.singles >= MOSTLY * self.repeated


def identity(training: Training) -> Identity | None:
    """None where no labels are classes, or hardly a patient has two samples."""
    if training.task not in ("binary", "multiclass"):
        return None
    seen = training.observed
    subject = np.unique(training.subject[seen], return_inverse=True)[1].astype(np.int64)
    outcome = training.outcome[seen].astype(np.int64)
    several = np.bincount(subject)[subject] > 1 if len(subject) else np.zeros(0, bool)
    subject, outcome = subject[several], outcome[several]
    repeated = patients_in(subject)
    if repeated < FEWEST or len(np.unique(outcome)) < 2:
        return None
    low = np.full(int(subject.max()) + 1, np.iinfo(np.int64).max)
    high = np.full(int(subject.max()) + 1, -1)
    np.minimum.at(low, subject, outcome)
    np.maximum.at(high, subject, outcome)
    single = low == high
    kinds, sizes = np.unique(low[single], return_counts=True)
    labels = tuple(label[seen][several] for label in training.labels)
    mixed = ~single[subject]
    return Identity(
        one_class=dict(zip(kinds.tolist(), sizes.tolist(), strict=True)), repeated=repeated,
        alone=_told(labels, subject, training.seed),
        both=_told(tuple(label[mixed] for label in labels), subject[mixed], training.seed),
    )  # fmt: skip


def _told(labels: tuple[Bools, ...], subject: Ints, seed: int) -> Estimate:
    """AUROC of rates in the patient's samples of the other folds; a patient is in all folds."""
    if not len(subject):
        return UNDEFINED
    rank = np.random.Generator(np.random.Philox(seed)).permutation(len(subject))
    fold = np.zeros(len(subject), np.int64)
    order = np.lexsort((rank, subject))
    fold[order] = np.arange(len(subject)) % FOLDS
    rates = tuple(held_out_rate(subject, label.astype(float), fold) for label in labels)
    return macro_auroc(labels, rates, subject)


def identity_finding(training: Training) -> Finding | None:
    """Kind identity; None where the question does not arise."""
    found = identity(training)
    if found is None or not np.isfinite(found.alone.value):
        return None
    low, high = share(found.singles, found.repeated)
    part = Estimate(
        value=found.singles / found.repeated, low=low, high=high, subjects=found.repeated
    )
    evidence = [training.measured("identity", found.alone), training.measured("one_class", part)]
    if np.isfinite(found.both.value):
        evidence.append(training.measured("identity", found.both, "patients of several classes"))
    told = found.alone.low >= TELLING and not found.of_the_patient
    return Finding(
        kind="identity", state="found" if told else "clear", why=WHY, look=LOOK if told else "",
        sentence=_sentence(found, training, told), severity=found.alone.value,
        short=f"{count(found.singles)} of {patients(found.repeated)} have one class only",
        evidence=tuple(evidence),
    )  # fmt: skip


def _sentence(found: Identity, training: Training, told: bool) -> str:
    size = f"{count(found.repeated)} patients"
    if found.repeated < training.size:
        size += " with several samples"
    if found.of_the_patient:
        return (
            f"All samples of a patient have the same outcome in {count(found.singles)} of {size}: "
            f"the outcome is the patient's, and patients are kept apart{training.sampled}."
        )
    alone = interval(found.alone.value, found.alone.low, found.alone.high)
    names = joined([
        f"{count(n)} only {training.said(kind)}" for kind, n in found.one_class.items()
    ]) if found.one_class else "none"  # fmt: skip
    start = "Who the patient is tells" if told else "Who the patient is hardly tells"
    text = (
        f"{start} the outcome: {count(found.singles)} of {size} have samples of one class only "
        f"({names}), and knowing the patient alone, without a look at the sample, gives AUROC "
        f"{alone}"
    )
    if np.isfinite(found.both.value) and found.singles:
        both = interval(found.both.value, found.both.low, found.both.high)
        text += f", {both} among patients of more than one class"
    return f"{text}{training.sampled}."
