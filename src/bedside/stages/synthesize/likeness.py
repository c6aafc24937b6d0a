"""How like real patients the table is, before judges who are real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bedside.core.randomness import stream
from bedside.methods.fidelity.columns import column_terms
from bedside.methods.fidelity.coverage import covered
from bedside.methods.fidelity.detection import FOLDS, detection
from bedside.methods.fidelity.pairs import pair_terms, pairs_of
from bedside.methods.fidelity.terms import likeness_intervals
from bedside.methods.intervals import Interval
from bedside.methods.synthesis.mixed import Mixed

UNKNOWN: Interval = (float("nan"), float("nan"), float("nan"))
FEWEST = 20
"""With fewer rows, or fewer than three patients, detection and coverage are not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Of a table to the judges, from 0 to 1, with intervals by resampling patients."""

    columns: Mapping[str, Interval]
    pairs: Mapping[tuple[str, str], Interval]
    column_mean: Interval
    pair_mean: Interval
    detection: Interval
    coverage: Interval
    precision: Interval
    rows: int

    def overall(self) -> dict[str, Interval]:
        """Means over columns and over pairs, and the rest."""
        return {
            "column_likeness": self.column_mean, "pair_likeness": self.pair_mean,
            "coverage": self.coverage, "precision": self.precision,
        }  # fmt: skip


def likeness_of(
    table: Mixed, judges: Mixed, told: Sequence[str], *, seed: int, replicates: int
) -> Likeness:
    """With as many rows as there are judges at most, so that chance is the same for all tables.

    `told` are the columns that are looked at one by one and in pairs.
    """
    size = min(len(judges), len(table))
    some = table.rows(np.sort(stream(seed, 12).permutation(len(table))[:size]))
    auroc, both = UNKNOWN, {"coverage": UNKNOWN, "precision": UNKNOWN}
    people = min(len(np.unique(mixed.patients)) for mixed in (judges, some))
    if size >= FEWEST and people >= FOLDS:
        auroc = detection(judges, some, seed=seed).auroc(seed=seed, replicates=replicates)
        both = covered(judges, some).intervals(seed=seed, replicates=replicates)
    first, second = (_only(mixed, told) for mixed in (judges, some))
    patients = judges.patients, some.patients
    columns, column_mean = likeness_intervals(
        column_terms(first, second), patients, seed=seed, replicates=replicates
    )
    pairs, pair_mean = likeness_intervals(
        pair_terms(first, second), patients, seed=seed, replicates=replicates
    )
    return Likeness(
        columns=dict(zip(told, columns, strict=True)),
        pairs=dict(zip(pairs_of(first), pairs, strict=True)), column_mean=column_mean,
        pair_mean=pair_mean, detection=auroc, rows=size, **both,
    )  # fmt: skip


def _only(mixed: Mixed, told: Sequence[str]) -> Mixed:
    at = [mixed.at(name) for name in told]
    columns = tuple(mixed.columns[k] for k in at)
    return replace(mixed, columns=columns, values=mixed.values[:, at])
