"""How like real patients the table is, before judges who are real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bedside.core.randomness import stream
from bedside.methods.fidelity.columns import column_likeness
from bedside.methods.fidelity.coverage import coverage
from bedside.methods.fidelity.detection import FOLDS, detection
from bedside.methods.fidelity.pairs import pair_likeness
from bedside.methods.intervals import Interval
from bedside.methods.synthesis.mixed import Mixed

FEWEST = 20
"""With fewer rows, or fewer than three patients, detection and coverage are not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Of a table to the judges: by column and pair from 0 to 1, and in all."""

    columns: Mapping[str, float]
    pairs: Mapping[tuple[str, str], float]
    detection: Interval
    coverage: float
    precision: float
    rows: int

    def overall(self) -> dict[str, float]:
        """Means over columns and over pairs, and the rest."""
        return {
            "column_likeness": float(np.mean(list(self.columns.values()))),
            "pair_likeness": float(np.mean(list(self.pairs.values()))) if self.pairs else 1.0,
            "coverage": self.coverage,
            "precision": self.precision,
        }


def likeness_of(
    table: Mixed, judges: Mixed, told: Sequence[str], *, seed: int, replicates: int
) -> Likeness:
    """With as many rows as there are judges at most, so that chance is the same for all tables.

    `told` are the columns that are looked at one by one and in pairs.
    """
    size = min(len(judges), len(table))
    some = table.rows(np.sort(stream(seed, 12).permutation(len(table))[:size]))
    nan = float("nan")
    auroc: Interval = (nan, nan, nan)
    both = {"coverage": nan, "precision": nan}
    people = min(len(np.unique(mixed.patients)) for mixed in (judges, some))
    if size >= FEWEST and people >= FOLDS:
        auroc = detection(judges, some, seed=seed).auroc(seed=seed, replicates=replicates)
        both = coverage(judges, some)
    first, second = (_only(mixed, told) for mixed in (judges, some))
    return Likeness(
        columns=column_likeness(first, second), pairs=pair_likeness(first, second),
        detection=auroc, coverage=both["coverage"], precision=both["precision"], rows=size,
    )  # fmt: skip


def _only(mixed: Mixed, told: Sequence[str]) -> Mixed:
    at = [mixed.at(name) for name in told]
    columns = tuple(mixed.columns[k] for k in at)
    return replace(mixed, columns=columns, values=mixed.values[:, at])
