"""How far k could be off: over the repetitions and over the test patients at once.

Repetitions draw other labels and other seeds; the test patients are a sample too, one for all. With
ten repetitions and fewer a percentile bootstrap is too narrow. So a k is kept in the interval where
the curves do not contradict it: the efficient score of the joint fit at that k (a linear
combination of the mean scores, 0 if k is right) is held against its standard error by Student's t.
The error adds up the variance between repetitions and that between resamples of test patients; its
degrees of freedom follow from the share of the former (Satterthwaite, Biometrics 1946;2:110). As
the test is inverted at each k (Fieller, JRSS B 1954;16:175) nothing is assumed of the distribution
of the estimate, and where curves are too flat to tell, the interval is as wide as the grid.

To both comes what no curve of the family fits: real learning curves are not powers, and arms that
share their labels differ so little by chance that this would be all the error there is.

What the layers share (how repetitions differ from one patient to the next) is in both variances,
and is taken away once (Owen, Ann Appl Stat 2007;1:386). `tests/methods/worth/test_coverage.py`
measures what the intervals hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from bedside.methods.worth.curve import PARAMETERS, Curve, Joint, joint, steadiness

Floats = NDArray[np.float64]
_LARGE = 1e6
"""Degrees of freedom of what resamples of the test patients say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """One arm's scores at its budgets; higher is better."""

    budgets: Floats
    """[J] rising."""
    seen: Floats
    """[R, J] of R repetitions, on the test patients as they are."""
    resampled: Floats
    """[B, R, J] on B resamples of the test patients, the same for every arm."""

    @property
    def mean(self) -> Floats:
        """[J] over the repetitions."""
        return np.asarray(self.seen.mean(axis=0), np.float64)

    def at(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Scores:
        """The scores of some budgets."""
        return Scores(
            budgets=self.budgets[kept], seen=self.seen[:, kept],
            resampled=self.resampled[:, :, kept],
        )  # fmt: skip

    def beside(self, other: Scores) -> Scores:
        """Both arms as one, this one first."""
        return Scores(
            budgets=np.concatenate([self.budgets, other.budgets]),
            seen=np.concatenate([self.seen, other.seen], axis=1),
            resampled=np.concatenate([self.resampled, other.resampled], axis=2),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """T numbers that are linear in the scores: value, standard error, degrees of freedom."""

    value: Floats
    error: Floats
    freedom: Floats

    def half(self, level: float) -> Floats:
        """Half the width of the interval of each."""
        return np.asarray(student.ppf(0.5 + level / 2, self.freedom) * self.error, np.float64)

    def intervals(self, level: float) -> Floats:
        """[T, 3] value, low, high."""
        half = self.half(level)
        return np.stack([self.value, self.value - half, self.value + half], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """k with its interval; an end beyond the grid is 0 or infinite."""

    value: float
    low: float
    high: float

    def holds(self, truth: float) -> bool:
        """Whether the interval holds a number."""
        return self.low <= truth <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two arms, ready to be asked for k; build with `pair`."""

    together: Scores
    joint: Joint

    def factor(self, level: float = 0.95) -> Factor:
        """k and its interval."""
        mean, shifts = self.together.mean, self.joint.shifts
        value, place = self.joint.best(mean)
        misfit = self.joint.misfit(self.together.seen), len(mean) - PARAMETERS
        spread = spread_of(self.together, self.joint.contrasts(mean), misfit)
        beyond = np.abs(spread.value) - spread.half(level)
        up, down = slice(place, None), slice(place, None, -1)
        return Factor(
            value=math.exp(value),
            low=math.exp(-_end(-shifts[down], beyond[down], -value)),
            high=math.exp(_end(shifts[up], beyond[up], value)),
        )

    def curve(self) -> Curve:
        """The fitted curve."""
        return self.joint.curve(self.together.mean)


def pair(base: Scores, lever: Scores, *, reach: float) -> Pair:
    """Two arms of the same repetitions and test patients; k is looked for up to `reach`."""
    together = base.beside(lever)
    weights = steadiness(together.seen, together.budgets)
    return Pair(together=together, joint=joint(base.budgets, lever.budgets, weights, reach=reach))


def spread_of(scores: Scores, contrasts: Floats, misfit: tuple[float, int] = (0.0, 1)) -> Spread:
    """Linear combinations `contrasts` [T, M] of the mean scores, over repetitions and patients.

    `misfit`: a variance that each has besides, and the degrees of freedom behind that.
    """
    repeats = len(scores.seen)
    each_RT = scores.seen @ contrasts.T
    moved_BRT = scores.resampled @ contrasts.T - each_RT
    common_BT = moved_BRT.mean(axis=1)
    between = each_RT.var(axis=0, ddof=1) / repeats
    of_patients = common_BT.var(axis=0, ddof=1)
    own = np.square(moved_BRT - common_BT[:, None]).mean(axis=0).sum(axis=0) / (repeats - 1)
    shared = np.minimum(own / repeats, np.minimum(between, of_patients))
    total = between + of_patients - shared + misfit[0]
    known = between**2 / (repeats - 1) + misfit[0] ** 2 / max(misfit[1], 1) + total**2 / _LARGE
    freedom = total**2 / np.maximum(known, 1e-300)
    return Spread(
        value=each_RT.mean(axis=0), error=np.sqrt(total),
        freedom=np.clip(freedom, 1.0, _LARGE),
    )  # fmt: skip


def _end(shifts: Floats, beyond: Floats, start: float) -> float:
    """Going up from the estimate, where `beyond` first rises above 0; infinity: nowhere."""
    out = np.flatnonzero(beyond > 0)
    if not len(out):
        return math.inf
    last = int(out[0])
    if last == 0:
        return start
    share = -beyond[last - 1] / (beyond[last] - beyond[last - 1])
    return max(float(shifts[last - 1] + share * (shifts[last] - shifts[last - 1])), start)
