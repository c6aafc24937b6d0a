"""Likeness of each pair of columns: 1 less the total variation of their joint table.

Numbers are cut into tenths of the real ones. In a small sample even two halves of the real
patients are far from 1, so it means something only beside that.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bedside.methods.synthesis.mixed import Mixed

TENTHS = 10


def pair_likeness(real: Mixed, made: Mixed) -> dict[tuple[str, str], float]:
    """By pair of columns, from 0 to 1."""
    bins = [_binned(real, made, at) for at in range(len(real.columns))]
    return {
        (real.columns[i].name, real.columns[j].name): _alike(bins[i], bins[j])
        for i, j in combinations(range(len(real.columns)), 2)
    }


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


def _alike(first: Binned, second: Binned) -> float:
    pairs = ((first[0], second[0]), (first[1], second[1]))
    shares = [
        np.bincount(a * second[2] + b, minlength=first[2] * second[2]) / max(len(a), 1)
        for a, b in pairs
    ]
    return float(1.0 - np.abs(shares[0] - shares[1]).sum() / 2)
