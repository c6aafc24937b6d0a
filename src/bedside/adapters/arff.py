"""ARFF, dense: Weka's text format, whose header declares names, types and categories.

    @relation flchain
    @attribute age numeric
    @attribute sex {F,M}
    @data
    97,F

A missing value is `?`. Sparse rows, relational attributes and weights are refused.
Source: https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl

from bedside.core.errors import DataError

_NAME = r"""@attribute\s+(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\S+))\s+(.+)"""
_ATTRIBUTE = re.compile(_NAME, re.IGNORECASE)
_NUMBERS = ("numeric", "real", "integer")


def read_arff(path: Path, encoding: str = "utf8") -> pl.DataFrame:
    """The rows of an ARFF file: Float64, Enum (nominal, in declared order) or String columns."""
    try:
        text = path.read_text(encoding=encoding)
    except (UnicodeDecodeError, LookupError):
        raise DataError(
            path.name,
            expected=f"text in {encoding}",
            found="bytes that are not",
            hint='set encoding in [data], for example encoding = "latin1"',
        ) from None
    head, body = _halves(text, path.name)
    kinds = _attributes(head, path.name)
    raw = _rows(body, list(kinds), path.name)
    return pl.DataFrame([_column(raw[name], kind, path.name) for name, kind in kinds.items()])


def _halves(text: str, where: str) -> tuple[str, str]:
    found = re.search(r"^\s*@data[^\n]*\n?", text, re.IGNORECASE | re.MULTILINE)
    if not text.strip() or found is None:
        raise DataError(
            where,
            expected="an ARFF file with a line @data",
            found="an empty file" if not text.strip() else "no such line",
            hint="was it copied whole?",
        )
    return text[: found.start()], text[found.end() :]


def _attributes(head: str, where: str) -> dict[str, pl.DataType]:
    kinds: dict[str, pl.DataType] = {}
    for line in head.splitlines():
        found = _ATTRIBUTE.match(line.strip())
        if found is None:
            continue
        name = next(part for part in found.groups()[:3] if part is not None)
        if name in kinds:
            raise DataError(where, expected="each column name once", found=f"'{name}' twice")
        kinds[name] = _kind(found[4].strip(), name, where)
    if not kinds:
        raise DataError(where, expected="lines @attribute", found="none")
    return kinds


def _kind(words: str, name: str, where: str) -> pl.DataType:
    if words.startswith("{"):
        inside = words[1:].rsplit("}", 1)[0]
        return pl.Enum(_cells([inside])[0])
    if words.lower() in _NUMBERS:
        return pl.Float64()
    if words.lower().split()[0] in ("string", "date"):
        return pl.String()
    raise DataError(
        f"{where}, attribute '{name}'",
        expected="numeric, real, integer, string, date or {a,b,...}",
        found="another type",
    )


def _cells(lines: list[str]) -> list[list[str]]:
    quote = "'" if any("'" in line for line in lines[:1000]) else '"'
    reader = csv.reader(lines, quotechar=quote, skipinitialspace=True, escapechar="\\")
    return [[cell.strip() for cell in row] for row in reader]


def _rows(body: str, names: list[str], where: str) -> pl.DataFrame:
    lines = [line for line in body.splitlines() if line.strip() and not line.startswith("%")]
    if any(line.startswith("{") for line in lines[:1]):
        raise DataError(where, expected="dense rows", found="sparse ones", hint="save it as CSV")
    if not lines:
        raise DataError(where, expected="rows after @data", found="none")
    cells = _cells(lines)
    for row, cell in enumerate(cells):
        if len(cell) != len(names):
            raise DataError(
                f"{where}, row {row}",
                expected=f"{len(names)} values",
                found=f"{len(cell)}",
                hint="was the file copied whole?",
            )
    columns = zip(*cells, strict=True)
    return pl.DataFrame(
        {
            name: pl.Series(values, dtype=pl.String).replace("?", None)
            for name, values in zip(names, columns, strict=True)
        }
    )


def _column(raw: pl.Series, kind: pl.DataType, where: str) -> pl.Series:
    cast = raw.cast(kind, strict=False)
    wrong = int((cast.is_null() & raw.is_not_null()).sum())
    if wrong:
        raise DataError(
            f"{where}, attribute '{raw.name}'",
            expected="numbers" if kind == pl.Float64 else "declared categories",
            found=f"{wrong} values that are not",
        )
    return cast
