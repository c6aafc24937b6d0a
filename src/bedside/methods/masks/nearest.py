"""How far places on a grid are from the nearest of others, exactly, where most are near.

Two masks of one structure run close together: nearly every place finds its neighbour within a few
steps. So steps are tried from the shortest on, all places at once, and only what is left goes to a
k-d tree (Friedman, Bentley and Finkel, ACM Trans Math Softw 1977;3:209).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REACH = 3
"""Steps along an axis that are tried."""


def nearest(of: Ints, others: Ints, shape: tuple[int, ...], spacing: tuple[float, ...]) -> Floats:
    """Distances [P] of places `of` [P] to the nearest of `others` [Q >= 1], both as indices into
    an array of `shape`, in the unit of `spacing`.

    >>> nearest(np.array([0, 5]), np.array([1, 5]), (2, 3), (1.0, 2.0)).tolist()
    [2.0, 0.0]
    """
    padded = tuple(n + 2 * REACH for n in shape)
    strides = np.cumprod([1, *padded[:0:-1]])[::-1]
    places, marked = (np.stack(np.unravel_index(index, shape), axis=1) for index in (of, others))
    there = np.zeros(np.prod(padded), np.bool_)
    there[(marked + REACH) @ strides] = True
    at = (places + REACH) @ strides
    distances = np.zeros(len(of))
    rest = np.flatnonzero(~there[at])
    for distance, steps in _shells(spacing):
        if not len(rest):
            return distances
        found = there[(steps @ strides)[:, None] + at[rest]].any(axis=0)
        distances[rest[found]] = distance
        rest = rest[~found]
    if len(rest):
        tree = cKDTree(marked * np.asarray(spacing), balanced_tree=False, compact_nodes=False)
        distances[rest] = tree.query(places[rest] * np.asarray(spacing))[0]
    return distances


@lru_cache(maxsize=64)
def _shells(spacing: tuple[float, ...]) -> tuple[tuple[float, Ints], ...]:
    """Steps [G, axes] of one length each, from short to long, without a gap."""
    steps = np.array(list(product(range(-REACH, REACH + 1), repeat=len(spacing))))
    lengths = np.linalg.norm(steps * np.asarray(spacing), axis=1)
    # A step that is not in the list goes further than REACH along some axis.
    complete = (lengths > 0) & (lengths < (REACH + 1) * min(spacing))
    steps, lengths = steps[complete], lengths[complete]
    kinds, kind = np.unique(np.round(lengths, 9), return_inverse=True)
    return tuple(
        (float(lengths[kind == i].min()), steps[kind == i].astype(np.int64))
        for i in range(len(kinds))
    )
