"""How well one field tells outcomes apart, with an interval that counts patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Z = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number, its 95 % interval, and the patients behind it; NaN where undefined."""

    value: float
    low: float
    high: float
    subjects: int

    @property
    def mirrored(self) -> Estimate:
        """The AUROC of the opposite score when that is the better one."""
        if not self.value < 0.5:
            return self
        return Estimate(
            value=1 - self.value, low=1 - self.high, high=1 - self.low, subjects=self.subjects
        )


UNDEFINED = Estimate(value=np.nan, low=np.nan, high=np.nan, subjects=0)


def auroc(label: Bools, score: NDArray[np.floating], subject: Ints) -> Estimate:
    """AUROC of `score` [N] for `label` [N]; ties count one half.

    The variance sums DeLong's components within patients (Obuchowski, Biometrics 1997;53:567), so
    a patient with many rows counts once. Near 1 that variance vanishes; the interval is then at
    least as wide as Newcombe's (Stat Med 2006;25:559, method 5), which does not.
    """
    return macro_auroc((label,), (score,), subject)


def macro_auroc(
    labels: tuple[Bools, ...], scores: tuple[NDArray[np.floating], ...], subject: Ints
) -> Estimate:
    """Mean AUROC of each class against the rest, of the classes that some and not all have."""
    parts = [
        (*_influence(label, score), _fewest(label, subject))
        for label, score in zip(labels, scores, strict=True)
        if 0 < label.sum() < len(label)
    ]
    if not parts:
        return UNDEFINED
    value = float(np.mean([part[0] for part in parts]))
    influence = np.mean([part[1] for part in parts], axis=0)
    clusters = np.bincount(subject, weights=influence)
    subjects = patients_in(subject)
    half = Z * np.sqrt((clusters**2).sum() * subjects / max(subjects - 1, 1))
    rarest = min((part[2] for part in parts), key=min)
    low, high = newcombe(value, *rarest)
    return Estimate(
        value=value, low=max(0.0, min(low, value - half)),
        high=min(1.0, max(high, value + half)), subjects=subjects,
    )  # fmt: skip


def newcombe(value: float, positives: int, negatives: int) -> tuple[float, float]:
    """Score interval of an AUROC from its value and the two counts (Newcombe 2006, method 5)."""

    def beyond(theta: float) -> bool:
        rest = (positives + negatives) / 2 - 1
        spread = 1 + rest * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        variance = theta * (1 - theta) * spread / (positives * negatives)
        return (value - theta) ** 2 > Z * Z * variance

    return _edge(beyond, value, 0.0), _edge(beyond, value, 1.0)


def _edge(beyond: Callable[[float], bool], inside: float, outside: float) -> float:
    for _ in range(50):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if beyond(middle) else (middle, outside)
    return (inside + outside) / 2


def _influence(label: Bools, score: NDArray[np.floating]) -> tuple[float, Reals]:
    """AUROC and what each row adds to its error, [N]."""
    of_positives, of_negatives = score[label], score[~label]
    above = _placement(of_positives, of_negatives)
    value = float(above.mean())
    below = 1.0 - _placement(of_negatives, of_positives)
    influence = np.empty(len(label))
    influence[label] = (above - value) / len(of_positives)
    influence[~label] = (below - value) / len(of_negatives)
    return value, influence


def _placement(of: NDArray[np.floating], among: NDArray[np.floating]) -> Reals:
    """Share of `among` below each of `of`, ties as one half."""
    ordered = np.sort(among)
    ranks = np.searchsorted(ordered, of, "left") + np.searchsorted(ordered, of, "right")
    share: Reals = ranks / (2.0 * len(among))
    return share


def patients_in(subject: Ints) -> int:
    """How many patients some rows belong to."""
    return int(np.count_nonzero(np.bincount(subject)))


def _fewest(label: Bools, subject: Ints) -> tuple[int, int]:
    return patients_in(subject[label]), patients_in(subject[~label])


def share(successes: float, subjects: float, alpha: float = 0.05) -> tuple[float, float]:
    """Exact (Clopper-Pearson) interval of a share; successes may be a sum of patients' shares."""
    if subjects <= 0:
        return 0.0, 1.0
    failures = subjects - successes
    low = stats.beta.ppf(alpha / 2, successes, failures + 1) if successes > 0 else 0.0
    high = stats.beta.ppf(1 - alpha / 2, successes + 1, failures) if failures > 0 else 1.0
    return float(low), float(high)


def held_out_rate(code: Ints, outcome: Reals, fold: Ints) -> Reals:
    """[N] mean outcome of rows of the same code in the other folds, drawn to the overall mean."""
    width, folds = int(code.max()) + 1, int(fold.max()) + 1
    cell = fold * width + code
    count = np.bincount(cell, minlength=folds * width).reshape(folds, width)
    total = np.bincount(cell, weights=outcome, minlength=folds * width).reshape(folds, width)
    others, summed = count.sum(axis=0) - count, total.sum(axis=0) - total
    rate: Reals = (summed + outcome.mean()) / (others + 1.0)
    return rate[fold, code]


def r_squared(outcome: Reals, prediction: Reals, subject: Ints) -> Estimate:
    """1 - residual / total sum of squares, at least 0; interval by Fisher's z of its root."""
    total = ((outcome - outcome.mean()) ** 2).sum()
    subjects = patients_in(subject)
    if not total > 0 or subjects < 5:
        return UNDEFINED
    value = float(np.clip(1 - ((outcome - prediction) ** 2).sum() / total, 0.0, 1 - 1e-12))
    half = Z / np.sqrt(subjects - 3)
    z = np.arctanh(np.sqrt(value))
    low, high = np.tanh(max(0.0, z - half)) ** 2, np.tanh(z + half) ** 2
    return Estimate(value=value, low=float(low), high=float(high), subjects=subjects)


def quantile_codes(values: NDArray[np.floating], bins: int) -> Ints:
    """[N] 0 where missing, else 1 and up by quantiles of what is there."""
    seen = np.isfinite(values)
    code = np.zeros(len(values), np.int64)
    if seen.any():
        edges = np.unique(np.quantile(values[seen], np.arange(1, bins) / bins))
        code[seen] = np.searchsorted(edges, values[seen], "right") + 1
    return code
