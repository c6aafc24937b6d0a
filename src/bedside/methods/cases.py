"""What is known of some patients, a row each: inputs and outcome. What a lever takes and gives.

Synthesis learns from cases and makes new ones, pretraining reads their inputs, `worth` counts them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Target
from bedside.methods.entrant import Arrays
from bedside.methods.outcome import Outcome, outcome_of

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """N rows. Made-up ones have subjects of their own, below 0."""

    arrays: Arrays
    """Inputs by name, as the cell of `train` gives them: [N, ...] each."""
    subjects: Rows
    """[N] patients as integer codes; rows of one patient stay together."""
    target: Floats
    """[N] 0 or 1, class index or value; NaN is unobserved."""
    duration: Floats
    """[N] time to event or censoring; NaN where the task has none."""
    event: Floats
    """[N] 1 where the time is that of the event, 0 where it is of censoring; NaN likewise."""

    def __len__(self) -> int:
        return len(self.target)

    def rows(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Cases:
        """The cases at `index`."""
        return Cases(
            arrays={name: values[index] for name, values in self.arrays.items()},
            subjects=self.subjects[index], target=self.target[index],
            duration=self.duration[index], event=self.event[index],
        )  # fmt: skip

    def outcome(self, target: Target, edges: Floats | None = None) -> Outcome:
        """What a model learns of them; `edges` [K] for survival."""
        samples = pl.DataFrame({name: getattr(self, name) for name in _OUTCOMES})
        event = pl.col("event").fill_nan(None).cast(pl.Int8)
        empty = samples.with_columns(
            pl.col("target").fill_nan(None), pl.col("duration").fill_nan(None), event
        )
        return outcome_of(empty, target, edges)


_OUTCOMES = ("target", "duration", "event")


def cases_of(dataset: Dataset, arrays: Arrays, rows: Rows) -> Cases:
    """The cases of some rows of a data set, whose inputs are `arrays`."""
    samples = dataset.samples[rows]
    target, duration, event = (
        samples[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in _OUTCOMES
    )
    return Cases(
        arrays=arrays, subjects=dataset.subjects(rows), target=target, duration=duration,
        event=event,
    )  # fmt: skip


def joined(first: Cases, second: Cases) -> Cases:
    """Both, one below the other; inputs that the two share by name."""
    return Cases(
        arrays={
            name: np.concatenate([values, second.arrays[name]])
            for name, values in first.arrays.items()
        },
        subjects=np.concatenate([first.subjects, second.subjects]),
        target=np.concatenate([first.target, second.target]),
        duration=np.concatenate([first.duration, second.duration]),
        event=np.concatenate([first.event, second.event]),
    )  # fmt: skip
