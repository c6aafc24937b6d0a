"""Likeness of each pair of columns: 1 less the total variation of their joint table.

Numbers are cut into tenths of the real ones. In a small sample even two halves of the real
patients are far from 1, so it means something only beside that.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bedside.methods.fidelity.terms import Terms, likeness
from bedside.methods.synthesis.mixed import Mixed, Values

TENTHS = 10


def pair_likeness(real: Mixed, made: Mixed) -> dict[Names, float]:
    """By pair of columns, from 0 to 1."""
    return dict(zip(pairs_of(real), likeness(pair_terms(real, made)).tolist(), strict=True))


def pairs_of(mixed: Mixed) -> list[Names]:
    """Names of the pairs of columns, in order."""
    return list(combinations([column.name for column in mixed.columns], 2))


def pair_terms(real: Mixed, made: Mixed) -> Terms:
    """What each row adds to the distance of each pair: half the sign of its cell's gap."""
    bins = [_binned(real, made, at) for at in range(len(real.columns))]
    found = [_signs(bins[i], bins[j]) for i, j in combinations(range(len(bins)), 2)]
    sides = [[pair[at] for pair in found] for at in (0, 1)]
    first, second = (
        np.stack(side, axis=1) if side else np.zeros((len(mixed), 0))
        for side, mixed in zip(sides, (real, made), strict=True)
    )
    return first, second


Names = tuple[str, str]
Binned = tuple[NDArray[np.int64], NDArray[np.int64], int]
"""Bins of the real rows, of the made-up rows, and how many bins."""


def _binned(real: Mixed, made: Mixed, at: int) -> Binned:
    first, second = real.values[:, at], made.values[:, at]
    column = real.columns[at]
    if column.kind == "category":
        return first.astype(np.int64), second.astype(np.int64), len(column.names) + 1
    known = first[~np.isnan(first)]
    cuts = np.zeros(0)
    if len(known):
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, TENTHS + 1)[1:-1]))
    bins = [
        np.where(np.isnan(values), 0, 1 + np.searchsorted(cuts, values, "right"))
        for values in (first, second)
    ]
    return bins[0], bins[1], len(cuts) + 2


def _signs(first: Binned, second: Binned) -> tuple[Values, Values]:
    width, cells = second[2], first[2] * second[2]
    places = [a * width + b for a, b in zip(first[:2], second[:2], strict=True)]
    shares = [np.bincount(place, minlength=cells) / max(len(place), 1) for place in places]
    half = np.sign(shares[0] - shares[1]) / 2
    return half[places[0]], half[places[1]]
