"""Detection: can boosted trees tell made-up rows from real ones? 0.5 is that they cannot.

Three-fold, each row judged by trees that did not see its patient (the classifier two-sample test of
Lopez-Paz and Oquab, ICLR 2017). It sees what columns and pairs do not show.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict

from bedside.methods.intervals import Interval, estimate, resample
from bedside.methods.measures.ranking import Ranking
from bedside.methods.privacy.space import Space, space_of
from bedside.methods.synthesis.mixed import Mixed

FOLDS = 3
TREES = 100


class Judged(NamedTuple):
    """Rows of both kinds, how made up each looks, and which are."""

    score: NDArray[np.float64]
    made: NDArray[np.float64]
    patients: NDArray[np.int64]
    """Whose each row is; real and made-up ones share none."""

    def auroc(self, *, seed: int, replicates: int = 1000) -> Interval:
        """Area under the ROC curve, low and high, by resampling patients of both kinds."""
        resamples = resample(self.patients, replicates, seed, strata=self.made)
        return estimate(Ranking.of(self.made, self.score), resamples)["auroc"]


def detection(real: Mixed, made: Mixed, *, seed: int, space: Space | None = None) -> Judged:
    """Scores of as many made-up rows as there are real ones, or as there are of the fewer.

    At least three patients of each kind are needed, as there are three folds.
    """
    space = space or space_of(real)
    size = min(len(real), len(made))
    rows = range(size)
    points = np.concatenate([space.points(real)[rows], space.points(made)[rows]])
    kind = np.repeat([0.0, 1.0], size)
    whose = [np.unique(mixed.patients[:size], return_inverse=True)[1] for mixed in (real, made)]
    patients = np.concatenate([2 * whose[0], 2 * whose[1] + 1])
    several = len(np.unique(patients)) < len(patients)  # in one fold: trees know a patient again
    parted = StratifiedGroupKFold if several else StratifiedKFold
    score = cross_val_predict(
        HistGradientBoostingClassifier(max_iter=TREES, random_state=seed), points, kind,
        groups=patients if several else None, method="predict_proba",
        cv=parted(FOLDS, shuffle=True, random_state=seed),
    )[:, 1]  # fmt: skip
    return Judged(score=np.asarray(score, np.float64), made=kind, patients=patients)
