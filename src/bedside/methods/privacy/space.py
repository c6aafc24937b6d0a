"""Patients as points whose distances mean likeness: ranks of numbers, corners for categories.

A number is its rank among independent patients, from 0 to 1, a gap lies at -0.5; two different
categories are 1 apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.methods.synthesis.mixed import Mixed, Values

GAP = -0.5
CORNER = np.sqrt(0.5)
CHUNK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Built on independent patients; the same for everybody who is compared."""

    kinds: tuple[Values, ...]
    """Of each column: the rising known values of a number, or the codes of a category."""
    numeric: tuple[bool, ...]

    def points(self, mixed: Mixed, columns: Sequence[int] | None = None) -> Values:
        """[N, E] of the columns (all of them)."""
        chosen = range(len(self.kinds)) if columns is None else columns
        parts = [self._points(mixed.values[:, at], at) for at in chosen]
        return np.concatenate([np.zeros((len(mixed), 0)), *parts], axis=1)

    def _points(self, values: Values, at: int) -> Values:
        kind = self.kinds[at]
        if not self.numeric[at]:
            return np.asarray((values[:, None] == kind) * CORNER, np.float64)
        return self.ranks(values, at)[:, None]

    def ranks(self, values: Values, at: int) -> Values:
        """[N] ranks of a numeric column's values, from 0 to 1; a gap is at -0.5."""
        kind, gap = self.kinds[at], np.isnan(values)
        low, high = np.searchsorted(kind, values, "left"), np.searchsorted(kind, values, "right")
        return np.where(gap, GAP, (low + high) / (2 * max(len(kind), 1)))


def space_of(mixed: Mixed) -> Space:
    """The space in which these independent patients are spread evenly."""
    numeric = tuple(column.kind == "numeric" for column in mixed.columns)
    kinds = []
    for column, values in zip(mixed.columns, mixed.values.T, strict=True):
        if column.kind == "numeric":
            kinds.append(np.sort(values[~np.isnan(values)]))
        else:
            kinds.append(np.arange(len(column.names) + 1, dtype=np.float64))
    return Space(kinds=tuple(kinds), numeric=numeric)


def nearest(points: Values, among: Values, count: int = 1) -> tuple[Values, NDArray[np.int64]]:
    """Distance to the `count`-th nearest of `among` [M, E], and places of the nearest [N, count].

    The places are in no order but the last one's.
    """
    found = [_nearest(points[at : at + CHUNK], among, count) for at in range(0, len(points), CHUNK)]
    if not found:
        return np.zeros(0), np.zeros((0, count), np.int64)
    return np.concatenate([d for d, _ in found]), np.concatenate([p for _, p in found])


def _nearest(points: Values, among: Values, count: int) -> tuple[Values, NDArray[np.int64]]:
    squared = (among**2).sum(axis=1) - 2 * points @ among.T
    count = min(count, len(among))
    if count == 1:
        places = squared.argmin(axis=1)[:, None]
    else:
        places = np.argpartition(squared, count - 1, axis=1)[:, :count]
    last = places[:, -1]
    return np.linalg.norm(points - among[last], axis=1), places.astype(np.int64)
