"""Shares of none or of all: resampling cannot doubt them, so their interval is Wilson's.

Every resample of patients among whom nobody abstained says 0 again, and the percentile interval is
empty. Wilson's score interval over the patients in the denominator is not: it says what share would
still have been compatible with seeing none, or all.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from bedside.methods.intervals import Interval
from bedside.methods.proportion import wilson

SCALES: Mapping[str, float] = {
    "abstention_rate": 1.0,
    "conformal_coverage": 1.0,
    "conformal_single": 1.0,
    "sensitivity": 1.0,
    "specificity": 1.0,
    "ppv": 1.0,
    "npv": 1.0,
    "alerts_per_100": 100.0,
    "missed_per_100": 100.0,
}
"""Measures that are shares of patients, and what they are multiplied by."""


def doubted(found: Mapping[str, Interval], subjects: int, level: float) -> dict[str, Interval]:
    """`found`, with an interval where a share of none or of all had none.

    >>> doubted({"abstention_rate": (0.0, 0.0, 0.0)}, 50, 0.95)["abstention_rate"][2] > 0.07
    True
    """
    return {
        name: _doubted(interval, SCALES[name], _among(name, found, subjects), level)
        if name in SCALES
        else interval
        for name, interval in found.items()
    }


def _doubted(interval: Interval, scale: float, among: float, level: float) -> Interval:
    value, low, high = interval
    empty = value == low == high and value in (0.0, scale)
    total = round(among)
    if not empty or total < 1:
        return interval
    share, least, most = wilson(0 if value == 0.0 else total, total, level)
    return share * scale, least * scale, most * scale


def _among(name: str, found: Mapping[str, Interval], subjects: int) -> float:
    """Patients in the denominator: all, with the outcome, without it, alerted, not alerted."""
    alerted = _value(found, "alerts_per_100") / 100
    with_outcome = _value(found, "ppv") * alerted + _value(found, "missed_per_100") / 100
    shares = {
        "sensitivity": with_outcome,
        "specificity": 1 - with_outcome,
        "ppv": alerted,
        "npv": 1 - alerted,
    }
    return subjects * shares.get(name, 1.0)


def _value(found: Mapping[str, Interval], name: str) -> float:
    value = found[name][0] if name in found else 0.0
    return value if isfinite(value) else 0.0
