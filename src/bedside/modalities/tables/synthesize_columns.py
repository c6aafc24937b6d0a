"""Cases of a table as one matrix and back: inputs and outcome are made up together.

An outcome with a time is made up as its time and whether it came; what the task asks (did it come
within the horizon?) follows from the two, as it does for real patients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Field, Schema, Target
from bedside.core.errors import DataError
from bedside.core.study import Study
from bedside.methods.cases import Cases
from bedside.methods.privacy.attacks import ATTACKS
from bedside.methods.synthesis.conditions import all_hold, conditions_of
from bedside.methods.synthesis.generator import Where
from bedside.methods.synthesis.mixed import Column, Mixed, Values
from bedside.methods.tabular_inputs import Inputs
from bedside.modalities.tables.synthesize_table import table_of

OUTCOMES = ("target", "duration", "event")
NO_OR_YES = ("0", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column of the matrix holds what: numeric fields, category fields, outcome."""

    schema: Schema
    timed: bool
    """Whether cases have a time to the event."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of the matrix."""
        fields = (*self.schema.numeric, *self.schema.category)
        return (*(_of_field(field) for field in fields), *self.outcome)

    @property
    def attacks(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(ATTACKS)

    @property
    def told(self) -> tuple[str, ...]:
        """Every column."""
        return tuple(column.name for column in self.columns)

    @property
    def outcome(self) -> tuple[Column, ...]:
        """The last columns of the matrix."""
        if self.timed:
            return Column(name="duration", low=0.0), _yes_or_no("event")
        return (_of_target(self.schema.target),)

    def mixed(self, cases: Cases) -> Mixed:
        """The cases as a matrix. Raises DataError where several are of one patient."""
        if len(np.unique(cases.subjects)) < len(cases):
            raise DataError(
                "synthesis", expected="one row a patient",
                found=f"{len(cases):,} rows of {len(np.unique(cases.subjects)):,} patients",
                hint="rows of one patient belong together, which no generator here models; keep "
                "one row of each patient, the first or the last",
            )  # fmt: skip
        return Mixed(columns=self.columns, values=self._values(cases))

    def _values(self, cases: Cases) -> Values:
        parts = [
            np.asarray(cases.arrays["numeric"], np.float64),
            np.asarray(cases.arrays["codes"], np.float64),
        ]
        if self.timed:
            parts += [cases.duration[:, None], _codes(cases.event)[:, None]]
        elif self.outcome[0].kind == "category":
            parts.append(_codes(cases.target)[:, None])
        else:
            parts.append(cases.target[:, None])
        return np.concatenate(parts, axis=1)

    def cases(self, values: Values) -> Cases:
        """Cases of a matrix [N, D], each a subject of its own below 0."""
        numbers, categories = len(self.schema.numeric), len(self.schema.category)
        inputs = values[:, : numbers + categories]
        target, duration, event = self._outcomes(values[:, numbers + categories :])
        return Cases(
            arrays={
                "numeric": inputs[:, :numbers].astype(np.float32),
                "codes": inputs[:, numbers:].astype(np.int64),
            },
            subjects=-1 - np.arange(len(values), dtype=np.int64),
            target=target, duration=duration, event=event,
        )  # fmt: skip

    def view(self, values: Values) -> Mixed:
        """The matrix with the outcome in all its forms, for conditions and rules."""
        if not self.timed:
            return Mixed(columns=self.columns, values=values)
        target = self._outcomes(values[:, -2:])[0]
        columns = (*self.columns, _of_target(self.schema.target))
        if columns[-1].kind == "category":
            target = _codes(target)
        return Mixed(columns=columns, values=np.concatenate([values, target[:, None]], axis=1))

    def _outcomes(self, last: Values) -> tuple[Values, Values, Values]:
        """Target, duration and event [N] of the matrix's last columns."""
        nothing = np.full(len(last), np.nan)
        if not self.timed:
            target = last[:, 0]
            if self.outcome[0].kind == "category":
                target = _from_codes(target)
            return target, nothing, nothing.copy()
        duration, event = last[:, 0], _from_codes(last[:, 1])
        lost = np.isnan(duration) | np.isnan(event)
        duration, event = np.where(lost, np.nan, duration), np.where(lost, np.nan, event)
        horizon = self.schema.target.horizon or 0.0
        with np.errstate(invalid="ignore"):
            target = np.where(duration >= horizon, 0.0, np.nan)
            target = np.where((event > 0) & (duration <= horizon), 1.0, target)
        return target, duration, event

    def matching(self, cases: Cases, where: Where) -> NDArray[np.bool_]:
        """As `Form` says. `where` names fields, or `target`, `event`, `duration`."""
        seen = self.view(self._values(cases))
        return all_hold(conditions_of(where, seen.columns), seen)

    def inputs(self, cases: Cases) -> Inputs:
        """As `Form` says."""
        return Inputs(
            numeric=np.asarray(cases.arrays["numeric"], np.float32),
            codes=np.asarray(cases.arrays["codes"], np.int64),
            cardinalities=tuple(len(field.categories) for field in self.schema.category),
        )

    def table(self, cases: Cases, study: Study) -> pl.DataFrame:
        """As `Form` says."""
        return table_of(cases, self.schema, study)

    def picture(self, real: Cases, made: Cases, *, seed: int) -> None:
        """None: columns are drawn by the page itself."""


def layout_of(schema: Schema, cases: Cases) -> Layout:
    """The layout of these cases."""
    return Layout(schema=schema, timed=bool(np.isfinite(cases.duration).any()))


def taken_names(layout: Layout) -> Layout:
    """The layout, checked: no field has the name of an outcome.

    Raises DataError where one has, as nobody could then say which of the two is meant.
    """
    for field in layout.schema.fields:
        if field.name in OUTCOMES:
            raise DataError(
                f"field '{field.name}'", expected="a name that is not one of the outcome",
                found="that one", hint="rename the column, or leave it out",
            )  # fmt: skip
    return layout


def _of_field(field: Field) -> Column:
    if field.kind == "category":
        return Column(name=field.name, kind="category", names=field.categories)
    return Column(name=field.name, low=field.low, high=field.high)


def _of_target(target: Target) -> Column:
    if target.type == "regression":
        return Column(name="target")
    if target.type == "multiclass":
        return Column(name="target", kind="category", names=target.classes)
    return replace(_yes_or_no("target"), names=target.classes or NO_OR_YES)


def _yes_or_no(name: str) -> Column:
    return Column(name=name, kind="category", names=NO_OR_YES)


def _codes(values: Values) -> Values:
    """0, 1, ... or NaN as codes 1, 2, ... or 0."""
    return np.nan_to_num(values + 1.0, nan=0.0)


def _from_codes(codes: Values) -> Values:
    return np.where(codes > 0, codes - 1.0, np.nan)
