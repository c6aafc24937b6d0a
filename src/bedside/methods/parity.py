"""Parity: do the trained model, the exported graph and the served answer say the same?

Differences are largest absolute ones over all patients compared, relative where values exceed 1;
flips are patients for whom what is decided differs: act, abstain and why, the set, the class.
These are counts over the patients at hand and not estimates of a population: their interval is the
number itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.evidence import Evidence, finite
from bedside.core.spec import Plain
from bedside.methods.policy import Decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """Two ways to the same predictions, compared on N samples."""

    name: str
    """`exported`: trained model and graph; `served`: graph and answer over HTTP."""
    samples: int
    difference: float
    """Largest difference of a value; infinite where only one of the two is a number."""
    flips: int
    """Samples that are decided differently."""

    def evidence(self, *, model: str, data: str, subjects: int) -> list[Evidence]:
        """`parity.NAME` and `parity.NAME_flips`."""
        pairs = ((self.name, finite(self.difference)), (f"{self.name}_flips", float(self.flips)))
        return [
            Evidence(
                measure=f"parity.{name}", value=value, low=value, high=value, level=1.0,
                subjects=subjects, stage="release", data=data, model=model,
            )
            for name, value in pairs
        ]  # fmt: skip


def compare_values(one: ArrayLike, other: ArrayLike) -> float:
    """Largest |a - b| / max(1, |a|) over two arrays [N, K]; NaN equals NaN alone."""
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if a.shape != b.shape:
        return np.inf
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        gap = np.where(same, 0.0, np.abs(a - b) / np.maximum(1.0, np.abs(a)))
    return float(np.max(np.where(np.isnan(gap), np.inf, gap), initial=0.0))


def decision_flips(one: Decisions, other: Decisions, *, classes: bool) -> NDArray[np.bool_]:
    """[N] whether two policies' outcomes differ; `classes`: the value is a class and must agree."""
    flips = (one.act != other.act) | (one.abstain != other.abstain) | (one.reason != other.reason)
    flips |= (one.label_set != other.label_set).any(axis=1)
    if classes:
        flips |= (one.value != other.value) & ~one.abstain
    return np.asarray(flips, np.bool_)


def compare_answers(
    one: Sequence[dict[str, Plain]], other: Sequence[dict[str, Plain]]
) -> tuple[float, int]:
    """Largest difference of the numbers, and how many answers differ in anything else."""
    if len(one) != len(other):
        return np.inf, abs(len(one) - len(other))
    largest, flips = 0.0, 0
    for a, b in zip(one, other, strict=True):
        numbers_a, rest_a = _apart(a)
        numbers_b, rest_b = _apart(b)
        flips += rest_a != rest_b or len(numbers_a) != len(numbers_b)
        if len(numbers_a) == len(numbers_b):
            largest = max(largest, compare_values([numbers_a], [numbers_b]))
    return largest, flips


def _apart(value: Plain) -> tuple[list[float], Plain]:
    """The numbers of a plain value, and the same value with its numbers taken out."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [float(value)], "a number"
    if isinstance(value, dict):
        parts = {key: _apart(item) for key, item in sorted(value.items())}
        numbers = [number for found, _ in parts.values() for number in found]
        return numbers, {key: rest for key, (_, rest) in parts.items()}
    if isinstance(value, list):
        listed = [_apart(item) for item in value]
        return [number for found, _ in listed for number in found], [rest for _, rest in listed]
    return [], value
