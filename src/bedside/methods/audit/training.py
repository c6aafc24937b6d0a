"""What every check is given: the training patients with their labels, and one field at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Dataset, Field
from bedside.core.evidence import Evidence, finite
from bedside.core.study import TaskType
from bedside.methods.audit.separation import Estimate
from bedside.methods.multilabel import label_values

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Reals = NDArray[np.float64]
PLAIN = ("0", "1", "0.0", "1.0", "no", "yes", "false", "true")
"""Names of two classes that add nothing to `with` and `without the outcome`."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """N rows of training patients (all of them, or a sample of the patients)."""

    task: TaskType
    classes: tuple[str, ...]
    data: str
    """How evidence names the split: `train@1f3a5c07`."""
    of: int
    """Training patients that there are; more than `size` when these are a sample."""
    rows: Ints
    subject: Ints
    """[N] patient codes 0..size-1."""
    outcome: Reals
    """[N] class index or value; with a horizon 0 or 1 at it; NaN where it was not observed, and
    everywhere for a multi-label outcome, whose labels are looked at one by one."""
    duration: Reals | None = None
    event: Bools | None = None
    horizon: float | None = None
    seed: int = 0
    of_labels: Reals | None = None
    """[N, K] multilabel: 1 present, 0 absent, NaN unobserved."""

    def label(self, index: int) -> Training:
        """One label of a multi-label outcome, as a binary one."""
        if self.of_labels is None:
            raise TypeError(f"a {self.task} outcome has no labels")
        return replace(
            self, task="binary", classes=("no", "yes"), outcome=self.of_labels[:, index],
            of_labels=None,
        )  # fmt: skip

    @cached_property
    def size(self) -> int:
        """Patients here."""
        return int(self.subject.max()) + 1 if len(self.subject) else 0

    @property
    def labelled(self) -> bool:
        """Whether a sample has one label; a segmentation's labels are its masks."""
        return self.task != "segmentation"

    def said(self, kind: int) -> str:
        """A class in a sentence: `without the outcome`, `'mild'`; numbers alone say nothing."""
        name = self.classes[kind]
        if self.task == "multiclass":
            return f"'{name}'"
        words = f"with{'' if kind else 'out'} the outcome"
        return words if name in PLAIN else f"{words} ('{name}')"

    @cached_property
    def observed(self) -> Bools:
        """[N] rows whose label is known."""
        return np.isfinite(self.outcome)

    @cached_property
    def fold(self) -> Ints:
        """[N] one of five folds; a patient's rows share one."""
        generator = np.random.Generator(np.random.Philox(self.seed))
        return (generator.permutation(self.size) % 5).astype(np.int64)[self.subject]

    @cached_property
    def labels(self) -> tuple[Bools, ...]:
        """One [N] label a class against the rest; for two classes the positive one only."""
        if self.task == "multiclass":
            return tuple(self.outcome == k for k in range(len(self.classes)))
        return (self.outcome == 1,)

    @property
    def sampled(self) -> str:
        """`; measured on 100,000 of 600,000 patients` where only a sample was looked at."""
        return f"; measured on {self.size:,} of {self.of:,} patients" if self.size < self.of else ""

    def measured(self, kind: str, estimate: Estimate, slice_: str = "all") -> Evidence:
        """Evidence `audit.<kind>` on these patients."""
        return Evidence(
            measure=f"audit.{kind}", value=finite(estimate.value), low=finite(estimate.low),
            high=finite(estimate.high), subjects=estimate.subjects, slice=slice_,
            stage="audit", data=self.data,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field of N rows: `numeric` with NaN where missing, or `codes` with 0 where missing."""

    field: Field
    numeric: Floats | None = None
    codes: Ints | None = None
    part: str = ""
    """What it describes of a sample, where it is no field of its own (`border` of an image): then
    no run can go on without it, and only probes look at it."""

    @property
    def name(self) -> str:
        """The field's name."""
        return self.field.name

    @property
    def missing(self) -> Bools:
        """[N]"""
        if self.codes is not None:
            return np.asarray(self.codes == 0)
        return np.isnan(self.values)

    @property
    def values(self) -> Floats:
        """[N] numbers, or codes as numbers with NaN where missing."""
        if self.numeric is not None:
            return self.numeric
        codes = np.zeros(0, np.int64) if self.codes is None else self.codes
        return np.where(codes == 0, np.nan, codes).astype(np.float32)

    def value_name(self, value: float) -> str:
        """A category's name, or a number as text."""
        if self.codes is not None:
            return f"'{self.field.categories[int(value) - 1]}'"
        return f"{value:g}"


def training(dataset: Dataset, *, most_subjects: int, seed: int) -> Training:
    """The training patients, at most `most_subjects` of them drawn by `seed`."""
    rows = dataset.rows("train")
    subject = patient_codes(dataset.samples["subject"][rows])
    total = int(subject.max()) + 1 if len(subject) else 0
    if total > most_subjects:
        generator = np.random.Generator(np.random.Philox(seed))
        kept = np.zeros(total, bool)
        kept[generator.choice(total, most_subjects, replace=False)] = True
        rows, subject = rows[kept[subject]], subject[kept[subject]]
        subject = np.unique(subject, return_inverse=True)[1].astype(np.int64)
    target = dataset.schema.target
    several = target.type == "multilabel"
    duration, event = _timed(dataset, rows)
    outcome = dataset.samples["target"][rows].cast(pl.Float64).to_numpy().astype(np.float64)
    return Training(
        task=target.type, classes=target.classes, data=dataset.label("train"), of=total,
        rows=rows, subject=subject, outcome=outcome, duration=duration, event=event,
        horizon=target.horizon, seed=seed,
        of_labels=label_values(dataset.samples[rows], target) if several else None,
    )  # fmt: skip


def patient_codes(names: pl.Series) -> Ints:
    """Patients as integers 0..n-1, in the order of their names."""
    codes: Ints = names.rank("dense").cast(pl.Int64).to_numpy() - 1
    return codes


def evenly(rows: int, most: int) -> slice:
    """At most about `most` of the rows, from the first to the last: files come sorted."""
    return slice(None, None, max(1, -(-rows // most)))


def _timed(dataset: Dataset, rows: Ints) -> tuple[Reals | None, Bools | None]:
    samples = dataset.samples
    if not {"duration", "event"} <= set(samples.columns) or not len(rows):
        return None, None
    duration = samples["duration"][rows].cast(pl.Float64).to_numpy().astype(np.float64)
    if not np.isfinite(duration).any():
        return None, None
    return duration, (samples["event"][rows].fill_null(0) == 1).to_numpy()
