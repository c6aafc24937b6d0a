"""How often each value of a column comes, freed of the chance of these very patients.

That 63 were seen at age 71 and 48 at age 72 is mostly chance. Who hands out the shares as they were
counted repeats it in every sample: trees tell such samples from other patients, and an attacker has
a mark of the members. Counts are therefore drawn to a smooth curve, as far as chance explains what
they differ by (empirical Bayes). A spike stays a spike, and where values of fewer decimals are
commoner than those beside them, they have a curve of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr, ndtri

from bedside.methods.synthesis.grid import PRECISION
from bedside.methods.synthesis.mixed import Values

BEYOND = 4.0
"""Standard errors: what differs by more is no chance."""
PASSES = 3
LEAST_KINDS = 8
"""Fewer values have no curve."""
MOST_DECIMALS = 5


def smooth_shares(kinds: Values, counts: NDArray[np.int64]) -> Values:
    """Shares [K] of rising values [K] that were counted so often."""
    smooth = _smooth(kinds, counts.astype(np.float64))
    return np.asarray(smooth / smooth.sum(), np.float64)


def _smooth(kinds: Values, seen: Values) -> Values:
    if len(kinds) < LEAST_KINDS:
        return seen
    rounded = _commoner(kinds, seen)
    if rounded is None:
        return _without_spikes(kinds, seen)
    smooth = np.empty(len(kinds))
    for part in (rounded, ~rounded):
        smooth[part] = _smooth(kinds[part], seen[part])
    return smooth


def _commoner(kinds: Values, seen: Values) -> NDArray[np.bool_] | None:
    """[K] which values have so few decimals that they are far commoner than others; or None."""
    curve, most, found = _curve(kinds, seen), BEYOND, None
    size = np.maximum(np.abs(kinds), 1e-3) * PRECISION
    for decimals in range(MOST_DECIMALS):
        rounded = np.abs(kinds - np.round(kinds, decimals)) <= size
        if LEAST_KINDS <= rounded.sum() <= len(kinds) - LEAST_KINDS:
            expected = max(float(curve[rounded].sum()), 1.0)
            beyond = abs(float(seen[rounded].sum()) - expected) / np.sqrt(expected)
            if beyond > most:
                most, found = beyond, rounded
    return found


def _without_spikes(kinds: Values, seen: Values) -> Values:
    spike = np.zeros(len(kinds), np.bool_)
    for _ in range(PASSES):
        if (~spike).sum() < LEAST_KINDS:
            return seen
        smooth = seen.copy()
        smooth[~spike] = _curve(kinds[~spike], seen[~spike])
        above = seen > smooth + BEYOND * np.sqrt(np.maximum(smooth, 1.0))
        if not above.any():
            break
        spike |= above
    smooth[~spike] = _drawn(seen[~spike], smooth[~spike])
    return smooth


def _curve(kinds: Values, seen: Values) -> Values:
    """What is expected of each value: monotone cubics through few points of the distribution."""
    total = seen.sum()
    between = (kinds[1:] + kinds[:-1]) / 2
    edges = np.concatenate([[2 * kinds[0] - between[0]], between, [2 * kinds[-1] - between[-1]]])
    reached = np.concatenate([[0.0], np.cumsum(seen)])
    far = float(ndtri(1 - min(5 / total, 0.25)))
    ranks = ndtr(np.linspace(-far, far, max(4, round(total ** (1 / 3))))) * total
    place = np.clip(np.searchsorted(reached, ranks), 1, len(kinds) - 1)
    knots = np.unique(np.concatenate([[0], place, [len(kinds)]]))
    return np.asarray(np.diff(PchipInterpolator(edges[knots], reached[knots])(edges)), np.float64)


def _drawn(seen: Values, smooth: Values) -> Values:
    """Counts as near to the curve as chance explains what they differ by."""
    ratio = float(((seen - smooth) ** 2 / np.maximum(smooth, 0.5)).mean())
    if ratio <= 1 + 2 * np.sqrt(2 / len(seen)):
        return smooth
    return np.asarray(smooth + (1 - 1 / ratio) * (seen - smooth), np.float64)
