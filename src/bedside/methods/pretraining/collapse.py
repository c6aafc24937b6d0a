"""Whether an encoder still tells patients apart, or gives them all the same answer.

Effective rank: the exponential of the entropy of the singular values' shares (Roy and Vetterli,
2007; as a measure of pretraining Garrido et al., RankMe, ICML 2023). Spread: the deviation of
embeddings of length 1, times the root of their size, as in Chen and He, SimSiam, CVPR 2021: 0 when
all are alike, about 1 when they point everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.methods.intervals import Interval

Embeddings = NDArray[np.floating]
LEAST_RANK, LEAST_SPREAD = 1.5, 0.01
"""Below either an encoder has collapsed: to one direction, or to one point."""
GROUPS = 10
_T9 = 2.262
"""97.5 % point of Student's t with `GROUPS` - 1 degrees of freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Of an encoder, on some patients."""

    rank: Interval
    spread: Interval
    width: int
    """Of an embedding: the rank at most."""

    @property
    def collapsed(self) -> str:
        """The reason, where it has; else empty."""
        if not np.isfinite([self.rank[0], self.spread[0]]).all():
            return "its embeddings are no numbers"
        if self.spread[0] < LEAST_SPREAD:
            return f"all embeddings are alike: their spread is {self.spread[0]:.2g}"
        if self.rank[0] < LEAST_RANK:
            return (
                f"its embeddings lie on a line: effective rank {self.rank[0]:.2f} of {self.width}"
            )
        return ""


def health(embeddings_ND: Embeddings, subjects: NDArray[np.int64]) -> Health:
    """Rank and spread, with intervals by the jackknife over ten groups of patients.

    A bootstrap would repeat patients, which lowers a rank.
    """
    values = np.asarray(embeddings_ND, np.float64)
    return Health(
        rank=_jackknifed(effective_rank, values, subjects),
        spread=_jackknifed(spread, values, subjects), width=values.shape[1],
    )  # fmt: skip


def effective_rank(embeddings_ND: Embeddings) -> float:
    """From 1 to D; 0 where all are alike.

    >>> around = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    >>> round(effective_rank(np.stack([np.cos(around), np.sin(around)], axis=1)), 6)
    2.0
    """
    centred = embeddings_ND - embeddings_ND.mean(axis=0)
    if not np.isfinite(centred).all():
        return float("nan")
    found = np.linalg.svd(centred, compute_uv=False)
    # What rounding alone leaves of equal rows is no direction.
    least = np.abs(embeddings_ND).max(initial=0.0) * len(embeddings_ND) ** 0.5 * 1e-6
    found = found[found > least]
    if not len(found):
        return 0.0
    share = found / found.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def spread(embeddings_ND: Embeddings) -> float:
    """Of embeddings of length 1, the mean deviation times the root of D."""
    length = np.linalg.norm(embeddings_ND, axis=1, keepdims=True)
    unit = embeddings_ND / np.maximum(length, 1e-12)
    return float(unit.std(axis=0).mean() * embeddings_ND.shape[1] ** 0.5)


def _jackknifed(
    measure: Callable[[Embeddings], float], values: Embeddings, subjects: NDArray[np.int64]
) -> Interval:
    """A measure with its 95 % interval by leaving out each tenth of the patients in turn."""
    names, number = np.unique(subjects, return_inverse=True)
    point = measure(values)
    if len(names) < 2 * GROUPS:
        return point, float("nan"), float("nan")
    group = number % GROUPS
    left = np.array([measure(values[group != one]) for one in range(GROUPS)])
    error = np.sqrt((GROUPS - 1) / GROUPS * ((left - left.mean()) ** 2).sum())
    return point, max(0.0, point - _T9 * error), point + _T9 * error
