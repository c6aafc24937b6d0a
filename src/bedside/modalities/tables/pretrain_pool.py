"""An unlabelled pool of a table: read as the study's source is, encoded by its frozen fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bedside.core.dataset import Schema
from bedside.core.errors import DataError
from bedside.core.study import Column, Study
from bedside.methods.columns import BOOLEAN, Made, make
from bedside.methods.entrant import Arrays
from bedside.methods.labels import words_of
from bedside.methods.moments import moments
from bedside.methods.pretraining.begin import some
from bedside.methods.pretraining.pool import POOL
from bedside.modalities.tables.encode import encode_fields
from bedside.modalities.tables.prepare import read

MOST_UNKNOWN = 0.5
"""Share of a field's words outside its vocabulary above which it is not the same field."""


def read_pool(path: Path, study: Study, schema: Schema) -> pl.DataFrame:
    """The rows of a file; the outcome need not be among its columns.

    Raises DataError where a field that the study keeps is not.
    """
    if not path.is_file():
        raise DataError(POOL, expected="a file of patients", found="a folder")
    frame = read([path], replace(study, data=replace(study.data, beside="")))
    wanted = [field.name for field in schema.fields]
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise DataError(
            POOL, expected=f"the {len(wanted)} fields that the study keeps",
            found=f"{len(missing)} of them missing: {some(missing)}",
            hint="add these columns, or leave the fields out of the study",
        )  # fmt: skip
    if not frame.height:
        raise DataError(POOL, expected="patients", found="none")
    return frame


def pool_arrays(
    frame: pl.DataFrame, study: Study, schema: Schema
) -> tuple[Arrays, Mapping[str, int]]:
    """`numeric` and `codes` of all rows, and how many values are outside their vocabulary.

    Raises DataError for a field of another type, unit or vocabulary than the study's.
    """
    try:
        made = [make(frame, field.name, study, _moment(frame, study)) for field in schema.fields]
        found = pl.DataFrame([item.values for item in made])
        arrays = encode_fields(found, schema.fields, _lenient(schema, study))
    except DataError as error:
        raise DataError(
            f"{POOL}, {error.where}", expected=error.expected, found=error.found, hint=error.hint
        ) from error
    codes = arrays["codes"].astype(np.int64)
    if not (codes > 0).any() and np.isnan(arrays["numeric"].astype(np.float32)).all():
        raise DataError(POOL, expected="values in at least one field", found="none in any row",
                        hint="check separator and the codes for missing")  # fmt: skip
    return arrays, {"outside_vocabulary": _outside(made, schema, codes)}


def known_by(arrays: Arrays) -> NDArray[np.uint64]:
    """Nothing: rows of different patients may be equal where fields are few and coarse."""
    return np.zeros(len(arrays["numeric"]), np.uint64)


def _moment(frame: pl.DataFrame, study: Study) -> pl.Series | None:
    """The prediction time, from which dates are counted and what is known is told."""
    name = study.data.time
    if not name:
        return None
    if name not in frame.columns:
        raise DataError(
            f"column '{name}'", expected="the prediction time, as [data] time names it",
            found="none of that name", hint="add it to the pool",
        )  # fmt: skip
    return moments(frame[name], f"column '{name}'")


def _lenient(schema: Schema, study: Study) -> list[str]:
    """Fields whose vocabulary was found and not stated: other words are read as missing."""
    return [
        field.name for field in schema.category
        if field.categories != BOOLEAN
        and not study.columns.get(field.name, Column()).categories
    ]  # fmt: skip


def _outside(made: Sequence[Made], schema: Schema, codes_NC: NDArray[np.int64]) -> int:
    """Values that are no category of their field; DataError where most of a field's are none."""
    by_name, total = {item.name: item for item in made}, 0
    for at, field in enumerate(schema.category):
        said = words_of(by_name[field.name].values).is_not_null().to_numpy()
        strange = int((said & (codes_NC[:, at] == 0)).sum())
        if strange > MOST_UNKNOWN * max(int(said.sum()), 1):
            raise DataError(
                f"{POOL}, field '{field.name}'",
                expected=f"its {len(field.categories)} categories as in the source",
                found=f"other words in {strange:,} of {int(said.sum()):,} rows",
                hint="is it coded otherwise there? write it as in the source",
            )  # fmt: skip
        total += strange
    return total
