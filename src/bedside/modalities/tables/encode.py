"""Rows into arrays by the frozen schema: the one function that prepare, serve and score share.

Null, NaN and the field's codes for missing are one and the same: NaN in `numeric`, 0 in `codes`.
Everything that the schema does not admit is found, in all rows at once: `encode` raises on the
first, `examine` says which rows have which problem so that a batch can abstain from those alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from bedside.core.dataset import Field, Schema
from bedside.core.errors import DataError
from bedside.core.spec import nearest_column
from bedside.methods.labels import words_of

Arrays = dict[str, npt.NDArray[np.generic]]
BOOLEAN = ("false", "true")
"""The vocabulary of a yes-or-no field; yes, no, y, n, t, f, 1 and 0 are read as these."""
_YES_OR_NO = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), "true"),
    **dict.fromkeys(("false", "f", "no", "n", "0"), "false"),
}
_BLOCK = 4096
Number = TypeVar("Number", np.float32, np.int64)
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Arrays of all rows, and what is wrong with some of them."""

    arrays: Arrays
    """`numeric` float32 [S, P] and `codes` int64 [S, C]; a value with a problem is missing here."""
    problem: npt.NDArray[np.int64]
    """[S] 0 where the row is in order, else k: `sentences[k - 1]` says what is wrong."""
    sentences: tuple[str, ...]
    """One sentence per kind of problem; names the field, never the value."""


@dataclass(frozen=True, slots=True)
class _Problem:
    field: str
    rows: pl.Series
    expected: str
    found: str


def encode(frame: pl.DataFrame, schema: Schema) -> Arrays:
    """`numeric` float32 [S, P] and `codes` int64 [S, C] of the rows, in schema order.

    Raises DataError that names the field and the first row for a column that is absent, a value of
    the wrong type, an infinite one, one outside the range or a category outside the vocabulary.
    """
    return encode_fields(frame, schema.fields)


def encode_fields(
    frame: pl.DataFrame, fields: Sequence[Field], lenient: Collection[str] = ()
) -> Arrays:
    """As `encode`; the fields in `lenient` read categories outside the vocabulary as missing."""
    arrays, problems = _encoded(frame, fields, lenient)
    for problem in problems:
        rows = problem.rows.arg_true()
        raise DataError(
            f"field '{problem.field}'",
            expected=problem.expected,
            found=f"{problem.found} in {len(rows):,} of {frame.height:,} rows, "
            f"the first in row {rows[0]}",
            hint=_HINTS.get(problem.found, ""),
        )
    return arrays


def examine(frame: pl.DataFrame, schema: Schema) -> Examined:
    """As `encode`, but a row with a problem is reported and does not stop the others.

    An absent column is still a DataError: then no row is in order.
    """
    arrays, problems = _encoded(frame, schema.fields, ())
    code = np.zeros(frame.height, np.int64)
    for number, problem in enumerate(problems, start=1):
        code[problem.rows.to_numpy() & (code == 0)] = number
    sentences = tuple(
        f"field '{p.field}': expected {p.expected}, found {p.found}" for p in problems
    )
    return Examined(arrays=arrays, problem=code, sentences=sentences)


def blanked(column: pl.Series, codes: Sequence[str | float]) -> pl.Series:
    """The column with every code for missing, and NaN, as null."""
    if column.dtype.is_float():
        column = column.fill_nan(None)
    for code in codes:
        if column.dtype.is_numeric() and not isinstance(code, str):
            column = column.set(column == code, None)
        elif isinstance(column.dtype, (pl.String, pl.Enum, pl.Categorical)):
            word = words_of(pl.Series([code]))[0] if not isinstance(code, str) else code
            column = column.set(column.cast(pl.String).str.strip_chars() == word, None)
    return column


def _encoded(
    frame: pl.DataFrame, fields: Sequence[Field], lenient: Collection[str]
) -> tuple[Arrays, list[_Problem]]:
    problems: list[_Problem] = []
    numeric = [field for field in fields if field.kind == "numeric"]
    category = [field for field in fields if field.kind == "category"]
    # Column after column in memory (Fortran order) while filling, row after row at the end.
    numeric_PS = np.empty((len(numeric), frame.height), np.float32)
    codes_CS = np.empty((len(category), frame.height), np.int64)
    for at, field in enumerate(numeric):
        numeric_PS[at] = _numbers(_column(frame, field), field, problems)
    for at, field in enumerate(category):
        codes_CS[at] = _codes(_column(frame, field), field, problems, lenient=field.name in lenient)
    return {
        "numeric": _rows_first(numeric_PS),
        "codes": _rows_first(codes_CS),
    }, problems


def _rows_first(values_PS: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """[S, P] from [P, S], in blocks that fit the cache: several times faster than one copy."""
    rows_SP = np.empty(values_PS.shape[::-1], values_PS.dtype)
    for start in range(0, len(rows_SP), _BLOCK):
        rows_SP[start : start + _BLOCK] = values_PS[:, start : start + _BLOCK].T
    return rows_SP


def _column(frame: pl.DataFrame, field: Field) -> pl.Series:
    if field.name not in frame.columns:
        raise DataError(
            f"field '{field.name}'",
            expected="it among the columns",
            found="no column of that name",
            hint=nearest_column(field.name, frame.columns),
        )
    return blanked(frame[field.name], field.missing)


def _numbers(column: pl.Series, field: Field, problems: list[_Problem]) -> npt.NDArray[np.float32]:
    if isinstance(column.dtype, (pl.Enum, pl.Categorical)):
        column = column.cast(pl.String)
    if column.dtype == pl.String:
        column = column.str.strip_chars()
        column = column.set(column == "", None)
    if column.dtype.is_nested() or column.dtype.is_temporal() or column.dtype == pl.Binary:
        number = pl.repeat(None, len(column), dtype=pl.Float64, eager=True)
    else:
        number = column.cast(pl.Float64, strict=False)
    checks = [
        (number.is_null() & column.is_not_null(), "numbers", "something else"),
        (number.abs() > LARGEST, "finite numbers", "infinity or a number beyond float32"),
    ]
    stated = _range(field)
    if field.low is not None:
        checks.append((number < field.low, stated, "a value below"))
    if field.high is not None:
        checks.append((number > field.high, stated, "a value above"))
    for rows, expected, found in checks:
        wrong = rows.fill_null(value=False)
        if bool(wrong.any()):
            problems.append(_Problem(field.name, wrong, expected, found))
            number = number.set(wrong, None)
    return number.cast(pl.Float32).fill_null(float("nan")).to_numpy()


def _range(field: Field) -> str:
    unit = f" {field.unit}" if field.unit else ""
    if field.low is None and field.high is None:
        return "numbers"
    if field.low is None or field.high is None:
        bound = f"at least {field.low:g}" if field.low is not None else f"at most {field.high:g}"
        return f"values of {bound}{unit}"
    return f"values from {field.low:g} to {field.high:g}{unit}"


def _codes(
    column: pl.Series, field: Field, problems: list[_Problem], *, lenient: bool
) -> npt.NDArray[np.int64]:
    if column.dtype.is_nested() or column.dtype == pl.Binary:
        problems.append(_Problem(field.name, column.is_not_null(), "a category", "something else"))
        return np.zeros(len(column), np.int64)
    words = words_of(column)
    if field.categories == BOOLEAN:
        words = words.str.to_lowercase().replace(_YES_OR_NO)
    index = {name: at for at, name in enumerate(field.categories, start=1)}
    codes = words.replace_strict(index, default=0, return_dtype=pl.Int64).fill_null(0)
    wrong = (codes == 0) & words.is_not_null()
    if not lenient and bool(wrong.any()):
        expected = f"one of its {len(field.categories)} categories, or nothing"
        problems.append(_Problem(field.name, wrong, expected, "an unknown category"))
    return codes.to_numpy()


_HINTS = {
    "something else": "name a code for missing values by missing in [columns.NAME] or [data]",
    "infinity or a number beyond float32": "was something divided by zero? declare it as missing",
    "a value below": "is it in another unit? else correct the range, or declare a code as missing",
    "a value above": "is it in another unit? else correct the range, or declare a code as missing",
    "an unknown category": "the schema is frozen; a new category needs a new model",
}
