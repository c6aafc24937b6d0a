"""Columns that follow from others: a class of age, deciles of a sum, stages of a ratio.

Such a column is a step function of one number, or of the sum, difference, product or ratio of two.
A network would blur its steps; so it is not learnt but reckoned. One is taken for such only where
every row says so, and each of its values has several rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from bedside.methods.synthesis.grid import PRECISION
from bedside.methods.synthesis.mixed import Mixed, Values

MOST_KINDS = 20
LEAST_ROWS = 20
"""Of each value: fewer could lie together by chance."""
MOST_TRIES = 40_000
"""Where all pairs and forms would be more, no pairs are tried: it would take over some seconds."""
GLANCE = 200
"""Rows that are looked at first."""
_FORMS: dict[str, Callable[[Values], Values]] = {
    "+": lambda of: of[:, 0] + of[:, 1],
    "-": lambda of: of[:, 0] - of[:, 1],
    "*": lambda of: of[:, 0] * of[:, 1],
    "/": lambda of: of[:, 0] / of[:, 1],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """One such column."""

    at: int
    sources: tuple[int, ...]
    """One number or two."""
    form: str
    """Of two: `+`, `-`, `*` or `/`; of one: nothing."""
    edges: Values
    """[K - 1] rising; midway between two neighbours of different values."""
    kinds: Values
    """[K] its values, in the order of what they follow from."""
    missing: float
    """Its value where a source has none."""

    def values(self, rows: Values) -> Values:
        """Its values [N] in rows [N, D] of which the sources are there."""
        found = _of(rows[:, self.sources], self.form)
        kept = self.kinds[np.searchsorted(self.edges, found)]
        return np.asarray(np.where(np.isnan(found), self.missing, kept), np.float64)


def derived_of(mixed: Mixed) -> tuple[Derived, ...]:
    """Those of the rows, in an order in which they can be reckoned."""
    known = mixed.known()
    kinds = [len(np.unique(mixed.values[known[:, at], at])) for at in range(len(mixed.columns))]
    wanted = [at for at in np.argsort(kinds, kind="stable")[::-1] if _asks(mixed, at, known)]
    tries = MOST_TRIES // max(len(wanted), 1)
    found = (_found(mixed, int(at), kinds, tries) for at in wanted)
    return tuple(derived for derived in found if derived is not None)


def _asks(mixed: Mixed, at: int, known: NDArray[np.bool_]) -> bool:
    """Whether it has few values, of several rows each."""
    counts = np.unique(mixed.values[known[:, at], at], return_counts=True)[1]
    return 2 <= len(counts) <= MOST_KINDS and bool(counts.min() >= LEAST_ROWS)


def _found(mixed: Mixed, at: int, kinds: list[int], tries: int) -> Derived | None:
    """What the column follows from: numbers of more values than it has."""
    known = mixed.known()
    numbers = [
        other for other, column in enumerate(mixed.columns)
        if column.kind == "numeric" and kinds[other] > kinds[at]
        and not (known[:, at] & ~known[:, other]).any()
    ]  # fmt: skip
    whole = mixed.values[known[:, at]]
    some = whole[:: max(1, len(whole) // GLANCE)]
    missing = 0.0 if mixed.columns[at].kind == "category" else np.nan
    for sources, form in _candidates(numbers, tries):
        if _runs(some, at, sources, form) > kinds[at]:
            continue
        if not np.array_equal(known[:, sources].all(axis=1), known[:, at]):
            continue
        if _runs(whole, at, sources, form) == kinds[at]:
            edges, values = _steps(whole, at, sources, form)
            return Derived(at=at, sources=sources, form=form, edges=edges, kinds=values,
                           missing=missing)  # fmt: skip
    return None


def _candidates(numbers: list[int], tries: int) -> Iterator[tuple[tuple[int, ...], str]]:
    for one in numbers:
        yield (one,), ""
    if math.comb(len(numbers), 2) * len(_FORMS) <= tries:
        yield from product(combinations(numbers, 2), _FORMS)


def _of(sources: Values, form: str) -> Values:
    """[N] of sources [N, 1 or 2]."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _FORMS[form](sources) if form else sources[:, 0]


def _runs(rows: Values, at: int, sources: tuple[int, ...], form: str) -> int:
    """In how many runs its values come when rows are sorted; too many where equals differ."""
    found = _of(rows[:, sources], form)
    if not np.isfinite(found).all():
        return len(rows) + 1
    order = np.argsort(found, kind="stable")
    change = np.diff(rows[order, at]) != 0
    size = np.abs(found[order[1:]]) * PRECISION
    if (change & (np.diff(found[order]) <= size)).any():
        return len(rows) + 1
    return 1 + int(change.sum())


def _steps(rows: Values, at: int, sources: tuple[int, ...], form: str) -> tuple[Values, Values]:
    """Edges [K - 1] and values [K]."""
    found = _of(rows[:, sources], form)
    order = np.argsort(found, kind="stable")
    last = np.flatnonzero(np.diff(rows[order, at]))
    edges = (found[order[last]] + found[order[last + 1]]) / 2
    return edges, rows[order[np.append(last, len(order) - 1)], at]
