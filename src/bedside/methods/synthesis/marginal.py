"""One column as standard normal scores, and back: by its ranks, ties spread at random.

A spike (many rows of one value) covers a range of scores, each of which leads back to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from bedside.methods.synthesis.grid import Grid, grid_of
from bedside.methods.synthesis.mixed import Column, Values
from bedside.methods.synthesis.smooth import smooth_shares

EDGE = 1e-3
"""Ranks are kept this far from 0 and 1, scores within 3.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Of a numeric column; `ordered` [N] are its known values, rising."""

    ordered: Values
    grid: Grid
    shares: Values | None = None
    """[K] of its values, rising, where they are not to come as often as they were counted."""

    def scores(self, values: Values, uniform: Values) -> Values:
        """Normal scores of `values` [M]; `uniform` [M] says where within a tie."""
        low = np.searchsorted(self.ordered, values, "left")
        high = np.searchsorted(self.ordered, values, "right")
        rank = (low + (high - low) * uniform) / len(self.ordered)
        return np.asarray(ndtri(np.clip(rank, EDGE, 1 - EDGE)), np.float64)

    def values(self, scores: Values) -> Values:
        """Values [M] on the grid that have these scores."""
        ranks = np.asarray(ndtr(scores), np.float64)
        if not (self.grid.few or self.grid.tied):
            return self.grid.snapped(np.asarray(np.quantile(self.ordered, ranks), np.float64))
        place = self._places(ranks)
        found = self.ordered[place]
        # A value that one patient alone has is not handed out, but the nearest on the grid.
        alone = (found != self.ordered[np.maximum(place - 1, 0)]) | (place == 0)
        after = np.minimum(place + 1, len(self.ordered) - 1)
        alone &= (found != self.ordered[after]) | (place == len(self.ordered) - 1)
        kept = np.clip(found, self.grid.low, self.grid.high)
        return np.where(alone, self.grid.snapped(found), kept)

    def smoothed(self) -> Numbers:
        """The same, its values as often as they are likely to be among others."""
        if not (self.grid.few or self.grid.tied):
            return self
        return replace(self, shares=smooth_shares(*np.unique(self.ordered, return_counts=True)))

    def _places(self, ranks: Values) -> NDArray[np.int64]:
        """Where in `ordered` the values of these ranks are."""
        last = len(self.ordered) - 1
        if self.shares is None:
            return np.clip(np.ceil(ranks * len(self.ordered)).astype(np.int64) - 1, 0, last)
        kind = np.searchsorted(np.cumsum(self.shares), ranks)
        starts = np.flatnonzero(np.diff(self.ordered, prepend=-np.inf))
        return np.asarray(starts[np.minimum(kind, len(starts) - 1)], np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Atoms:
    """Of a numeric column of few values: each at the middle of its ranks, and back to the nearest.

    For a network, which learns points more easily than the edges of ranges. Noise that is not the
    network's would not come in the right shares: use `Numbers` there.
    """

    kinds: Values
    """[K] its values, rising."""
    middles: Values
    """[K] their scores."""
    grid: Grid

    def scores(self, values: Values, uniform: Values) -> Values:  # noqa: ARG002  # one form for all
        """Scores of `values` [M]."""
        return self.middles[np.searchsorted(self.kinds, values)]

    def values(self, scores: Values) -> Values:
        """The values [M] whose scores are nearest."""
        between = (self.middles[1:] + self.middles[:-1]) / 2
        return self.grid.snapped(self.kinds[np.searchsorted(between, scores)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Of a category column: its codes, the commonest first, and up to where each reaches."""

    codes: Values
    ends: Values
    """[K + 1] from 0 to 1."""

    def scores(self, values: Values, uniform: Values) -> Values:
        """Normal scores of codes [M]."""
        place = np.argsort(self.codes)[np.searchsorted(np.sort(self.codes), values)]
        rank = self.ends[place] + (self.ends[place + 1] - self.ends[place]) * uniform
        return np.asarray(ndtri(np.clip(rank, EDGE, 1 - EDGE)), np.float64)

    def values(self, scores: Values) -> Values:
        """Codes [M] that have these scores."""
        place = np.searchsorted(self.ends, ndtr(scores), "right") - 1
        return np.asarray(self.codes[np.clip(place, 0, len(self.codes) - 1)], np.float64)


def numbers_of(values: Values, column: Column) -> Numbers | None:
    """Of the values [N] of a column; None where none is known."""
    known = np.sort(values[~np.isnan(values)])
    return Numbers(ordered=known, grid=grid_of(known, column)) if len(known) else None


def atoms_of(numbers: Numbers) -> Atoms:
    """The same column's values as atoms."""
    kinds, counts = np.unique(numbers.ordered, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / counts.sum()
    middles = np.asarray(ndtri(np.clip(ranks, EDGE, 1 - EDGE)), np.float64)
    return Atoms(kinds=kinds, middles=middles, grid=numbers.grid)


def codes_of(values: Values) -> Codes:
    """Of codes [N], missing (0) being one of them."""
    codes, counts = np.unique(values, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    ends = np.concatenate([[0.0], np.cumsum(counts[order]) / counts.sum()])
    return Codes(codes=codes[order].astype(np.float64), ends=ends)
