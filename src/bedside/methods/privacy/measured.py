"""What an attack gained over chance, with its interval by resampling patients.

Members and others are drawn apart, each patient with all rows, as rows of one patient are alike.
The limit that so many others exceed is found again in every resample.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.methods.intervals import Interval, Resamples, estimate, resample
from bedside.methods.measures.sample import FloatArray, Measure
from bedside.methods.privacy.people import Found
from bedside.methods.proportion import wilson

SLACK = 1e-9
"""Of sums: rounding is no false alarm."""
UNDEFINED: Interval = (float("nan"), float("nan"), float("nan"))


def caught(found: Found, rate: float, *, seed: int, replicates: int = 1000) -> Interval:
    """Share of members above the score that `rate` of the others exceed.

    Carlini et al., Membership inference attacks from first principles, IEEE S&P 2022: what counts
    is who is caught with few false alarms. Undefined with fewer others than one false alarm takes.
    """
    if int(rate * len(found.others)) < 1 or not len(found.members):
        return UNDEFINED
    gain = estimate(_beyond(found, rate, ties=False), _drawn(found, seed, replicates))
    return _doubted(gain["members"], (gain["members"][0], 1.0), found)


def excess(found: Found, *, seed: int, replicates: int = 1000) -> Interval:
    """Share of successes with members less that with others."""
    if not len(found.members) or not len(found.others):
        return UNDEFINED
    gain = estimate(_successes(found), _drawn(found, seed, replicates))
    return _doubted(gain["excess"], (gain["members"][0], gain["others"][0]), found)


def shares(found: Found) -> tuple[float, float]:
    """Successes with members and with others."""
    whole = np.ones((1, len(found.members) + len(found.others)))
    gain = _successes(found)(whole)
    return float(gain["members"][0]), float(gain["others"][0])


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


def _drawn(found: Found, seed: int, replicates: int) -> Resamples:
    """Resamples of the rows of members, then of others."""
    members, others = found.patients
    own = np.unique(members, return_inverse=True)[1]
    apart = np.unique(others, return_inverse=True)[1] + len(own)
    side = np.repeat([0, 1], [len(own), len(apart)])
    return resample(np.concatenate([own, apart]), replicates, seed, strata=side)


def _successes(found: Found) -> Measure:
    if found.chance is not None:
        return _with_excess(_beyond(found, found.chance, ties=True))
    split = len(found.members)

    def means(weights: FloatArray) -> dict[str, FloatArray]:
        sides = (weights[:, :split], found.members), (weights[:, split:], found.others)
        members, others = (side @ values / side.sum(axis=1) for side, values in sides)
        return {"members": members, "others": others}

    return _with_excess(means)


def _with_excess(measure: Measure) -> Measure:
    def all_three(weights: FloatArray) -> dict[str, FloatArray]:
        found = measure(weights)
        return {**found, "excess": found["members"] - found["others"]}

    return all_three


def _beyond(found: Found, rate: float, *, ties: bool) -> Measure:
    """Shares of members and of others above the score that `rate` of the others exceed; with
    `ties`, at it or above the score that this share of the others reach."""
    split = len(found.members)
    falling = [np.argsort(-scores, kind="stable") for scores in (found.members, found.others)]
    members, others = -found.members[falling[0]], -found.others[falling[1]]
    ahead = [np.searchsorted(of, others, "right" if ties else "left") for of in (members, others)]

    def above(weights: FloatArray) -> dict[str, FloatArray]:
        sums = (
            _running(weights[:, :split].take(falling[0], axis=1)),
            _running(weights[:, split:].take(falling[1], axis=1)),
        )
        allowed = rate * (sums[1][:, -1:] - ties)
        limit = (sums[1][:, 1:] > allowed + SLACK).argmax(axis=1)
        of_members, of_others = (
            np.take_along_axis(total, places[limit][:, None], axis=1)[:, 0] / total[:, -1]
            for total, places in zip(sums, ahead, strict=True)
        )
        return {"members": of_members, "others": of_others}

    return above


def _running(weights: FloatArray) -> NDArray[np.float64]:
    """[B, N + 1] sums of the first 0, 1, ... N."""
    sums = np.zeros((len(weights), weights.shape[1] + 1))
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums


def _doubted(gain: Interval, side_shares: tuple[float, float], found: Found) -> Interval:
    """Of none, every resample says none: then that side's end is Wilson's over its patients."""
    value, low, high = gain
    most = [
        0.0 if share > 0 else wilson(0, len(np.unique(patients)))[2]
        for share, patients in zip(side_shares, found.patients, strict=True)
    ]
    return value, min(low, value - most[1]), max(high, value + most[0])
