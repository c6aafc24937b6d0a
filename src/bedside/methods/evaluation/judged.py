"""A model as it would be served, before N patients: what its graph says, what its policy does."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from bedside.methods.evaluation.record import Record
from bedside.methods.evaluation.truth import Truth, measure_of
from bedside.methods.intervals import Resamples
from bedside.methods.measures import FloatArray, IntArray, Measure
from bedside.methods.policy import Decisions, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one model said of N rows."""

    name: str
    values: NDArray[np.float32]
    """[N, K] as the graph gives them."""
    novelty: NDArray[np.float32]
    """[N]"""
    decisions: Decisions
    policy: Policy
    edges: FloatArray | None = None
    """[K] times of a survival curve."""

    @property
    def risk(self) -> FloatArray:
        """[N] risk of the outcome (by the horizon); of a binary or survival task."""
        return np.clip(self.decisions.value, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One model before the patients of one split, and where the numbers go."""

    truth: Truth
    said: Said
    resamples: Resamples
    record: Record

    @property
    def level(self) -> float:
        """Nominal coverage of the intervals."""
        return self.record.level

    @property
    def risks(self) -> bool:
        """Whether there is a risk to act on, and outcomes of both kinds to hold it against."""
        if self.truth.task not in ("binary", "survival"):
            return False
        return len(np.unique(self.truth.target[self.truth.known])) == 2

    def known(self) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
        """Rows whose outcome counts, with outcome, risk and count of each."""
        rows = self.truth.known
        return rows, self.truth.target[rows], self.said.risk[rows], self.truth.counts[rows]

    def within(self, rows: IntArray) -> Trial:
        """The same among some rows; the resamples stay those of everybody."""
        said, decisions = self.said, self.said.decisions
        chosen = Decisions(
            **{item.name: getattr(decisions, item.name)[rows] for item in fields(decisions)}
        )
        part = replace(said, values=said.values[rows], novelty=said.novelty[rows], decisions=chosen)
        return Trial(
            truth=self.truth.rows(rows), said=part, record=self.record,
            resamples=among(self.resamples, rows),
        )  # fmt: skip

    def measure(self) -> Measure:
        """The full measure set of the model."""
        return measure_of(self.truth, self.said.values, self.said.edges)


def among(resamples: Resamples, rows: IntArray) -> Resamples:
    """Resamples of everybody as some rows see them: the draws stay those of everybody."""
    return replace(resamples, subject=resamples.subject[rows])
