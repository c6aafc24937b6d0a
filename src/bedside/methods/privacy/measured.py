"""What an attack gained over chance, with its interval by resampling members and others."""

from __future__ import annotations

import numpy as np

from bedside.core.randomness import stream
from bedside.methods.intervals import Interval, summarise
from bedside.methods.privacy.people import Found
from bedside.methods.synthesis.mixed import Values


def caught(found: Found, rate: float, *, seed: int, replicates: int = 1000) -> Interval:
    """Share of members above the score that `rate` of the others exceed.

    Carlini et al., Membership inference attacks from first principles, IEEE S&P 2022: what counts
    is who is caught with few false alarms. Undefined with fewer others than one false alarm takes.
    """
    others = np.sort(found.others)
    alarms = int(rate * len(others))
    if alarms < 1 or not len(found.members):
        return float("nan"), float("nan"), float("nan")
    above = 1 - np.searchsorted(np.sort(found.members), others, "right") / len(found.members)
    rng = stream(seed, 8)
    # Bootstrap of the others moves the limit; given the limit, members above it are binomial.
    drawn = np.sort(rng.integers(0, len(others), (replicates, len(others))), axis=1)
    at_limit = above[drawn[:, len(others) - 1 - alarms]]
    shares = rng.binomial(len(found.members), at_limit) / len(found.members)
    return summarise(float(above[len(others) - 1 - alarms]), shares)


def excess(found: Found, *, seed: int, replicates: int = 1000) -> Interval:
    """Share of successes with members less that with others."""
    if not len(found.members) or not len(found.others):
        return float("nan"), float("nan"), float("nan")
    rng = stream(seed, 9)
    means = [_means(values, rng, replicates) for values in (found.members, found.others)]
    return summarise(float(found.members.mean() - found.others.mean()), means[0] - means[1])


def told_apart(found: Found) -> float:
    """Area under the ROC curve of a membership attack; 0.5 is chance."""
    both = np.concatenate([found.members, found.others])
    order = np.argsort(both, kind="stable")
    ranks = np.empty(len(both))
    ranks[order] = np.arange(len(both))
    _, place, count = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.bincount(place, ranks) / count)[place]
    members = len(found.members)
    wins = ranks[:members].sum() - members * (members - 1) / 2
    return float(wins / max(members * len(found.others), 1))


def _means(values: Values, rng: np.random.Generator, replicates: int) -> Values:
    """Means of bootstrap samples [B]; counts of equal values are drawn, not the values."""
    kinds, counts = np.unique(values, return_counts=True)
    drawn = rng.multinomial(len(values), counts / len(values), replicates)
    return np.asarray(drawn @ kinds / len(values), np.float64)
