"""Concordance of risks with times to event, under any number of bootstrap weightings at once.

Concordant pairs are a bilinear form: for weights w and for the weight a_i that subject i carries
as the one who had the event first, the sum over pairs is a' M w, where M says which later subject
had the lower risk. M does not depend on the weights. Subjects are sorted by time and taken in
blocks: within a block M w is a matrix product, and over all later blocks it is a running sum in
the order of risk. Cost: N x block products and N x N / block additions per weighting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BLOCK = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Sums over the comparable partners of each subject who had the event, under B weightings."""

    concordant: Floats
    """[B, E] weight of later subjects with a lower risk, ties in risk counted half."""
    comparable: Floats
    """[B, E] weight of all later subjects."""
    first: NDArray[np.intp]
    """[E] index of the subject with the event."""

    def index(self, weight_BE: Floats) -> Floats:
        """[B] concordance when each event carries `weight_BE`; NaN without a comparable pair."""
        pairs = (weight_BE * self.comparable).sum(axis=1)
        hits = (weight_BE * self.concordant).sum(axis=1)
        found: Floats = np.divide(hits, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
        return found


def compare(duration: Floats, event: NDArray[np.bool_], risk: Floats, weights_BN: Floats) -> Pairs:
    """Pairs of an event and a subject who outlived it.

    A subject outlives an event when the duration is longer, or equal and censored (Harrell et al.,
    Stat Med 1996;15:361). Sums of whole-number weights are exact: they stay below 2^24 in float32.

    >>> one = np.ones((1, 3))
    >>> pairs = compare(np.array([1.0, 2.0, 3.0]), np.array([True, True, False]),
    ...                 np.array([0.9, 0.2, 0.4]), one)
    >>> pairs.concordant.tolist(), pairs.comparable.tolist()
    ([[2.0, 0.0]], [[2.0, 1.0]])
    """
    order = np.lexsort((~event, duration))  # at one time the events come first
    rank = np.unique(risk, return_inverse=True)[1][order]
    time, failed = duration[order], event[order]
    later = _first_later(time, failed)
    sorted_BN = np.ascontiguousarray(weights_BN[:, order], np.float64)
    first = np.flatnonzero(failed)
    below_BE = np.empty((len(weights_BN), len(first)))
    for start in range(0, len(time), BLOCK):
        stop = min(start + BLOCK, len(time))
        here = slice(*np.searchsorted(first, [start, stop]))
        rows = first[here]
        below_BE[:, here] = _within(rank, later, rows, sorted_BN[:, start:stop], start)
        below_BE[:, here] += _beyond(rank, np.maximum(later[rows], stop), rows, sorted_BN, stop)
    total_BN = np.cumsum(sorted_BN[:, ::-1], axis=1)[:, ::-1]
    all_BN = np.concatenate([total_BN, np.zeros((len(total_BN), 1))], axis=1)
    return Pairs(concordant=below_BE, comparable=all_BN[:, later[first]], first=order[first])


def _first_later(time: Floats, failed: NDArray[np.bool_]) -> NDArray[np.intp]:
    """[N] place of the first partner of each: censored at the same time, or later."""
    place = np.arange(len(time))
    starts = np.flatnonzero(np.r_[True, time[1:] != time[:-1]]) if len(time) else place
    group = np.cumsum(np.r_[True, time[1:] != time[:-1]]) - 1 if len(time) else place
    events = np.add.reduceat(failed.astype(np.intp), starts) if len(time) else place
    return np.asarray(starts[group] + events[group], np.intp)


def _within(
    rank: NDArray[np.intp], later: NDArray[np.intp], rows: NDArray[np.intp],
    weights_BM: Floats, start: int,
) -> Floats:  # fmt: skip
    """[B, rows] weight of lower-risk partners inside the block that begins at `start`."""
    columns = np.arange(start, start + weights_BM.shape[1])
    risk_r, risk_c = rank[rows, None], rank[None, columns]
    lower = (risk_c < risk_r).astype(np.float32)
    lower[risk_c == risk_r] = 0.5
    lower[columns[None, :] < later[rows, None]] = 0.0
    return np.asarray(weights_BM.astype(np.float32) @ lower.T, np.float64)


def _beyond(
    rank: NDArray[np.intp], begins: NDArray[np.intp], rows: NDArray[np.intp],
    weights_BN: Floats, stop: int,
) -> Floats:  # fmt: skip
    """[B, rows] weight of lower-risk partners from `stop` on.

    All rows begin at `stop`, but for events at one time that the end of the block cut in two.
    """
    found = np.zeros((len(weights_BN), len(rows)))
    for begin in np.unique(begins) if stop < len(rank) else ():
        mine = begins == begin
        by_risk = np.argsort(rank[begin:], kind="stable")
        sums = np.zeros((len(weights_BN), len(by_risk) + 1))
        np.cumsum(weights_BN[:, begin:][:, by_risk], axis=1, out=sums[:, 1:])
        ordered = rank[begin:][by_risk]
        low = np.searchsorted(ordered, rank[rows[mine]], side="left")
        high = np.searchsorted(ordered, rank[rows[mine]], side="right")
        found[:, mine] = 0.5 * (sums[:, low] + sums[:, high])
    return found
