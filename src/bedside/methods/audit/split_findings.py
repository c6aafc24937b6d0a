"""Findings on splits: one patient in two, or one row in two."""

from __future__ import annotations

from bedside.core.evidence import Evidence
from bedside.core.finding import Finding
from bedside.methods.audit.duplicates import Fingerprints, copies, subjects_in_two_splits
from bedside.methods.audit.separation import Ints, patients_in, share
from bedside.methods.words import interval, number, patients

WHY = "What was seen in training is no test: the measured performance would be too good."


def two_splits_finding(subject: Ints, split: Ints, data: str) -> Finding:
    """Patients with rows in more than one split."""
    found = subjects_in_two_splits(subject, split)
    size = patients_in(subject)
    low, high = share(found, size)
    evidence = Evidence(
        measure="audit.subjects_in_two_splits", value=found / max(size, 1), low=low, high=high,
        subjects=size, unit="share", stage="audit", data=data,
    )  # fmt: skip
    text = f"{patients(found)} of {size:,} have rows in more than one split."
    return Finding(
        kind="subjects_in_two_splits", state="found" if found else "clear", why=WHY,
        sentence=text if found else f"Each of the {size:,} patients is in one split only.",
        short=f"{patients(found)} in two splits", severity=found, evidence=(evidence,),
        look="Name the column of the patient: subject in [data].",
    )  # fmt: skip


def copies_finding(prints: Fingerprints, split: Ints, subject: Ints, data: str) -> Finding:
    """Identical rows of different patients in two splits, beyond what chance explains."""
    found = copies(prints, split, subject)
    tested = patients_in(subject[split > 0])
    copied = patients_in(subject[found.rows])
    low, high = share(copied, tested)
    evidence = Evidence(
        measure="audit.duplicates", value=copied / max(tested, 1), low=low, high=high,
        subjects=tested, unit="share", stage="audit", data=data,
    )  # fmt: skip
    noun = prints.noun
    chance = f"chance explains about {number(found.expected)}"
    if found.found:
        part = interval(evidence.value, low, high, "share")
        text = (
            f"{patients(copied)} outside training ({part}) have exactly the {noun} of another "
            f"patient in another split: {found.pairs:,} pairs, where {chance}."
        )
    elif found.pairs:
        text = f"{found.pairs:,} pairs of patients in two splits have the same {noun}; {chance}."
    else:
        text = f"No two patients in two splits have the same {noun}."
    return Finding(
        kind="duplicates", state="found" if found.found else "clear", why=WHY, sentence=text,
        short=f"{found.pairs:,} pairs of identical {noun}s in two splits", severity=found.pairs,
        look="Are they one patient under two numbers? Join them by one patient column: subject in "
        "[data].",
        evidence=(evidence,),
    )  # fmt: skip
