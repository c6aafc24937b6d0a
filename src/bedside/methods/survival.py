"""Time to event with censoring: Kaplan-Meier, weights for the unobserved, discrete time, measures.

Times are in one unit of the caller's choice. An event and a censoring at one time happen in that
order: whoever is censored at t was seen event-free up to and including t. So the state at a horizon
h is known for those with an event by h and for those followed to h or beyond, and the chance of
being known is G(min(T, h)-), the chance of not being censored before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.dataset import Dataset, Schema
from bedside.core.errors import DataError
from bedside.methods import concordance

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
CHUNK = 4_000_000
"""Weights in one piece of work, which bounds memory to a few hundred megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A right-continuous step function that starts at 1 and takes `values` from `times` on."""

    times: Floats
    """[M] rising."""
    values: Floats
    """[M]"""

    def at(self, times: ArrayLike) -> Floats:
        """The value at each time, the jump at that time included."""
        return self._padded(np.searchsorted(self.times, np.asarray(times), side="right"))

    def before(self, times: ArrayLike) -> Floats:
        """The value just before each time."""
        return self._padded(np.searchsorted(self.times, np.asarray(times), side="left"))

    def _padded(self, place: NDArray[np.intp]) -> Floats:
        return np.asarray(np.concatenate([[1.0], self.values])[place], np.float64)


def kaplan_meier(duration: ArrayLike, event: ArrayLike, weights: ArrayLike | None = None) -> Step:
    """Probability of being event-free (Kaplan and Meier, JASA 1958;53:457).

    >>> kaplan_meier([1, 2, 2, 3], [1, 1, 0, 1]).at([0.5, 1, 2, 3]).tolist()
    [1.0, 0.75, 0.5, 0.0]
    """
    return _curve(duration, event, weights, censoring=False)


def censoring(duration: ArrayLike, event: ArrayLike, weights: ArrayLike | None = None) -> Step:
    """G, the probability of not yet being censored; those with an event leave before it.

    Use `before`: the chance that a patient was still followed at t is G(t-).
    """
    return _curve(duration, event, weights, censoring=True)


def horizon_weights(duration: ArrayLike, event: ArrayLike, horizon: float) -> Floats:
    """[N] what each patient counts for the state at the horizon; 0 where that is unknown.

    1 / G(min(T, horizon)-) where the state is known (Graf et al., Stat Med 1999;18:2529;
    Uno et al., Stat Med 2011;30:1105). The weights of the known stand in for the unknown: their sum
    estimates N. Right when censoring does not depend on the outcome.
    """
    time, failed = _checked(duration, event)
    known = (failed & (time <= horizon)) | (time >= horizon)
    reached = censoring(time, failed).before(np.minimum(time, horizon))
    return np.divide(1.0, reached, out=np.zeros(len(time)), where=known & (reached > 0))


def state_at(duration: ArrayLike, event: ArrayLike, horizon: float) -> Floats:
    """[N] 1 where the event came by the horizon, 0 where it did not, NaN where it is unknown."""
    time, failed = _checked(duration, event)
    happened = failed & (time <= horizon)
    return np.where(happened, 1.0, np.where(time >= horizon, 0.0, np.nan))


def time_grid(
    duration: ArrayLike, event: ArrayLike, intervals: int, horizon: float | None = None
) -> Floats:
    """[K] ends of at most `intervals` intervals with about as many events in each.

    Quantiles of the times of events before the horizon; the last edge is the horizon, by default
    the last event. The first interval begins at 0. Fewer intervals where few times differ.
    (Kvamme and Borgan, Lifetime Data Anal 2021;27:710.)
    """
    time, failed = _checked(duration, event)
    last = float(horizon) if horizon is not None else float(time[failed].max(initial=0.0))
    inside = time[failed & (time > 0) & (time <= last)]
    if intervals < 1 or not len(inside):
        raise DataError(
            "time grid", expected="one interval or more and events up to the horizon",
            found=f"{intervals} intervals and {len(inside)} events",
            hint="a later horizon, or more patients",
        )  # fmt: skip
    shares = np.arange(1, intervals) / intervals
    inner = np.unique(np.quantile(inside, shares, method="inverted_cdf"))
    return np.append(inner[inner < last], last)


def time_grid_of(dataset: Dataset, schema: Schema, intervals: int) -> Floats | None:
    """The time grid of a data set's training patients; None but for a survival outcome."""
    if schema.target.type != "survival":
        return None
    samples = dataset.samples[dataset.rows("train")]
    event = samples["event"].fill_null(0).to_numpy() == 1
    return time_grid(samples["duration"].to_numpy(), event, intervals, schema.target.horizon)


def discrete_targets(
    duration: ArrayLike, event: ArrayLike, edges: ArrayLike
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """At risk [N, K] and event [N, K], 0 or 1, for intervals (edge before, edge].

    The loss of hazards h is -(event log h + (at_risk - event) log(1 - h)). Censored within an
    interval counts as at risk in it when at least half of it was seen (Gensheimer and Narasimhan,
    PeerJ 2019;7:e6257). An event after the last edge is none.
    """
    time, failed = _checked(duration, event)
    ends = np.asarray(edges, np.float64)
    starts = np.concatenate([[0.0], ends[:-1]])
    here = np.searchsorted(ends, time, side="left")
    event_NK = failed[:, None] & (here[:, None] == np.arange(len(ends)))
    middle = (starts + ends) / 2
    lived_NK = time[:, None] >= middle
    return (lived_NK | event_NK).astype(np.float32), event_NK.astype(np.float32)


def measures(
    duration: ArrayLike, event: ArrayLike, *, survival: ArrayLike, edges: ArrayLike,
    horizon: float, weights: ArrayLike | None = None,
) -> dict[str, Floats]:  # fmt: skip
    """[B] each: how well `survival` [N, K], the curves at `edges` [K], foretold what happened.

    `weights` [B, N] are the counts of each subject in B bootstrap replicates; None is one row of
    ones. The censoring distribution G is estimated again in every replicate, from its weights, so
    that an interval holds its uncertainty too. NaN where a replicate has no answer: no comparable
    pair, no event, or nobody followed as long as the horizon.

    c_index                 Harrell's, risk at the horizon, all follow-up
    c_index_ipcw            Uno et al., Stat Med 2011;30:1105, events up to the horizon
    auroc_at_horizon        events by the horizon against event-free at it, cases weighted by 1/G
                            (Uno et al., JASA 2007;102:527; Hung and Chiang 2010)
    brier_at_horizon        Graf et al., Stat Med 1999;18:2529
    integrated_brier        its mean over 0 to the horizon (trapezoids over the edges; it is 0 at 0)
    calibration_at_horizon  risk observed (Kaplan-Meier) minus mean risk predicted
    """
    case = _case(duration, event, survival, edges, horizon)
    weights_BN = (
        np.ones((1, len(case.time))) if weights is None else np.asarray(weights, np.float64)
    )
    if weights_BN.ndim != 2 or weights_BN.shape[1] != len(case.time):
        raise DataError(
            "bootstrap weights", expected=f"[B, {len(case.time)}]", found=f"{weights_BN.shape}"
        )
    parts = [_measure(case, chunk_BN) for chunk_BN in _chunks(weights_BN)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What does not change between replicates."""

    time: Floats
    event: Bools
    curves: Floats
    """[N, K] predicted survival."""
    edges: Floats
    at: int
    """Which edge is the horizon."""

    @property
    def horizon(self) -> float:
        return float(self.edges[self.at])

    @property
    def risk(self) -> Floats:
        return 1.0 - self.curves[:, self.at]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curves:
    """G and the survival curve of B weightings."""

    times: Floats
    """[M]"""
    held: Floats
    """[B, M + 1] G after the m-th time; 1 before the first."""
    free: Floats
    """[B, M + 1] Kaplan-Meier, likewise."""

    def censoring_before(self, times: Floats) -> Floats:
        """[B, ...] G(t-)."""
        return np.asarray(self.held[:, np.searchsorted(self.times, times, side="left")])

    def free_at(self, time: float) -> Floats:
        """[B] probability of being event-free at `time`."""
        return np.asarray(self.free[:, np.searchsorted(self.times, time, side="right")])


def _measure(case: _Case, weights_BN: Floats) -> dict[str, Floats]:
    curves = _curves(case.time, case.event, weights_BN)
    followed = curves.censoring_before(np.array([case.horizon]))[:, 0] > 0
    pairs = concordance.compare(case.time, case.event, case.risk, weights_BN)
    own_BE = weights_BN[:, pairs.first]
    reached_BE = curves.censoring_before(case.time[pairs.first])
    by_horizon = case.time[pairs.first] <= case.horizon
    uno_BE = _ratio(own_BE * by_horizon, reached_BE**2)
    brier_BK = _brier(case, curves, weights_BN)
    heights_BK = np.concatenate([np.zeros((len(brier_BK), 1)), brier_BK], axis=1)
    heights_BK = heights_BK[:, : case.at + 2]
    times = np.concatenate([[0.0], case.edges[: case.at + 1]])
    total = weights_BN.sum(axis=1)
    observed = np.where(followed, 1.0 - curves.free_at(case.horizon), np.nan)
    return {
        "c_index": pairs.index(own_BE),
        "c_index_ipcw": pairs.index(uno_BE),
        "auroc_at_horizon": _auroc(case, curves, weights_BN),
        "brier_at_horizon": brier_BK[:, case.at],
        "integrated_brier": np.trapezoid(heights_BK, times, axis=1) / case.horizon,
        "calibration_at_horizon": observed - weights_BN @ case.risk / total,
    }


def _brier(case: _Case, curves: _Curves, weights_BN: Floats) -> Floats:
    """[B, K] as two matrix products: those with the event by each edge, those free of it there."""
    happened = case.event[:, None] & (case.time[:, None] <= case.edges)
    free = (case.time[:, None] >= case.edges) & ~happened
    rows = case.event & (case.time <= case.edges[-1])
    cases_BN = _ratio(weights_BN[:, rows], curves.censoring_before(case.time[rows]))
    wrong_BK = cases_BN @ (happened * case.curves**2)[rows]
    free_BK = weights_BN @ (free * (1.0 - case.curves) ** 2)
    reached_BK = curves.censoring_before(case.edges)
    known_BK = wrong_BK + _ratio(free_BK, reached_BK)
    return np.where(reached_BK > 0, known_BK / weights_BN.sum(axis=1, keepdims=True), np.nan)


def _auroc(case: _Case, curves: _Curves, weights_BN: Floats) -> Floats:
    rows = np.flatnonzero(case.event & (case.time <= case.horizon))
    control = (case.time >= case.horizon) & ~(case.event & (case.time <= case.horizon))
    others = np.flatnonzero(control)[np.argsort(case.risk[control], kind="stable")]
    sums_BN = np.zeros((len(weights_BN), len(others) + 1))
    np.cumsum(weights_BN[:, others], axis=1, out=sums_BN[:, 1:])
    low = np.searchsorted(case.risk[others], case.risk[rows], side="left")
    high = np.searchsorted(case.risk[others], case.risk[rows], side="right")
    cases_BE = _ratio(weights_BN[:, rows], curves.censoring_before(case.time[rows]))
    hits = (cases_BE * (sums_BN[:, low] + sums_BN[:, high])).sum(axis=1) / 2
    pairs = cases_BE.sum(axis=1) * sums_BN[:, -1]
    found: Floats = np.divide(hits, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return found


def _curves(time: Floats, event: Bools, weights_BN: Floats) -> _Curves:
    """Both product-limit curves, with the events of a time before its censorings."""
    times, place = np.unique(time, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(times)))
    left_BM = np.add.reduceat(weights_BN[:, order], starts, axis=1)
    failed_BM = np.add.reduceat(weights_BN[:, order] * event[order], starts, axis=1)
    at_risk_BM = np.cumsum(left_BM[:, ::-1], axis=1)[:, ::-1]
    free_BM = _share(1.0 - _ratio(failed_BM, at_risk_BM))
    staying_BM = _share(1.0 - _ratio(left_BM - failed_BM, at_risk_BM - failed_BM))
    one = np.ones((len(weights_BN), 1))
    return _Curves(
        times=times,
        held=np.concatenate([one, np.cumprod(staying_BM, axis=1)], axis=1),
        free=np.concatenate([one, np.cumprod(free_BM, axis=1)], axis=1),
    )


def _curve(
    duration: ArrayLike, event: ArrayLike, weights: ArrayLike | None, *, censoring: bool
) -> Step:
    time, failed = _checked(duration, event)
    weight = np.ones(len(time)) if weights is None else np.asarray(weights, np.float64)
    if weight.shape != time.shape:
        raise DataError("weights", expected=f"[{len(time)}]", found=f"{weight.shape}")
    curves = _curves(time, failed, weight[None])
    values = curves.held if censoring else curves.free
    return Step(times=curves.times, values=values[0, 1:])


def _share(values: Floats) -> Floats:
    """Exactly 0 where rounding of fractional weights left a trace."""
    return np.where(values > 1e-12, values, 0.0)


def _ratio(above: Floats, below: Floats) -> Floats:
    """0 where there is nothing below: such subjects have no weight in the replicate."""
    return np.divide(above, below, out=np.zeros(np.shape(above)), where=below > 0)


def _chunks(weights_BN: Floats) -> Iterator[Floats]:
    step = max(1, CHUNK // weights_BN.shape[1])
    return (weights_BN[start : start + step] for start in range(0, len(weights_BN), step))


def _checked(duration: ArrayLike, event: ArrayLike) -> tuple[Floats, Bools]:
    time, failed = np.asarray(duration, np.float64), np.asarray(event)
    if time.ndim != 1 or failed.shape != time.shape or not len(time):
        raise DataError(
            "follow-up", expected="durations [N] and events [N], N at least 1",
            found=f"{time.shape} and {failed.shape}",
        )  # fmt: skip
    if not np.isin(failed, (0, 1)).all():
        raise DataError("events", expected="0 or 1 (or booleans)", found="something else")
    wrong = np.flatnonzero(~(np.isfinite(time) & (time >= 0)))
    if len(wrong):
        raise DataError(
            "durations", expected="finite times of 0 or more",
            found=f"{len(wrong)} that are not, the first in row {wrong[0]}",
            hint="leave out patients without follow-up, or mend the dates",
        )  # fmt: skip
    return time, failed.astype(bool)


def _case(
    duration: ArrayLike, event: ArrayLike, survival: ArrayLike, edges: ArrayLike, horizon: float
) -> _Case:
    time, failed = _checked(duration, event)
    ends, survival_NK = np.asarray(edges, np.float64), np.asarray(survival, np.float64)
    if survival_NK.shape != (len(time), len(ends)):
        raise DataError(
            "survival curves", expected=f"[{len(time)}, {len(ends)}]", found=f"{survival_NK.shape}"
        )
    if not ((survival_NK >= 0) & (survival_NK <= 1)).all():
        raise DataError("survival curves", expected="probabilities", found="something else")
    at = np.flatnonzero(np.isclose(ends, horizon, rtol=1e-9, atol=0))
    if len(at) != 1 or (np.diff(ends, prepend=0.0) <= 0).any():
        raise DataError(
            "survival curves", expected="rising edges, one of which is the horizon",
            found=f"{len(ends)} edges, {len(at)} of them at the horizon",
            hint="predict at the edges that the time grid gave",
        )  # fmt: skip
    return _Case(time=time, event=failed, curves=survival_NK, edges=ends, at=int(at[0]))
