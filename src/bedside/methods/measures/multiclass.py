"""Measures of predicted probabilities of several classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bedside.methods.measures.additive import Additive, additive
from bedside.methods.measures.ranking import Ranking
from bedside.methods.measures.sample import (
    FloatArray,
    IntArray,
    case_weights_of,
    class_probabilities,
    classes,
    weights_of,
)

EPS = np.finfo(np.float64).eps
GROUPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MulticlassMeasures:
    """A prepared measure of one set of class probabilities: call it with weights [B, N]."""

    case_weights: FloatArray | None
    rankings: tuple[Ranking, ...]
    """One for each class against the rest."""
    sums: Additive

    def __call__(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Weights [B, N] to the measures that `multiclass` lists, each [B]."""
        weights_BN = weights_of(weights, len(self.sums.columns))
        if self.case_weights is not None:
            weights_BN = weights_BN * self.case_weights
        by_class = [ranking.weighed(weights_BN)["auroc"] for ranking in self.rankings]
        return self.sums.weighed(weights_BN) | {"auroc": np.mean(by_class, axis=0)}


def multiclass_measure(
    y: ArrayLike, P: ArrayLike, case_weights: ArrayLike | None = None
) -> MulticlassMeasures:
    """Prepare the measures of `multiclass` for many replicates."""
    p_NK = class_probabilities(P)
    count = p_NK.shape[1]
    y_N = classes(y, count, len(p_NK))
    member_NK = (y_N[:, None] == np.arange(count)).astype(np.float64)
    rankings = tuple(Ranking.of(member_NK[:, k], p_NK[:, k]) for k in range(count))
    return MulticlassMeasures(
        case_weights=case_weights_of(case_weights, len(y_N)), rankings=rankings,
        sums=_sums(y_N, p_NK, member_NK),
    )  # fmt: skip


def multiclass(
    y: ArrayLike,
    P: ArrayLike,
    weights: ArrayLike | None = None,
    case_weights: ArrayLike | None = None,
) -> dict[str, FloatArray]:
    """Measures of probabilities `P` [N, K] of classes `y` [N] (0 to K - 1), each [B].

    accuracy                      share whose likeliest class is theirs
    balanced_accuracy             mean over the classes of the share found
    log_loss                      mean negative log-likelihood, nats
    brier                         mean squared distance to the one-hot class, 0 to 2
    auroc                         mean over the classes of each against the rest
    top_label_calibration_error   mean over ten groups of equal size by the probability of the
                                  likeliest class of |share right - mean probability|; groups are
                                  those of the whole sample (Guo et al., ICML 2017)

    auroc and balanced_accuracy are NaN where a class is absent: a mean over fewer classes would be
    another measure. Stratify the resamples by class so that none vanishes.
    """
    prepared = multiclass_measure(y, P, case_weights)
    return prepared(weights_of(weights, len(prepared.sums.columns)))


def _sums(y: IntArray, p_NK: FloatArray, member_NK: FloatArray) -> Additive:
    rows = np.arange(len(y))
    top = p_NK.argmax(axis=1)
    right = (top == y).astype(np.float64)
    loss = -np.log(np.clip(p_NK[rows, y], EPS, 1.0))
    brier = ((p_NK - member_NK) ** 2).sum(axis=1)
    confidence = p_NK[rows, top]
    edges = np.unique(np.quantile(confidence, np.arange(1, GROUPS) / GROUPS))
    group = np.searchsorted(edges, confidence, side="left")
    gap_NG = (group[:, None] == np.arange(len(edges) + 1)) * (right - confidence)[:, None]
    columns = [np.ones_like(loss), right, loss, brier]
    width = member_NK.shape[1]

    def formula(sums: FloatArray) -> dict[str, FloatArray]:
        count, right_sum, loss_sum, brier_sum = sums[:, :4].T
        members, found = sums[:, 4 : 4 + width], sums[:, 4 + width : 4 + 2 * width]
        gaps = np.abs(sums[:, 4 + 2 * width :])
        return {
            "accuracy": right_sum / count,
            "balanced_accuracy": (found / members).mean(axis=1),
            "log_loss": loss_sum / count,
            "brier": brier_sum / count,
            "top_label_calibration_error": gaps.sum(axis=1) / count,
        }

    return additive([*columns, member_NK, member_NK * right[:, None], gap_NG], formula)
