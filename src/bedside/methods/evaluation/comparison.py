"""Models compared pair by pair: the same patients, the same resamples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bedside.methods.intervals import Interval, Resamples, difference, evaluate, summarise
from bedside.methods.measures import FloatArray, Measure

SAME_FOR_ALL = ("prevalence",)
"""Measures of the patients, whoever predicts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Measures of one model: on the patients as they are, and on every resample of them."""

    points: Mapping[str, float]
    replicates: Mapping[str, FloatArray]
    """[B] each; the same patients in the same place for every model of a comparison."""
    level: float = 0.95

    def intervals(self) -> dict[str, Interval]:
        """Value, low and high of each measure."""
        return {
            name: summarise(self.points[name], self.replicates[name], self.level)
            for name in self.points
        }

    def minus(self, other: Measured) -> dict[str, Interval]:
        """Paired differences of the measures that both have."""
        return {
            name: difference(
                (self.points[name], other.points[name]), self.replicates[name],
                other.replicates[name], self.level,
            )
            for name in self.points
            if name in other.points and name not in SAME_FOR_ALL
        }  # fmt: skip


def measured(measure: Measure, resamples: Resamples, level: float = 0.95) -> Measured:
    """Evaluate a measure once for good; comparisons need nothing else."""
    points = measure(np.ones((1, len(resamples))))
    return Measured(
        points={name: float(values[0]) for name, values in points.items()},
        replicates=evaluate(measure, resamples), level=level,
    )  # fmt: skip
