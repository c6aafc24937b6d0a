"""Detection: can boosted trees tell made-up rows from real ones? 0.5 is that they cannot.

Three-fold, each row judged by trees that did not see it (the classifier two-sample test of
Lopez-Paz and Oquab, ICLR 2017). It sees what columns and pairs do not show.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

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

    def auroc(self, *, seed: int, replicates: int = 1000) -> Interval:
        """Area under the ROC curve, low and high."""
        resamples = resample(np.arange(len(self.made)), replicates, seed, strata=self.made)
        return estimate(Ranking.of(self.made, self.score), resamples)["auroc"]


def detection(real: Mixed, made: Mixed, *, seed: int, space: Space | None = None) -> Judged:
    """Scores of as many made-up rows as there are real ones, or as there are of the fewer."""
    space = space or space_of(real)
    size = min(len(real), len(made))
    rows = range(size)
    points = np.concatenate([space.points(real)[rows], space.points(made)[rows]])
    kind = np.repeat([0.0, 1.0], size)
    score = cross_val_predict(
        HistGradientBoostingClassifier(max_iter=TREES, random_state=seed), points, kind,
        cv=StratifiedKFold(FOLDS, shuffle=True, random_state=seed), method="predict_proba",
    )[:, 1]  # fmt: skip
    return Judged(score=np.asarray(score, np.float64), made=kind)
