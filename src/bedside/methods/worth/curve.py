"""One learning curve under two arms: f(n) without a lever, f(k n) with it, f(n) = a - b n^-c.

k is how many times the labels the lever is worth: the horizontal distance between the curves on a
logarithmic axis. Arms and budgets are fitted together, each budget weighted by how much its scores
scatter (an unweighted fit is biased: the smallest budgets scatter ten times as much).

The fit is over a grid of k and c; a and b follow by linear least squares, so that no search can get
stuck and a thousand k are looked at in milliseconds.

Source: Hernandez et al. 2021 (arXiv 2102.01293), effective data transferred; Le Scao and Rush 2021
(arXiv 2103.08493); Geiping et al., ICLR 2023 (arXiv 2210.06441), exchange rates of augmentation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RATES = np.geomspace(0.03, 3.0, 48)
"""Values of c that are tried: from nearly logarithmic to a curve that is flat after one budget."""
OCTAVE = 32
"""Values of k between one and its double; between them by a parabola."""
PARAMETERS = 4
"""a, b, c and k."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """What both arms' curves can look like, on a grid; build with `joint`.

    M = J + L scores: of J budgets without the lever, then of L budgets with it.
    """

    shifts: Floats
    """[T] log k, rising, 0 in the middle."""
    places: Floats
    """[T, M] log n, then log k n, less the mean of log n."""
    moved: Floats
    """[M] 1 for the lever's."""
    weights: Floats
    """[M] what a score counts: 1 over its standard deviation."""
    bases: Floats
    """[T, C, M] the curve n^-c, weighted, orthogonal to a level, of length 1."""

    def fits(self, scores: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """Of mean scores [M]: the smallest weighted sum of squares at each k [T], and which c
        reaches it [T]."""
        weighed = scores * self.weights
        level = self.weights / np.linalg.norm(self.weights)
        rest = weighed - level * (level @ weighed)
        explained = np.square(self.bases @ rest)
        best = explained.argmax(axis=1)
        most = np.take_along_axis(explained, best[:, None], axis=1)[:, 0]
        return np.maximum(rest @ rest - most, 0.0), best

    def best(self, scores: Floats) -> tuple[float, int]:
        """log k of mean scores [M], and its place on the grid."""
        errors, _ = self.fits(scores)
        place = int(errors.argmin())
        if not 0 < place < len(errors) - 1:
            return float(self.shifts[place]), place
        before, here, after = errors[place - 1 : place + 2]
        bend = before - 2 * here + after
        step = 0.5 * (before - after) / bend if bend > _TINY else 0.0
        width = self.shifts[1] - self.shifts[0]
        return float(self.shifts[place] + np.clip(step, -1.0, 1.0) * width), place

    def contrasts(self, scores: Floats) -> Floats:
        """[T, M] at each k the combination of scores whose expectation is 0 if that k is right.

        The direction in which the curves move with log k, freed of those in which they move with a,
        b and c: the efficient score, of length 1; 0 where k makes no difference.
        """
        basis, direction = self._tangents(scores, slice(None))
        direction -= np.einsum("tms,ts->tm", basis, np.einsum("tms,tm->ts", basis, direction))
        known = np.linalg.norm(direction, axis=1, keepdims=True) > 1e-6
        return np.where(known, _unit(direction), 0.0) * self.weights

    def misfit(self, scores: Floats) -> float:
        """By how much the mean of `scores` [R, M] lies off every curve of the family, beyond what
        the repetitions' scatter explains: a variance, in the unit of the weighted scores."""
        mean, repeats = scores.mean(axis=0), len(scores)
        if len(mean) <= PARAMETERS:
            return 0.0
        place = self.best(mean)[1]
        basis, direction = self._tangents(mean, slice(place, place + 1))
        tangents, _ = np.linalg.qr(np.concatenate([basis[0], direction[0][:, None]], axis=1))
        scatter = (scores - mean) * self.weights
        scatter -= scatter @ tangents @ tangents.T
        explained = np.square(scatter).sum() / repeats / (repeats - 1)
        left = float(self.fits(mean)[0][place]) - explained
        return float(max(left, 0.0)) / (len(mean) - PARAMETERS)

    def _tangents(self, scores: Floats, places: slice) -> tuple[Floats, Floats]:
        """At some k: an orthonormal basis [T, M, 3] of where a, b and c move the weighted curves,
        and the direction [T, M] in which k does."""
        best = self.fits(scores)[1][places]
        at = self.places[places]
        fading = np.exp(-RATES[best][:, None] * at)
        others = np.stack([np.ones_like(fading), fading, at * fading], axis=2)
        basis, _ = np.linalg.qr(others * self.weights[:, None])
        return basis, _unit(fading * self.moved * self.weights)

    def curve(self, scores: Floats) -> Curve:
        """The fitted curve of mean scores [M]."""
        shift, place = self.best(scores)
        rate = float(RATES[self.fits(scores)[1][place]])
        at = self.places[place] + self.moved * (shift - self.shifts[place])
        design = np.stack([np.ones_like(at), -np.exp(-rate * at)], axis=1)
        (most, gap), *_ = np.linalg.lstsq(
            design * self.weights[:, None], scores * self.weights, rcond=None
        )
        return Curve(most=float(most), gap=float(gap), rate=rate, centre=self._centre())

    def _centre(self) -> float:
        return -float(self.places[len(self.shifts) // 2, 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """f(n) = most - gap (n / n0)^-rate, where log(n0 / smallest budget) is `centre`."""

    most: float
    gap: float
    rate: float
    centre: float

    def at(self, times: Floats) -> Floats:
        """Scores at so many times the smallest budget."""
        return self.most - self.gap * np.exp(-self.rate * (np.log(times) - self.centre))


def joint(base: Floats, lever: Floats, weights: Floats, *, reach: float) -> Joint:
    """Curves at budgets `base` [J] and `lever` [L], with k from 1 / `reach` to `reach`; `weights`
    [J + L] as `steadiness` gives them."""
    steps = max(1, int(np.ceil(np.log2(reach) * OCTAVE)))
    shifts = np.arange(-steps, steps + 1) * (np.log(2.0) / OCTAVE)
    moved = np.repeat([0.0, 1.0], [len(base), len(lever)])
    at = np.log(np.concatenate([base, lever])) - np.log(base).mean()
    places = at + shifts[:, None] * moved
    level = weights / np.linalg.norm(weights)
    fading = np.exp(-RATES[:, None] * places[:, None, :]) * weights
    fading -= (fading @ level)[:, :, None] * level
    return Joint(
        shifts=shifts, places=places, moved=moved, weights=weights, bases=_unit(fading)
    )  # fmt: skip


def steadiness(scores: Floats, budgets: Floats) -> Floats:
    """Weights [M] of scores [R, M] at `budgets` [M]: 1 over a standard deviation that falls with
    the budget as a power, fitted to all together, because five repetitions tell one badly."""
    spread = scores.std(axis=0, ddof=1)
    if not (spread > 0).any():
        return np.ones(len(spread))
    seen = np.log(np.maximum(spread, spread[spread > 0].min() / 4))
    at = np.log(budgets) - np.log(budgets).mean()
    slope = float(np.clip((at @ seen) / max(at @ at, _TINY), -1.5, 0.0))
    return np.asarray(np.exp(-(seen.mean() + slope * at)), np.float64)


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, _TINY), np.float64)
