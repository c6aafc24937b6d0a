"""Likeness of each column: 1 less the largest gap between two distributions.

Numbers by Kolmogorov and Smirnov, categories by total variation; missing counts as a category, and
for a number the share that is missing may be the larger gap.
"""

from __future__ import annotations

import numpy as np

from bedside.methods.fidelity.terms import Terms, likeness
from bedside.methods.synthesis.mixed import Mixed, Values

Pair = tuple[Values, Values]


def column_likeness(real: Mixed, made: Mixed) -> dict[str, float]:
    """By column, from 0 to 1; 1 is the same distribution."""
    found = likeness(column_terms(real, made)).tolist()
    return {column.name: value for column, value in zip(real.columns, found, strict=True)}


def column_terms(real: Mixed, made: Mixed) -> Terms:
    """What each row adds to the gap of each column: [N, D] and [M, D]."""
    found = [
        (_of_numbers if column.kind == "numeric" else _of_codes)(
            real.values[:, at], made.values[:, at]
        )
        for at, column in enumerate(real.columns)
    ]
    return np.stack([a for a, _ in found], axis=1), np.stack([b for _, b in found], axis=1)


def _of_numbers(first: Values, second: Values) -> Pair:
    known = [values[~np.isnan(values)] for values in (first, second)]
    gaps = _signed(*(np.isnan(values).astype(np.float64) for values in (first, second)))
    if not len(known[0]) or not len(known[1]):
        return gaps
    at = np.concatenate(known)
    ordered = [np.sort(values) for values in known]
    shares = [np.searchsorted(values, at, "right") / len(values) for values in ordered]
    limit = at[np.abs(shares[0] - shares[1]).argmax()]
    below = _signed(*(_among_known(values, limit) for values in (first, second)))
    return below if _gap(below) > _gap(gaps) else gaps


def _among_known(values: Values, limit: float) -> Values:
    """[N] whose mean is the share of the known values up to `limit`, and stays nearly that when
    rows are weighed: the share, and what each row turns it by."""
    known = ~np.isnan(values)
    share = (values[known] <= limit).mean()
    return np.asarray(share + known * ((values <= limit) - share) / known.mean(), np.float64)


def _of_codes(first: Values, second: Values) -> Pair:
    """Half the sign of the gap of a row's category."""
    kinds, place = np.unique(np.concatenate([first, second]), return_inverse=True)
    parts = place[: len(first)], place[len(first) :]
    shares = [np.bincount(part, minlength=len(kinds)) / max(len(part), 1) for part in parts]
    half = np.sign(shares[0] - shares[1]) / 2
    return half[parts[0]], half[parts[1]]


def _signed(first: Values, second: Values) -> Pair:
    """So that the first has the larger mean."""
    turn = -1.0 if first.mean() < second.mean() else 1.0
    return turn * first, turn * second


def _gap(pair: Pair) -> float:
    return float(pair[0].mean() - pair[1].mean())
