"""Conditions on made-up rows as a person writes them: `sex=F`, `age=65..80`, `weight=missing`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.core.spec import nearest
from bedside.methods.synthesis.generator import Where
from bedside.methods.synthesis.mixed import Column, Mixed

MISSING = "missing"
CLOSE = 1e-6
"""Relative: numbers are kept in single precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One column within two ends, both included, or missing."""

    column: int
    low: float
    high: float
    missing: bool = False

    def holds(self, mixed: Mixed) -> NDArray[np.bool_]:
        """[N] for which rows it does."""
        values = mixed.values[:, self.column]
        if self.missing:
            return ~mixed.known()[:, self.column]
        slack = CLOSE * max(1.0, abs(self.low), abs(self.high))
        with np.errstate(invalid="ignore"):
            return np.asarray((values >= self.low - slack) & (values <= self.high + slack))


def conditions_of(where: Where, columns: Sequence[Column]) -> tuple[Condition, ...]:
    """What `where` asks of rows with these columns.

    Raises DataError for an unknown field, a category that is not in the vocabulary, something that
    is no number, and numbers beyond what is possible.
    """
    return tuple(_condition(name, value, columns) for name, value in where.items())


def all_hold(conditions: Sequence[Condition], mixed: Mixed) -> NDArray[np.bool_]:
    """[N] which rows satisfy all of them."""
    held = np.ones(len(mixed), np.bool_)
    for condition in conditions:
        held &= condition.holds(mixed)
    return held


def where_of(texts: Sequence[str]) -> dict[str, str | float]:
    """`["sex=F", "age=65..80"]` as a mapping."""
    found: dict[str, str | float] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise DataError("where", expected="FIELD=VALUE, such as sex=F or age=65..80",
                            found=f"'{text}'")  # fmt: skip
        if found.setdefault(name.strip(), value.strip()) != value.strip():
            raise DataError(f"where '{name.strip()}'", expected="one condition on a field",
                            found="two that differ")  # fmt: skip
    return found


def _condition(name: str, value: str | float, columns: Sequence[Column]) -> Condition:
    names = [column.name for column in columns]
    if name not in names:
        raise DataError(
            f"where '{name}'", expected="a field of the study, or its outcome",
            found="none of that name", hint=nearest(name, names),
        )  # fmt: skip
    at = names.index(name)
    if isinstance(value, str) and value.strip() == MISSING:
        return Condition(column=at, low=np.nan, high=np.nan, missing=True)
    column = columns[at]
    if column.kind == "category":
        code = _code(column, value)
        return Condition(column=at, low=code, high=code)
    low, high = _ends(column, value)
    return Condition(column=at, low=low, high=high)


def _code(column: Column, value: str | float) -> float:
    word = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if word not in column.names:
        raise DataError(
            f"where '{column.name}'", expected="one of its categories",
            found="another word", hint=f"it has {', '.join(column.names[:12])}",
        )  # fmt: skip
    return float(column.names.index(word) + 1)


def _ends(column: Column, value: str | float) -> tuple[float, float]:
    first, dots, second = str(value).partition("..")
    try:
        low = float(first)
        high = float(second) if dots else low
    except ValueError:
        raise DataError(
            f"where '{column.name}'",
            expected="a number, or two as in 65..80",
            found="something else",
        ) from None
    below = column.low is not None and high < column.low
    above = column.high is not None and low > column.high
    if below or above or not low <= high:
        raise DataError(
            f"where '{column.name}'", expected="numbers that the study says are possible",
            found="an empty range" if not low <= high else "none of them is",
        )  # fmt: skip
    return low, high
