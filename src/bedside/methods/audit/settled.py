"""Does one value of a field, its absence or its presence, settle the outcome?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bedside.methods.audit.separation import Estimate, patients_in, share
from bedside.methods.audit.training import Bools, Column, Floats, Reals, Training

MISSING_NAME, PRESENT_NAME = "it is missing", "it is filled in"
MOST_VALUES = 200
"""Values of one field that are looked at as groups, the most frequent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on a field is too good; docs/audit.md says how they were chosen."""

    value: float = 0.98
    missing: float = 0.85
    r2: float = 0.95
    missing_r2: float = 0.5
    purity: float = 0.98
    odds: float = 20.0
    information: float = 0.2
    fewest: int = 20
    fewest_share: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Patients with one value (or with none, or with any) and the outcome most of them share."""

    name: str
    label: int
    """Index of the class that they share."""
    purity: Estimate
    information: float
    """Share of the outcome's entropy that membership explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    name: str
    mask: Bools
    label: Bools
    index: int
    size: float
    tests: int


Groups = list[tuple[str, Bools]]


def frequent_values(
    column: Column, values: Floats, missing: Bools,
    thresholds: Thresholds,
) -> Groups:  # fmt: skip
    """Missing, present, and each value that enough rows share."""
    rows = max(thresholds.fewest, thresholds.fewest_share * len(values))
    groups: Groups = []
    if 0 < missing.sum() < len(missing):
        groups = [(MISSING_NAME, missing), (PRESENT_NAME, ~missing)]
    there, counts = np.unique(values[~missing], return_counts=True)
    common = np.flatnonzero(counts >= rows)
    for at in common[np.argsort(-counts[common], kind="stable")][:MOST_VALUES]:
        groups.append((f"it is {column.value_name(float(there[at]))}", values == there[at]))
    return groups


def settled(groups: Groups, training: Training, thresholds: Thresholds) -> Group | None:
    """The group that settles most of the outcome, if one does; masks cover the observed rows.

    The exact interval of its purity is corrected for the number of groups looked at.
    """
    seen = training.observed
    subject = training.subject[seen]
    everyone = patients_in(subject)
    fewest = max(thresholds.fewest, thresholds.fewest_share * everyone)
    weights = 1.0 / np.bincount(subject, minlength=training.size).clip(1)[subject]
    tests = max(1, len(groups) * max(2, len(training.labels)))
    found: list[Group] = []
    for name, mask in groups:
        size = float(patients_in(subject[mask]))
        if size < fewest or mask.all():
            continue
        for index, label in _outcomes(training):
            asked = _Asked(
                name=name, mask=mask, label=label[seen], index=index, size=size, tests=tests
            )
            group = _judged(asked, weights, thresholds)
            if group is not None:
                found.append(group)
    # Two groups may settle it equally, those with a mark and those without: name those with.
    return max(found, key=lambda group: (round(group.information, 9), group.label), default=None)


def _outcomes(training: Training) -> list[tuple[int, Bools]]:
    if training.task == "multiclass":
        return list(enumerate(training.labels))
    return [(1, training.labels[0]), (0, ~training.labels[0])]


def _judged(asked: _Asked, weights: Reals, thresholds: Thresholds) -> Group | None:
    mask, label = asked.mask, asked.label
    purity = float(np.average(label[mask], weights=weights[mask]))
    if purity < thresholds.purity:
        return None
    low, high = share(purity * asked.size, asked.size, 0.05 / asked.tests)
    base = float(np.average(label, weights=weights))
    explained = _information(mask, label, weights)
    # Nobody is surprised that a small group shares the common outcome, nor that most do.
    rare = base <= 0.5 and _odds(low) >= thresholds.odds * _odds(base)
    common = explained >= thresholds.information and low >= max(0.9, (1 + base) / 2)
    if not (rare or common):
        return None
    estimate = Estimate(value=purity, low=low, high=high, subjects=int(asked.size))
    return Group(name=asked.name, label=asked.index, purity=estimate, information=explained)


def _odds(probability: float) -> float:
    return probability / max(1 - probability, 1e-12)


def _information(mask: Bools, label: Bools, weights: Reals) -> float:
    """Uncertainty coefficient: mutual information of group and label over the label's entropy."""
    total = weights.sum()
    base = _entropy(float(weights[label].sum() / total))
    if base == 0:
        return 0.0
    rest = 0.0
    for side in (mask, ~mask):
        weight = weights[side].sum()
        if weight > 0:
            rest += weight / total * _entropy(float(weights[side & label].sum() / weight))
    return float(1 - rest / base)


def _entropy(probability: float) -> float:
    inside = [p for p in (probability, 1 - probability) if p > 0]
    return float(-sum(p * np.log2(p) for p in inside))
