"""An audit of a privacy promise: planted canaries give a lower bound on epsilon.

Many generators are fitted to the patients with one made-up record among them, and as many without.
An observer who must tell the two apart by the released model is right too often where the promise
is broken: with (epsilon, delta) his hits are at most e^epsilon his false alarms and delta
(Kairouz, Oh and Viswanath, ICML 2015; Jagielski, Ullman and Oprea, NeurIPS 2020). Both rates are
taken at their pessimistic ends (Clopper and Pearson); the limit is chosen on one half of the fits
and tried on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import beta

from bedside.methods.synthesis.codebook import Domain
from bedside.methods.synthesis.mixed import Mixed, Values
from bedside.methods.synthesis.private import Marginals

MOST_FITS = 50_000


class Audit(NamedTuple):
    """What the observer proved."""

    epsilon: float
    """Lower bound, at `level`."""
    fits: int
    """Fitted with the canary, and as many without."""
    level: float


def audit_promise(
    fit: Callable[[Mixed], Marginals], mixed: Mixed, domains: tuple[Domain, ...], *,
    fits: int, delta: float, level: float = 0.95,
) -> Audit:  # fmt: skip
    """The bound for one canary, a record unlike all others; `fit` must draw fresh noise."""
    canary = canary_of(mixed, domains)
    rows = np.concatenate([mixed.values, canary[None]])
    with_it = Mixed(columns=mixed.columns, values=rows)
    scores = [
        np.array([told(fit(world), canary) for _ in range(fits)]) for world in (with_it, mixed)
    ]
    return Audit(lower_bound(scores[0], scores[1], delta=delta, level=level), fits, level)


def canary_of(mixed: Mixed, domains: tuple[Domain, ...]) -> Values:
    """A record [D] in the rarest bin of each column."""
    record = np.zeros(len(domains))
    for at, domain in enumerate(domains):
        seen = np.bincount(domain.codes(mixed.values[:, at]), minlength=domain.size)
        rare = 1 + np.array([int(seen[1:].argmin())])
        record[at] = domain.values(rare, np.array([0.5]))[0]
    return record


def told(model: Marginals, canary: Values) -> float:
    """How much the released tables speak for the canary: its counts, each by its noise."""
    codes = [
        int(domain.codes(np.array([value]))[0])
        for domain, value in zip(model.domains, canary, strict=True)
    ]
    first, second = (max(noise, 1e-9) ** 2 for noise in model.noise)
    score = sum(single[codes[at]] for at, single in enumerate(model.singles)) / first
    score += sum(edge.table[codes[edge.parent], codes[edge.child]] for edge in model.edges) / second
    return float(score)


def lower_bound(present: Values, absent: Values, *, delta: float, level: float) -> float:
    """The epsilon that scores [T] with and without the canary prove; 0 where they prove none."""
    half = len(present) // 2
    limits = np.quantile(absent[:half], [0.5, 0.75, 0.9, 0.95, 0.98])
    chosen = max(limits, key=lambda limit: _proof(
        present[:half], absent[:half], limit, delta=delta, level=level
    ))  # fmt: skip
    return _proof(present[half:], absent[half:], chosen, delta=delta, level=level)


def most_provable(fits: int, *, delta: float, level: float = 0.95) -> float:
    """The epsilon that so many fits prove where no noise hides the canary: none can prove more, and
    a promise above it is not put to the test.

    >>> round(most_provable(300, delta=1e-5), 1), round(most_provable(1000, delta=1e-5), 1)
    (3.7, 4.9)
    """
    apart = np.ones(fits - fits // 2)
    return _proof(apart, 0 * apart, 0.5, delta=delta, level=level)


def fits_to_test(epsilon: float, *, delta: float, level: float = 0.95) -> int | None:
    """The fewest fits, and as many without, that could ever prove more than `epsilon`; None where
    they would be more than anybody fits.

    >>> fits_to_test(3.0, delta=1e-5), most_provable(151, delta=1e-5) > 3.0
    (151, True)
    """
    tail = (1 - level) / 2
    # n hits of n and no alarm of n prove log((q - delta) / (1 - q)), q the n-th root of the tail.
    half = np.log(tail) / np.log1p((delta - 1) / (1 + np.exp(min(epsilon, 30.0))))
    return None if half > MOST_FITS else 2 * int(half) + 1


def _proof(present: Values, absent: Values, limit: float, *, delta: float, level: float) -> float:
    hits, alarms = int((present > limit).sum()), int((absent > limit).sum())
    tail = (1 - level) / 2
    least = float(beta.ppf(tail, hits, len(present) - hits + 1)) if hits else 0.0
    most = (
        float(beta.ppf(1 - tail, alarms + 1, len(absent) - alarms)) if alarms < len(absent) else 1.0
    )
    return float(np.log((least - delta) / most)) if least - delta > most else 0.0
