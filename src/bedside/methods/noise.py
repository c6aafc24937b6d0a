"""Labels that look wrong: confident learning on predictions that did not see them.

A label is suspected when a model that was not fitted to that patient is surer of another class than
it usually is of patients who carry that class (Northcutt, Jiang and Chuang, JAIR 2021;70:1373).
What the method cannot tell apart is a wrong label and an outcome that the fields do not determine:
where the best possible model is often wrong, as in most prognosis, the rate is an upper bound and
the suspects are patients to look at, not errors to mend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What confident learning found in N labels of K classes."""

    joint: Floats
    """[K, K] estimated share of patients by given label (row) and true label (column)."""
    rate: float
    """Estimated share of wrong labels: what the joint holds off its diagonal."""
    suspects: NDArray[np.int64]
    """[S] rows, the most suspect first."""
    likelier: NDArray[np.int64]
    """[S] the class that each seems to belong to."""
    margin: Floats
    """[S] probability of that class minus that of the given one."""
    thresholds: Floats
    """[K] mean probability of a class among patients labelled with it; NaN where there are none."""


def confident_learning(probability: ArrayLike, label: ArrayLike) -> Noise:
    """From out-of-fold probabilities [N, K] and given labels [N], 0 to K - 1.

    As many suspects of each kind as the joint says there are, those with the largest margin, as
    long as the other class is likelier than their label ("prune by noise rate" in the paper). Where
    wrong labels go one way only, the joint counts about half of them. Raises DataError for
    probabilities that are not, or unknown labels.

    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]])
    >>> found = confident_learning(p, [0, 0, 1, 1, 0])
    >>> found.suspects.tolist(), found.likelier.tolist()
    ([4], [1])
    """
    probability_NK, label_N = _checked(probability, label)
    rows, classes = probability_NK.shape
    given_NK = label_N[:, None] == np.arange(classes)
    carried = given_NK.sum(axis=0)
    sums = (probability_NK * given_NK).sum(axis=0)
    thresholds = np.divide(sums, carried, out=np.full(classes, np.nan), where=carried > 0)
    sure_NK = probability_NK >= np.where(carried > 0, thresholds, np.inf) - 1e-12
    true_N = np.where(sure_NK, probability_NK, -1.0).argmax(axis=1)
    counted = sure_NK.any(axis=1)
    counts_KK = np.zeros((classes, classes))
    np.add.at(counts_KK, (label_N[counted], true_N[counted]), 1.0)
    joint = _calibrated(counts_KK, carried) / rows
    margin_NK = probability_NK - probability_NK[np.arange(rows), label_N][:, None]
    chosen_NK = _chosen(margin_NK, given_NK, np.rint(joint * rows).astype(np.int64))
    likelier = np.where(chosen_NK, margin_NK, -1.0).argmax(axis=1)
    margin = margin_NK[np.arange(rows), likelier]
    suspects = np.flatnonzero(chosen_NK.any(axis=1))
    suspects = suspects[np.argsort(-margin[suspects], kind="stable")]
    return Noise(
        joint=joint, rate=float(1.0 - np.trace(joint)), suspects=suspects,
        likelier=likelier[suspects], margin=margin[suspects], thresholds=thresholds,
    )  # fmt: skip


def _chosen(
    margin_NK: Floats, given_NK: NDArray[np.bool_], wrong_KK: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """[N, K] for each given and each other class, the `wrong_KK` patients of the largest margin."""
    chosen_NK = np.zeros(margin_NK.shape, np.bool_)
    for given, other in zip(*np.nonzero(wrong_KK), strict=True):
        if given != other:
            rows = np.flatnonzero(given_NK[:, given] & (margin_NK[:, other] > 0))
            order = np.argsort(-margin_NK[rows, other], kind="stable")
            chosen_NK[rows[order][: wrong_KK[given, other]], other] = True
    return chosen_NK


def _calibrated(counts_KK: Floats, carried: NDArray[np.int64]) -> Floats:
    """Rows scaled to the number of patients with each label; one nobody is sure of stays as is."""
    sums = counts_KK.sum(axis=1, keepdims=True)
    counts_KK = np.where(sums > 0, counts_KK, np.eye(len(counts_KK)))
    return np.asarray(
        counts_KK / counts_KK.sum(axis=1, keepdims=True) * carried[:, None], np.float64
    )


def _checked(probability: ArrayLike, label: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    probability_NK, label_N = np.asarray(probability, np.float64), np.asarray(label)
    if probability_NK.ndim != 2 or label_N.shape != probability_NK.shape[:1] or not len(label_N):
        raise DataError(
            "label noise", expected="probabilities [N, K] and labels [N]",
            found=f"{probability_NK.shape} and {label_N.shape}",
        )  # fmt: skip
    right = (probability_NK >= 0).all() and np.allclose(probability_NK.sum(axis=1), 1.0, atol=1e-3)
    if probability_NK.shape[1] < 2 or not right:
        raise DataError(
            "label noise", expected="probabilities of two classes or more that add up to 1",
            found="others", hint="for a binary task pass both columns, 1 - p and p",
        )  # fmt: skip
    if not np.isin(label_N, np.arange(probability_NK.shape[1])).all():
        raise DataError(
            "label noise", expected=f"labels 0 to {probability_NK.shape[1] - 1}", found="others",
            hint="leave out patients whose outcome is unobserved",
        )  # fmt: skip
    return probability_NK, label_N.astype(np.int64)
