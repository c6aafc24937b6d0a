"""A file of patients, batch after batch, into the arrays of a table by the one encoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bedside.adapters.table_stream import Source
from bedside.core.dataset import Schema
from bedside.core.errors import DataError
from bedside.modalities.tables.encode import Examined, examine


def batches(path: Path, schema: Schema, rows: int) -> Iterator[Examined]:
    """The rows of a CSV or Parquet file, at most `rows` at a time, examined.

    Columns that are no field are not read. Raises DataError for a column that is not there, or a
    file that is cut.
    """
    return (examine(frame, schema) for frame in _source(path, schema, rows).batches())


def size(path: Path, schema: Schema) -> int:
    """How many rows, for the progress bar: an estimate, 0 where it cannot be told."""
    return _source(path, schema, 1).size()


def passed_over(path: Path, schema: Schema) -> str:  # noqa: ARG001  # one form for all modalities
    """Nothing: each row of a table is answered."""
    return ""


def _source(path: Path, schema: Schema, rows: int) -> Source:
    if not path.is_file():
        raise DataError(path.name, expected="a file of patients", found="a folder")
    names = tuple(field.name for field in schema.fields)
    return Source(path=path, columns=names, rows=rows)
