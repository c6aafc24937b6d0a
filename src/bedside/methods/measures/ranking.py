"""How well a score ranks those with the event above those without: one sort for all replicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bedside.methods.measures.sample import (
    FloatArray,
    IntArray,
    case_weights_of,
    numbers,
    outcomes,
    weights_of,
)

TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Positions of N rows in the order of their score; `of` sorts, calling it weighs.

    auroc   area under the ROC curve, the concordance of pairs; a tie counts one half
    auprc   average precision, sum of (recall step) x precision, without interpolation

    Both are what scikit-learn gives for the same weights; NaN without both classes. Source: Hanley
    and McNeil, Radiology 1982;143:29; Davis and Goadrich, ICML 2006.
    """

    rows: int
    case_weights: FloatArray | None
    negatives: IntArray
    """Rows without the event, rising score."""
    positives: IntArray
    """Rows with the event, falling score."""
    below: IntArray
    """For each positive, how many negatives score lower."""
    not_above: IntArray
    """For each positive, how many negatives score lower or the same."""
    last: IntArray
    """For each positive, the last positive in order that scores the same."""

    @classmethod
    def of(cls, y: ArrayLike, score: ArrayLike, case_weights: ArrayLike | None = None) -> Ranking:
        """Sort once; `y` 0/1 [N], `score` [N] on any scale, `case_weights` [N] or none."""
        y_N = outcomes(y)
        score_N = numbers(score, "predictions", len(y_N))
        event = y_N == 1
        negatives, positives = np.flatnonzero(~event), np.flatnonzero(event)
        negatives = negatives[np.argsort(score_N[negatives], kind="stable")]
        positives = positives[np.argsort(-score_N[positives], kind="stable")]
        of_negatives, of_positives = score_N[negatives], score_N[positives]
        last = np.searchsorted(-of_positives, -of_positives, side="right") - 1
        return cls(
            rows=len(y_N), case_weights=case_weights_of(case_weights, len(y_N)),
            negatives=negatives, positives=positives, last=last,
            below=np.searchsorted(of_negatives, of_positives, side="left"),
            not_above=np.searchsorted(of_negatives, of_positives, side="right"),
        )  # fmt: skip

    def __call__(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Weights [B, N] to auroc and auprc [B]."""
        weights_BN = weights_of(weights, self.rows)
        if self.case_weights is not None:
            weights_BN = weights_BN * self.case_weights
        return self.weighed(weights_BN)

    def weighed(self, weights_BN: FloatArray) -> dict[str, FloatArray]:
        """The same for weights that are checked and hold the case weights already."""
        positive_BP = weights_BN.take(self.positives, axis=1)
        negatives_up_to = np.zeros((len(weights_BN), len(self.negatives) + 1))
        negative_BM = weights_BN.take(self.negatives, axis=1)
        np.cumsum(negative_BM, axis=1, out=negatives_up_to[:, 1:])
        below_BP = negatives_up_to.take(self.below, axis=1)
        positives_B, negatives_B = positive_BP.sum(axis=1), negatives_up_to[:, -1]

        with np.errstate(divide="ignore", invalid="ignore"):
            auroc = self._pairs(positive_BP, below_BP, negatives_up_to) / positives_B / negatives_B
            precision_BP = self._precision(positive_BP, negatives_B[:, None] - below_BP)
            auprc = np.einsum("bp,bp->b", positive_BP, precision_BP) / positives_B
        defined = (positives_B > 0) & (negatives_B > 0)
        return {
            "auroc": np.where(defined, auroc, np.nan),
            "auprc": np.where(defined, auprc, np.nan),
        }

    def _pairs(
        self, positive_BP: FloatArray, below_BP: FloatArray, negatives_up_to: FloatArray
    ) -> FloatArray:
        """Weight of the pairs that are in the right order, ties counting one half."""
        right: FloatArray = np.einsum("bp,bp->b", positive_BP, below_BP)
        tied = np.flatnonzero(self.not_above > self.below)
        if len(tied):
            same_BT = negatives_up_to.take(self.not_above[tied], axis=1) - below_BP.take(
                tied, axis=1
            )
            right += 0.5 * np.einsum("bp,bp->b", positive_BP.take(tied, axis=1), same_BT)
        return right

    def _precision(self, positive_BP: FloatArray, false_alerts_BP: FloatArray) -> FloatArray:
        """Precision when everybody who scores at least as high as this positive is alerted."""
        true_alerts_BP = np.cumsum(positive_BP, axis=1)
        if (self.last != np.arange(len(self.last))).any():
            true_alerts_BP = true_alerts_BP.take(self.last, axis=1)
        alerts_BP = true_alerts_BP + np.maximum(false_alerts_BP, 0.0)  # differences of sums round
        precision_BP: FloatArray = true_alerts_BP / np.maximum(alerts_BP, TINY)
        return precision_BP
