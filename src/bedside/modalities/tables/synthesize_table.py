"""Made-up cases in the columns, units and words of the study's source, outcome included.

Columns that are no input (who, where, when) are not made up. An outcome whose value is not the one
that the study names is written `not` that: the source's other words are not kept.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.study import Study
from bedside.methods.cases import Cases


def table_of(cases: Cases, schema: Schema, study: Study) -> pl.DataFrame:
    """One row a case; nothing where a value is missing."""
    numbers = np.asarray(cases.arrays["numeric"], np.float32)
    codes = np.asarray(cases.arrays["codes"], np.int64)
    fields = {field.name: _numbers(numbers[:, at]) for at, field in enumerate(schema.numeric)}
    for at, field in enumerate(schema.category):
        fields[field.name] = _words(codes[:, at], field.categories)
    ordered = {field.name: fields[field.name] for field in schema.fields}
    return pl.DataFrame(ordered | _outcome(cases, schema, study))


def _outcome(cases: Cases, schema: Schema, study: Study) -> dict[str, pl.Series]:
    task = study.task
    if task.event:
        occurred = str(task.occurred) if task.occurred != "" else "1"
        other = f"not {occurred}" if task.occurred != "" else "0"
        event = np.nan_to_num(cases.event + 1, nan=0).astype(np.int64)
        return {task.time: _numbers(cases.duration), task.event: _words(event, (other, occurred))}
    if schema.target.classes:
        index = np.nan_to_num(cases.target + 1, nan=0).astype(np.int64)
        return {task.target: _words(index, schema.target.classes)}
    return {task.target: _numbers(cases.target)}


def _numbers(values: NDArray[np.floating]) -> pl.Series:
    """Numbers as they would be written: 0.1 in single precision is 0.1, whole ones are whole."""
    written = values.astype(np.float32).astype(str).astype(np.float64)
    series = pl.Series(written).fill_nan(None)
    whole = bool((series.drop_nulls() % 1 == 0).all())
    return series.cast(pl.Int64) if whole and len(series.drop_nulls()) else series


def _words(codes: NDArray[np.int64], names: tuple[str, ...]) -> pl.Series:
    words = np.array([None, *names], dtype=object)
    return pl.Series(words[codes].tolist(), dtype=pl.String)
