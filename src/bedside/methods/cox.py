"""Cox regression with a ridge penalty: Efron's likelihood, Newton's method, Breslow's baseline.

Cox, J R Stat Soc B 1972;34:187. Efron, J Am Stat Assoc 1977;72:557. Breslow, Biometrics 1974;30:89.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.methods.design import Score, fit_design, score_of
from bedside.methods.outcome import Outcome
from bedside.methods.tabular_inputs import Inputs, Values

REACH = 30.0
"""Log relative hazards end here, so that nobody's risk is quite 0 or 1."""
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxModel:
    """Proportional hazards over a baseline that is read at the edges of the intervals."""

    score: Score
    hazard: Doubles
    """[K] cumulative baseline hazard at each edge."""

    @property
    def parameters(self) -> int:
        """Coefficients and steps of the baseline."""
        return self.score.design.columns + len(self.hazard)

    def predict(self, inputs: Inputs) -> Values:
        """Survival [N, K] at the edges."""
        relative = np.exp(np.clip(self.score(inputs).astype(np.float64), -REACH, REACH))
        return np.asarray(np.exp(-relative * self.hazard), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """Samples in order of time; G groups of equal time."""

    matrix: Doubles
    """[N, D]"""
    events: Doubles
    first: NDArray[np.int64]
    """[G] the first sample of each group; the risk set of a group is from there to the end."""
    group: NDArray[np.int64]
    """[N] the group of each sample."""
    share: Doubles
    """[E] for the l-th of d events at one time, l / d: the part of the tied that has left."""
    event_group: NDArray[np.int64]
    """[E] the group of each event."""


def fit_cox(inputs: Inputs, outcome: Outcome, *, penalty: float) -> CoxModel:
    """`penalty` is the weight of half the squared coefficients against the mean log-likelihood."""
    outcome.require_learnable()
    if outcome.durations is None or outcome.events is None or outcome.edges is None:
        raise DataError("Cox regression", expected="a survival target", found=outcome.task)
    design = fit_design(inputs)
    within = outcome.events & (outcome.durations <= outcome.edges[-1])
    ordered = _order(
        design.matrix(inputs), np.minimum(outcome.durations, outcome.edges[-1]), within
    )
    beta = newton(ordered, penalty)
    hazard = _breslow(
        ordered, beta, np.minimum(outcome.durations, outcome.edges[-1]), outcome.edges
    )
    score = score_of(design, beta[:, None], np.zeros(1))
    return CoxModel(score=score, hazard=hazard)


def coefficients(
    matrix_ND: Doubles, durations: Doubles, events: NDArray[np.bool_], *, penalty: float
) -> Doubles:
    """[D] log hazard ratios of the columns as they are."""
    return newton(_order(matrix_ND, durations, events), penalty)


def newton(ordered: _Ordered, penalty: float, *, steps: int = 50) -> Doubles:
    """Maximise the penalised likelihood; a step that does not raise it is halved."""
    beta = np.zeros(ordered.matrix.shape[1])
    loss, slope, bend = _objective(ordered, beta, penalty)
    for _ in range(steps):
        step = np.linalg.solve(bend, slope)
        if not np.isfinite(step).all():
            break
        for halving in range(20):
            trial = beta - step / 2**halving
            tried = _objective(ordered, trial, penalty)
            if tried[0] <= loss:
                break
        else:
            break
        gained = loss - tried[0]
        beta, (loss, slope, bend) = trial, tried
        if gained < 1e-12 * max(abs(loss), 1.0):
            break
    return beta


def _order(matrix_ND: Doubles, durations: Doubles, events: NDArray[np.bool_]) -> _Ordered:
    order = np.argsort(durations, kind="stable")
    _, first, group = np.unique(durations[order], return_index=True, return_inverse=True)
    died = events[order]
    event_group = group[died]
    counts = np.bincount(event_group, minlength=len(first))
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(event_group)) - starts[event_group]
    return _Ordered(
        matrix=matrix_ND[order], events=died.astype(np.float64), first=first, group=group,
        share=rank / np.maximum(counts, 1)[event_group], event_group=event_group,
    )  # fmt: skip


def _objective(ordered: _Ordered, beta: Doubles, penalty: float) -> tuple[float, Doubles, Doubles]:
    """Mean penalised negative log-likelihood, its gradient [D] and Hessian [D, D]."""
    x_ND, rows = ordered.matrix, len(ordered.matrix)
    eta = np.clip(x_ND @ beta, -700.0, 700.0)
    shift = float(eta.max(initial=0.0))
    risk = np.exp(eta - shift)
    tied_N = risk * ordered.events
    left = ordered.share
    sum_E = _at_risk(risk, ordered) - left * _tied(tied_N, ordered)
    mean_ED = _at_risk(risk[:, None] * x_ND, ordered) - left[:, None] * _tied(
        tied_N[:, None] * x_ND, ordered
    )
    mean_ED /= sum_E[:, None]
    # sum over events of S2/S0, without a D x D matrix per event: a weight for each sample
    ending = np.bincount(ordered.event_group, 1.0 / sum_E, minlength=len(ordered.first))
    leaving = np.bincount(ordered.event_group, left / sum_E, minlength=len(ordered.first))
    weight_N = risk * np.cumsum(ending)[ordered.group] - tied_N * leaving[ordered.group]
    died = ordered.events > 0
    likelihood = eta[died].sum() - (np.log(sum_E) + shift).sum()
    slope = mean_ED.sum(axis=0) - x_ND[died].sum(axis=0)
    bend = (x_ND * weight_N[:, None]).T @ x_ND - mean_ED.T @ mean_ED
    loss = -likelihood / rows + penalty / 2 * float(beta @ beta)
    return loss, slope / rows + penalty * beta, bend / rows + penalty * np.eye(len(beta))


def _at_risk(values: Doubles, ordered: _Ordered) -> Doubles:
    """Sums over the risk set of each event."""
    total = np.cumsum(values[::-1], axis=0)[::-1]
    return np.asarray(total[ordered.first][ordered.event_group], np.float64)


def _tied(values: Doubles, ordered: _Ordered) -> Doubles:
    """Sums over those who had the event at the time of each event."""
    return np.asarray(
        np.add.reduceat(values, ordered.first, axis=0)[ordered.event_group], np.float64
    )


def _breslow(ordered: _Ordered, beta: Doubles, durations: Doubles, edges: Doubles) -> Doubles:
    risk = np.exp(np.clip(ordered.matrix @ beta, -REACH, REACH))
    at_risk = np.cumsum(risk[::-1])[::-1][ordered.first]
    deaths = np.bincount(ordered.event_group, minlength=len(ordered.first))
    hazard = np.concatenate([[0.0], np.cumsum(deaths / at_risk)])
    return np.asarray(
        hazard[np.searchsorted(np.unique(durations), edges, side="right")], np.float64
    )
