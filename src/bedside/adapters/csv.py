"""Delimited text, gzipped or not, into a polars frame; what cannot be read is a sentence."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from bedside.core.errors import DataError, StudyError
from bedside.core.study import Data

_TAIL = 1 << 16
INFERRED_ROWS = 10_000
"""Types are guessed from so many rows first, and from all of them only when that guess fails."""


def read_csv(path: Path, data: Data, text: Collection[str] = ()) -> pl.DataFrame:
    """The rows of `path` as `[data]` says they are written; columns in `text` stay text.

    Raises DataError for an empty file, a header without rows, two columns of one name, ragged
    rows, another encoding, a damaged archive. Messages hold no cell of the file.
    """
    first = _first_row(path, data)
    if data.header and data.names:
        raise StudyError(
            "[data] names",
            expected="names only for a file without a header",
            found="header = true",
            hint="set header = false, or leave names out",
        )
    names = first if data.header else list(data.names[: len(first)])
    if len(names) < len(first):
        raise StudyError(
            "[data] names",
            expected=f"a name for each of the {len(first)} columns of {path.name}",
            found=f"{len(names)} names",
        )
    check_names(names, path.name)
    _whole(path, data, len(names))
    return _parse(path, data, {name: pl.String for name in text if name in names}, names)


def check_names(names: Sequence[str], where: str) -> None:
    """DataError when two columns have one name."""
    twice = [name for name, times in Counter(names).items() if times > 1]
    if any(_is_number(name) for name in twice):
        raise DataError(
            where,
            expected="a first row of names",
            found="the same number there twice or more",
            hint="a file without a header? then set header = false and names in [data]",
        )
    if twice:
        raise DataError(
            where,
            expected="each column name once",
            found=f"{len(twice)} of them twice or more: " + ", ".join(f"'{n}'" for n in twice[:5]),
            hint="rename or remove one; bedside does not guess which one is meant",
        )


def _whole(path: Path, data: Data, width: int) -> None:
    """DataError when the last row has fewer cells than there are columns: the file was cut.

    polars would fill such a row with nulls. Rows in quotes are let pass, as they may span lines; a
    cut archive is found when it is unpacked.
    """
    wide = any(mark in data.encoding for mark in ("16", "32"))
    if _zipped(path) or wide:
        return
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _TAIL, 0))
        lines = file.read().decode(data.encoding, errors="replace").splitlines()
    last = lines[-1] if len(lines) > 1 else ""
    if last.strip() and '"' not in last and last.count(data.separator) + 1 < width:
        raise DataError(
            path.name,
            expected=f"{width} cells in the last row",
            found="fewer",
            hint="was it copied whole? a cell that is empty still needs its separator",
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parse(
    path: Path, data: Data, text: Mapping[str, type[pl.DataType]], names: list[str]
) -> pl.DataFrame:
    read = partial(
        pl.read_csv,
        path,
        separator=data.separator,
        has_header=data.header,
        new_columns=names,
        skip_lines=data.skip,
        encoding=data.encoding,
        null_values=[code for code in data.missing if isinstance(code, str)] or None,
        schema_overrides=text,
    )
    try:
        return read(infer_schema_length=INFERRED_ROWS)
    except pl.exceptions.ComputeError as error:
        if "parse" not in str(error):
            raise _unreadable(path, data, str(error)) from None
    except _REFUSALS as error:
        raise _unreadable(path, data, str(error)) from None
    try:
        return read(infer_schema_length=None)
    except _REFUSALS as error:
        # polars quotes cells of the file in its messages, so neither text nor cause is kept.
        raise _unreadable(path, data, str(error)) from None


_REFUSALS = (pl.exceptions.PolarsError, OSError, UnicodeError, LookupError)


def _first_row(path: Path, data: Data) -> list[str]:
    """The cells of the first line after those that are skipped."""
    line = first_lines(path, data.encoding, data.skip + 1)[data.skip :]
    if not line:
        raise DataError(
            path.name, expected="a table", found="an empty file", hint="was it copied whole?"
        )
    return next(csv.reader(line, delimiter=data.separator), [])


def first_lines(path: Path, encoding: str, count: int) -> list[str]:
    """The first lines of a text file, gzipped or not."""
    try:
        with _opened(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as lines:
            return [line for _, line in zip(range(count), lines, strict=False)]
    except LookupError:
        raise DataError(
            path.name, expected="a known encoding", found=f"'{encoding}'", hint='try "utf8"'
        ) from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _unreadable(path, Data(encoding=encoding), str(error)) from None


def decodes(path: Path, encoding: str) -> bool:
    """Whether all of a text file, gzipped or not, is in this encoding."""
    try:
        with _opened(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
            while text.read(1 << 20):
                pass  # reading to the end is the check
    except UnicodeDecodeError:
        return False
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, Data(encoding=encoding), str(error)) from None
    return True


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if _zipped(path) else path.open("rb")


def _zipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _unreadable(path: Path, data: Data, why: str) -> DataError:
    lower = why.lower()
    if "utf-8" in lower or "codec" in lower:
        return DataError(
            path.name,
            expected=f"text in {data.encoding}",
            found="bytes that are not",
            hint='set encoding in [data], for example encoding = "latin1" or "cp1252"',
        )
    if "more fields" in lower or "ragged" in lower:
        return DataError(
            path.name,
            expected="as many cells in each row as the header has names",
            found="a row with more",
            hint="check separator and quotes; separator and skip are keys of [data]",
        )
    if path.is_file() and _zipped(path):
        return DataError(
            path.name,
            expected="a whole gzip archive",
            found="a damaged one",
            hint="copy or download it again",
        )
    return DataError(
        path.name,
        expected="a table that can be read",
        found="a file that polars refuses",
        hint="check separator, skip, header and quotes in [data]",
    )
