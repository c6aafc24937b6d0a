"""Inputs at the edge of what a table may hold, on which a released graph must equal the model."""

from __future__ import annotations

import numpy as np

from bedside.core.dataset import Field, Schema
from bedside.methods.entrant import Arrays

_FAR = 3e38
"""Near the largest float32: finite, and absurd in any unit."""
_MOST = 200
"""Cases at most, so that a wide table is not proved for minutes."""


def edge_cases(schema: Schema) -> tuple[list[str], Arrays]:
    """Names of the cases, and their `numeric` [N, P] and `codes` [N, C].

    All missing; each field missing alone; numbers at and beyond the ends of what was seen and of
    what is possible; each category.
    """
    names: list[str] = []
    numbers: list[list[float]] = []
    codes: list[list[int]] = []
    middle = [_middle(field) for field in schema.numeric]
    usual = [min(1, len(field.categories)) for field in schema.category]

    def add(name: str, number: list[float], code: list[int]) -> None:
        names.append(name)
        numbers.append(number)
        codes.append(code)

    add("everything missing", [np.nan] * len(middle), [0] * len(usual))
    add("the middle of everything", middle, usual)
    for far, words in ((_FAR, "high"), (-_FAR, "low")):
        add(f"every number as {words} as can be", [_within(f, far) for f in schema.numeric], usual)
    for at, field in enumerate(schema.numeric):
        for words, value in _values(field):
            add(f"{field.name} {words}", _with(middle, at, value), usual)
    for at, field in enumerate(schema.category):
        for code in (0, *range(2, len(field.categories) + 1)):
            words = f"category {code}" if code else "missing"
            add(f"{field.name} {words}", middle, [*usual[:at], code, *usual[at + 1 :]])
    arrays: Arrays = {
        "numeric": np.array(numbers, np.float32).reshape(len(names), len(middle))[:_MOST],
        "codes": np.array(codes, np.int64).reshape(len(names), len(usual))[:_MOST],
    }
    return names[:_MOST], arrays


def _values(field: Field) -> list[tuple[str, float]]:
    stated = (
        ("missing", np.nan),
        ("zero", 0.0),
        ("lowest possible", field.low),
        ("highest possible", field.high),
        ("lowest seen", field.seen_low),
        ("highest seen", field.seen_high),
        ("far above", _FAR),
        ("far below", -_FAR),
    )
    return [
        (words, value if np.isnan(value) else _within(field, value))
        for words, value in stated
        if value is not None
    ]


def _within(field: Field, value: float) -> float:
    """The possible value that is nearest."""
    low = -np.inf if field.low is None else field.low
    high = np.inf if field.high is None else field.high
    return float(min(max(value, low), high))


def _middle(field: Field) -> float:
    if field.seen_low is None or field.seen_high is None:
        return np.nan
    return _within(field, (field.seen_low + field.seen_high) / 2)


def _with(values: list[float], at: int, value: float) -> list[float]:
    return [*values[:at], value, *values[at + 1 :]]
