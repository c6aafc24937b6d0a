"""A row of JSON into the arrays of a table, strictly; and back, for the proof of parity.

Every field of the schema is a key of the row, null where the value is missing; no other keys. A
number is a JSON number (true is not one), finite and within the stated range; a category is a text
of the vocabulary. What does not fit is refused by row and field, and never repeated in the refusal:
not the value, and not an unknown key either, which may hold one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import isnan
from typing import cast

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Field, Schema
from bedside.core.errors import DataError
from bedside.core.spec import Plain
from bedside.methods.columns import BOOLEAN
from bedside.methods.served import Compute

Arrays = Mapping[str, NDArray[np.generic]]
_LARGEST = float(np.finfo(np.float32).max)
_MOST_CASES = 40


def decode(rows: Sequence[object], schema: Schema) -> Arrays:
    """`numeric` float32 [N, P] and `codes` int64 [N, C] of N rows.

    Raises DataError with the index of the row and the name of the field.

    >>> from bedside.core.dataset import Target
    >>> schema = Schema(fields=(Field(name="age", unit="years"),),
    ...                 target=Target(type="binary", outcome="death"))
    >>> decode([{"age": 71}, {"age": None}], schema)["numeric"].tolist()
    [[71.0], [nan]]
    """
    names = frozenset(field.name for field in schema.fields)
    checked = [_checked(row, index, names) for index, row in enumerate(rows)]
    numeric = np.full((len(rows), len(schema.numeric)), np.nan, np.float32)
    codes = np.zeros((len(rows), len(schema.category)), np.int64)
    for column, field in enumerate(schema.numeric):
        numeric[:, column] = [_number(row[field.name], field, i) for i, row in enumerate(checked)]
    for column, field in enumerate(schema.category):
        known = {name: code for code, name in enumerate(field.categories, start=1)}
        codes[:, column] = [
            _code(row[field.name], field, known, i) for i, row in enumerate(checked)
        ]
    return {"numeric": numeric, "codes": codes}


def rows(arrays: Arrays, schema: Schema) -> list[dict[str, Plain]]:
    """The JSON rows that `decode` turns into these arrays, bit for bit.

    Raises DataError for what no request can say: infinity, or a code beyond the vocabulary.
    """
    _sayable(arrays, schema)
    columns: dict[str, list[Plain]] = {}
    numeric = cast("NDArray[np.float32]", arrays["numeric"]).astype(np.float64)
    codes = cast("NDArray[np.int64]", arrays["codes"])
    for column, field in enumerate(schema.numeric):
        values = numeric[:, column].tolist()
        columns[field.name] = [None if isnan(value) else value for value in values]
    for column, field in enumerate(schema.category):
        names: tuple[Plain, ...] = (None, *field.categories)
        columns[field.name] = [names[code] for code in codes[:, column].tolist()]
    order = [field.name for field in schema.fields]
    return [
        dict(zip(order, values, strict=True))
        for values in zip(*(columns[name] for name in order), strict=True)
    ]


def _sayable(arrays: Arrays, schema: Schema) -> None:
    beyond = np.isinf(np.asarray(arrays["numeric"], np.float32)).any(axis=1)
    for column, field in enumerate(schema.category):
        codes = cast("NDArray[np.int64]", arrays["codes"])[:, column]
        beyond |= (codes < 0) | (codes > len(field.categories))
    if beyond.any():
        first = int(np.flatnonzero(beyond)[0])
        raise _refused(first, "", "values that JSON can say", "infinity or an unknown code")


def missing_share(arrays: Arrays) -> NDArray[np.float64]:
    """[N] share of the inputs of each row that are missing."""
    numeric, codes = np.asarray(arrays["numeric"], np.float32), arrays["codes"]
    # Fields first: sums over long rows of memory are several times faster than over short ones.
    missing = np.isnan(numeric.T, order="C").sum(axis=0)
    missing = missing + np.equal(codes.T, 0, order="C").sum(axis=0)
    return np.asarray(missing / max(numeric.shape[1] + codes.shape[1], 1), np.float64)


def explain(arrays: Arrays, schema: Schema, compute: Compute) -> Plain:
    """How the prediction changes when each field is taken away: `{field: [change, ...]}`.

    One change for each number that the graph gives; null for a field that is missing already.
    It says what this prediction leans on, not what causes the outcome.
    """
    numeric, codes = (
        np.asarray(arrays["numeric"], np.float32),
        np.asarray(arrays["codes"], np.int64),
    )
    total = numeric.shape[1] + codes.shape[1]
    without: dict[str, NDArray[np.generic]] = {
        "numeric": np.repeat(numeric, total + 1, axis=0),
        "codes": np.repeat(codes, total + 1, axis=0),
    }
    for at in range(numeric.shape[1]):
        without["numeric"][at + 1, at] = np.nan
    for at in range(codes.shape[1]):
        without["codes"][numeric.shape[1] + at + 1, at] = 0
    values = compute(without)[0].astype(np.float64)
    known = [*~np.isnan(numeric[0]), *(codes[0] != 0)]
    names = [field.name for field in (*schema.numeric, *schema.category)]
    changes: dict[str, Plain] = {}
    for at, name in enumerate(names):
        change: list[Plain] = (values[0] - values[at + 1]).tolist()
        changes[name] = change if known[at] else None
    return {"without": changes}


def made_up(schema: Schema) -> dict[str, dict[str, Plain]]:
    """Rows of no patient, by name: what golden answers are recorded for."""
    middle = {field.name: _middle(field) for field in schema.fields}
    cases: dict[str, dict[str, Plain]] = {
        "everything missing": dict.fromkeys(middle),
        "middle of what was seen": middle,
    }
    for field in schema.fields:
        cases[f"{field.name} missing"] = middle | {field.name: None}
        for bound, words in ((field.low, "lowest"), (field.high, "highest")):
            if bound is not None:
                cases[f"{field.name} {words} possible"] = middle | {field.name: bound}
        for number in range(1, len(field.categories)):
            cases[f"{field.name} category {number + 1}"] = middle | {
                field.name: field.categories[number]
            }
    return dict(list(cases.items())[:_MOST_CASES])


def _middle(field: Field) -> Plain:
    if field.kind == "category":
        return field.categories[0] if field.categories else None
    if field.seen_low is None or field.seen_high is None:
        return None
    middle = float(f"{(field.seen_low + field.seen_high) / 2:.4g}")
    low = -np.inf if field.low is None else field.low
    high = np.inf if field.high is None else field.high
    return float(min(max(middle, low), high))


def _checked(row: object, index: int, names: frozenset[str]) -> dict[str, Plain]:
    if not isinstance(row, dict):
        raise _refused(index, "", "an object with one key a field", _kind(row))
    if row.keys() != names:
        for key in row:
            if key not in names:
                close = get_close_matches(str(key), names, n=1, cutoff=0.6)
                hint = f"did you mean '{close[0]}'?" if close else "GET /schema lists the fields"
                raise _refused(index, "", "fields of the schema only", "an unknown key", hint)
        absent = sorted(names - row.keys())[0]
        raise _refused(index, absent, "the field", "nothing", "give null where it is missing")
    return row


def _number(value: object, field: Field, index: int) -> float:
    if value is None:
        return np.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        unit = f" in {field.unit}" if field.unit else ""
        raise _refused(index, field.name, f"a number{unit} or null", _kind(value))
    if value in field.missing:
        return np.nan
    if not abs(value) <= _LARGEST:
        raise _refused(index, field.name, "a finite number", "one that is not or is too large")
    low = -np.inf if field.low is None else field.low
    high = np.inf if field.high is None else field.high
    if not low <= value <= high:
        bounds = f"{low:g} to {high:g} {field.unit}".rstrip()
        raise _refused(
            index, field.name, f"a number from {bounds}", "one outside", "is the unit right?"
        )
    return float(value)


def _code(value: object, field: Field, known: Mapping[str, int], index: int) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) and field.categories == BOOLEAN:
        return known["true" if value else "false"]
    if not isinstance(value, str):
        raise _refused(index, field.name, "a text or null", _kind(value), "write it in quotes")
    if value in field.missing:
        return 0
    code = known.get(value)
    if code is None:
        listed = ", ".join(f"'{name}'" for name in field.categories[:8])
        more = ", ..." if len(field.categories) > 8 else ""
        raise _refused(index, field.name, f"one of {listed}{more}", "an unknown category")
    return code


def _kind(value: object) -> str:
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    if value is None:
        return "null"
    return kinds.get(type(value), "a number")


def _refused(index: int, field: str, expected: str, found: str, hint: str = "") -> DataError:
    where = f"row {index}, {field}" if field else f"row {index}"
    return DataError(where, expected=expected, found=found, hint=hint)
