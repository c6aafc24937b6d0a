"""Parquet files, and data frames handed over from Python."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet

from bedside.adapters.png_tag import tagged_png
from bedside.core.errors import DataError
from bedside.core.inputs import TAG
from bedside.core.study import Study


def read_parquet(path: Path) -> pl.DataFrame:
    """All rows of a Parquet file; DataError when it is cut or is something else."""
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError):
        raise DataError(
            path.name,
            expected="a whole Parquet file",
            found="one that is cut, damaged or of another kind",
            hint="copy or write it again",
        ) from None


_OF_TAG = re.compile(r"^[a-z_]+:synthesize-[0-9a-f]{6,}$")
"""The generator and the run, as each row names them."""


def write_tagged(frame: pl.DataFrame, path: Path, sheet: Mapping[str, object]) -> None:
    """A made-up table with its tag in a column of each row and in each PNG, and its data sheet in
    the file's notes; the file appears under its name only when it is whole."""
    tag = str(sheet["tag"])
    pictures = [
        pl.Series(
            name, [one and tagged_png(one, tag) for one in frame[name].to_list()], dtype=pl.Binary
        )
        for name, kind in frame.schema.items() if kind == pl.Binary
    ]  # fmt: skip
    table = frame.with_columns(*pictures, pl.lit(tag).alias(TAG)).to_arrow()
    notes = {TAG: json.dumps(sheet), **(table.schema.metadata or {})}
    part = path.with_name(f".{path.name}.part")
    pyarrow.parquet.write_table(table.replace_schema_metadata(notes), part, compression="zstd")
    part.replace(path)


def is_tagged(path: Path) -> bool:
    """Whether the notes of a Parquet file say that the table is made up."""
    try:
        notes = pyarrow.parquet.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError):
        return False
    return TAG.encode() in notes


def made_up_rows(frame: pl.DataFrame, paths: Sequence[Path]) -> int:
    """Rows that `bedside synthesize` made up, by the tag of each or of the file that they are
    from. A column that other software renamed is known by its name's letters, or by its tags."""
    tagged = max((_tagged(frame[name]) for name in frame.columns), default=0)
    return frame.height if not tagged and any(is_tagged(path) for path in paths) else tagged


def _tagged(column: pl.Series) -> int:
    """Rows whose tag this column is; 0 where it is another."""
    if _letters(column.name) == _letters(TAG):
        return column.len() - column.null_count()
    if column.dtype != pl.String:
        return 0
    first = column.drop_nulls().head(1).to_list()
    if not first or not _OF_TAG.search(first[0]):
        return 0
    return int(column.str.contains(_OF_TAG.pattern).sum())


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalpha())


def write_frame(frame: object, path: Path) -> Path:
    """A polars or pandas data frame as a Parquet file that a study can name as its source."""
    table = frame if isinstance(frame, pl.DataFrame) else _from_pandas(frame)
    table.write_parquet(path)
    return path


def on_frame(frame: object, study: Study, folder: Path) -> Study:
    """The same study on a data frame instead of its source; the frame is written to `folder`."""
    path = write_frame(frame, folder / "frame.parquet").resolve()
    data = replace(study.data, source=str(path), format="parquet", instead=(), beside="", names=())
    return replace(study, data=data)


def _from_pandas(frame: object) -> pl.DataFrame:
    columns = getattr(frame, "columns", None)
    if columns is None or not hasattr(frame, "iloc"):
        raise DataError(
            "data frame",
            expected="a polars or pandas data frame",
            found=f"a {type(frame).__name__}",
        )
    names = [str(name) for name in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            "data frame",
            expected="each column name once",
            found=", ".join(f"'{name}'" for name in twice) + " twice or more",
        )
    # A column at a time: an object column of mixed kinds then fails by its name.
    return pl.DataFrame({name: _series(frame, name, at) for at, name in enumerate(names)})


def _series(frame: object, name: str, at: int) -> pl.Series:
    try:
        return pl.Series(name, frame.iloc[:, at], nan_to_null=True)  # type: ignore[attr-defined]  # pandas is optional and untyped here
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        raise DataError(
            f"data frame, column '{name}'",
            expected="values of one kind",
            found="a mixture",
            hint="convert the column to numbers or to text first",
        ) from None
