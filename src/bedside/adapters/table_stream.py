"""Tables of any size, batch after batch, by pyarrow: CSV (gzipped too) and Parquet, in and out."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import cast

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from bedside.adapters.csv import check_names, first_lines
from bedside.core.errors import DataError, RunError
from bedside.core.spec import nearest_column

PARQUET = (".parquet", ".pq")
_SEPARATORS = (",", ";", "\t", "|")
_BLOCK = 2 << 20  # bytes of CSV that are parsed at once; pyarrow reads 32 of them ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, and the columns of it that are wanted."""

    path: Path
    columns: tuple[str, ...]
    rows: int
    """How many in a batch; a CSV's batches may be smaller."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Frames of the wanted columns, in the file's order; those of a CSV are text.

        Raises DataError where a column is absent or twice there, or the file is cut or damaged.
        The message holds no cell of the file.
        """
        return self._parquet() if self.path.suffix.lower() in PARQUET else self._csv()

    def size(self) -> int:
        """Rows: exact for Parquet, for CSV an estimate from its first lines (0 where gzipped)."""
        if self.path.suffix.lower() in PARQUET:
            return int(self._open_parquet().metadata.num_rows)
        if self.path.suffix.lower() == ".gz":
            return 0
        lines = first_lines(self.path, "utf8", 500)
        per_line = sum(len(line.encode()) for line in lines) / max(len(lines), 1)
        return round(self.path.stat().st_size / max(per_line, 1)) - 1

    def _parquet(self) -> Iterator[pl.DataFrame]:
        file = self._open_parquet()
        _check_columns(self.columns, file.schema_arrow.names, self.path.name)
        try:
            # One group at a time: over several, pyarrow keeps the buffers of those it is done with.
            for group in range(file.num_row_groups):
                yield from self._group(file, group)
        except (pa.ArrowException, OSError):
            raise _damaged(self.path, "Parquet file") from None

    def _group(self, file: pyarrow.parquet.ParquetFile, group: int) -> Iterator[pl.DataFrame]:
        for batch in file.iter_batches(self.rows, row_groups=[group], columns=list(self.columns)):
            yield cast("pl.DataFrame", pl.from_arrow(batch))

    def _open_parquet(self) -> pyarrow.parquet.ParquetFile:
        try:
            return pyarrow.parquet.ParquetFile(self.path)
        except (pa.ArrowException, OSError):
            raise _damaged(self.path, "Parquet file") from None

    def _csv(self) -> Iterator[pl.DataFrame]:
        separator = self._separator()
        convert = pyarrow.csv.ConvertOptions(
            include_columns=list(self.columns),
            column_types=dict.fromkeys(self.columns, pa.string()),
            strings_can_be_null=True,
            null_values=[""],
        )
        parse = pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True)
        try:
            with pyarrow.csv.open_csv(
                self.path,
                pyarrow.csv.ReadOptions(block_size=_BLOCK),
                parse,
                convert,
            ) as reader:
                for batch in reader:
                    yield from _sliced(batch, self.rows)
        except (pa.ArrowException, OSError):
            raise _damaged(self.path, "CSV file in UTF-8, as many cells in each row") from None

    def _separator(self) -> str:
        """The separator under which the header names most of the wanted columns."""
        lines = first_lines(self.path, "utf-8-sig", 1)
        if not lines:
            raise DataError(self.path.name, expected="a table", found="an empty file")
        headers = {sep: next(csv.reader(lines, delimiter=sep), []) for sep in _SEPARATORS}
        best = max(_SEPARATORS, key=lambda sep: len(set(headers[sep]) & set(self.columns)))
        _check_columns(self.columns, headers[best], self.path.name)
        return best


class Writer:
    """Writes frames to a CSV or Parquet file that appears under its name only when it is whole."""

    def __init__(self, path: Path, notes: dict[str, str]) -> None:
        self.path, self._notes = path, notes
        self._part = path.with_name(f".{path.name}.part")
        self._parquet: pyarrow.parquet.ParquetWriter | None = None
        self._first = True
        if path.suffix.lower() not in (*PARQUET, ".csv"):
            raise DataError(
                path.name, expected="a name that ends in .csv or .parquet", found="another"
            )

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows; RunError where the disk is full or the folder cannot be written."""
        try:
            if self.path.suffix.lower() == ".csv":
                with self._part.open("wb" if self._first else "ab") as file:
                    frame.write_csv(file, include_header=self._first)
            else:
                self._append(frame)
            self._first = False
        except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
            raise _cannot_write(self.path) from error

    def _append(self, frame: pl.DataFrame) -> None:
        table = _texts_by_number(frame.to_arrow())
        if self._parquet is None:
            texts = [field.name for field in table.schema if not _is_number(field.type)]
            self._parquet = pyarrow.parquet.ParquetWriter(
                self._part,
                table.schema,
                compression="zstd",
                use_dictionary=texts,  # numbers seldom recur: a dictionary of them is work for none
                store_schema=False,  # readers find text, however it was held here
            )
            self._parquet.add_key_value_metadata(self._notes)
        self._parquet.write_table(table)

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._parquet is not None:
                self._parquet.close()
            if kind is None:
                self._part.replace(self.path)
        except (pa.ArrowException, OSError) as failure:
            raise _cannot_write(self.path) from failure
        finally:
            self._part.unlink(missing_ok=True)


def _sliced(batch: pa.RecordBatch, rows: int) -> Iterator[pl.DataFrame]:
    for start in range(0, batch.num_rows, rows):
        yield cast("pl.DataFrame", pl.from_arrow(batch.slice(start, rows)))


def _texts_by_number(table: pa.Table) -> pa.Table:
    """The same table; one type for all texts held by number, however many a batch has of them."""
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            held = table.column(at).combine_chunks()
            held = pa.DictionaryArray.from_arrays(
                held.indices.cast(pa.int32()), held.dictionary.cast(pa.string())
            )
            table = table.set_column(at, field.name, held)
    return table


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    )


def _check_columns(wanted: Sequence[str], found: Sequence[str], where: str) -> None:
    check_names([name for name in found if name in wanted], where)
    for name in wanted:
        if name not in found:
            raise DataError(
                where,
                expected=f"a column '{name}'",
                found="none of that name",
                hint=nearest_column(name, found),
            )


def _damaged(path: Path, kind: str) -> DataError:
    return DataError(
        path.name, expected=f"a whole {kind}", found="one that is cut, damaged or ragged",
        hint="copy or write it again",
    )  # fmt: skip


def _cannot_write(path: Path) -> RunError:
    return RunError(
        path.name, expected="to be written", found="a full disk, or a folder that is closed",
        hint="free some space or name another file; nothing was left behind",
    )  # fmt: skip
