"""Rules that no made-up row may break: `kappa <= lambda`, `if sex = M then parity is missing`.

A rule compares two numbers, or a field with a number or category, or says `is missing` or
`is known`; with `if ... and ... then ...` it holds only where the conditions before `then` do. A
comparison with a missing value breaks no rule, and fulfils no `if`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError, StudyError
from bedside.core.spec import nearest
from bedside.methods.synthesis.mixed import Column, Mixed

Bools = NDArray[np.bool_]
_SIGNS: dict[str, np.ufunc] = {
    "<=": np.less_equal, ">=": np.greater_equal, "!=": np.not_equal, "<": np.less, ">": np.greater,
    "=": np.equal,
}  # fmt: skip
_CLAUSE = re.compile(r"^\s*(?P<field>.+?)\s*(?P<sign><=|>=|!=|==?|<|>|\bis\b)\s*(?P<right>.+?)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One comparison."""

    left: int
    sign: str
    """Of `_SIGNS`, or `missing`, or `known`."""
    right: float
    """A number or a category's code."""
    other: int | None = None
    """Instead of `right`: the column that is compared with."""

    def states(self, mixed: Mixed) -> tuple[Bools, Bools]:
        """[N] where it is true, and [N] where that can be told."""
        known = mixed.known()
        here = known[:, self.left]
        if self.sign in ("missing", "known"):
            return (here if self.sign == "known" else ~here), np.ones(len(mixed), np.bool_)
        right = self.right if self.other is None else mixed.values[:, self.other]
        told = here if self.other is None else here & known[:, self.other]
        with np.errstate(invalid="ignore"):
            true = np.asarray(_SIGNS[self.sign](mixed.values[:, self.left], right), np.bool_)
        return true & told, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`then` must be true wherever all of `given` are."""

    text: str
    given: tuple[Clause, ...]
    then: Clause

    def kept(self, mixed: Mixed) -> Bools:
        """[N] which rows keep it."""
        asked = np.ones(len(mixed), np.bool_)
        for clause in self.given:
            asked &= clause.states(mixed)[0]
        true, told = self.then.states(mixed)
        return true | ~told | ~asked


def rules_of(texts: Sequence[str], columns: Sequence[Column]) -> tuple[Rule, ...]:
    """The rules that these texts state about rows with these columns.

    Raises StudyError for what is no rule, an unknown field and an unknown category.
    """
    return tuple(_rule(text, columns) for text in texts)


def all_kept(rules: Sequence[Rule], mixed: Mixed) -> Bools:
    """[N] which rows keep all the rules."""
    kept = np.ones(len(mixed), np.bool_)
    for rule in rules:
        kept &= rule.kept(mixed)
    return kept


def require_kept(rules: Sequence[Rule], mixed: Mixed) -> None:
    """DataError where a patient to learn from breaks a rule: one of the two is wrong."""
    for rule in rules:
        broken = int((~rule.kept(mixed)).sum())
        if broken:
            raise DataError(
                f"rule '{rule.text}'", expected="every training patient to keep it",
                found=f"{broken:,} of {len(mixed):,} who do not",
                hint="correct the rule, or the data; a sample can follow only one of them",
            )  # fmt: skip


def _rule(text: str, columns: Sequence[Column]) -> Rule:
    body, given = text.strip(), ""
    if body.startswith("if "):
        given, then, body = body[3:].partition(" then ")
        if not then:
            raise _no_rule(text)
    clauses = [_clause(part, text, columns) for part in given.split(" and ") if part]
    return Rule(text=text, given=tuple(clauses), then=_clause(body, text, columns))


def _clause(part: str, text: str, columns: Sequence[Column]) -> Clause:
    found = _CLAUSE.match(part)
    if found is None:
        raise _no_rule(text)
    left = _place(found["field"], text, columns)
    if found["sign"] == "is":
        if found["right"] not in ("missing", "known"):
            raise _no_rule(text)
        return Clause(left=left, sign=found["right"], right=0.0)
    sign = "=" if found["sign"] == "==" else found["sign"]
    names = [column.name for column in columns]
    if found["right"] in names:
        other = names.index(found["right"])
        if columns[left].kind == columns[other].kind == "numeric":
            return Clause(left=left, sign=sign, right=0.0, other=other)
        raise _no_rule(text)
    if columns[left].kind == "numeric" and not _is_number(found["right"]):
        raise StudyError(
            f"rule '{text}'", expected="a number or a field of the study after its sign",
            found=f"'{found['right']}'", hint=nearest(found["right"], names),
        )  # fmt: skip
    return Clause(left=left, sign=sign, right=_operand(found["right"], sign, columns[left], text))


def _place(name: str, text: str, columns: Sequence[Column]) -> int:
    names = [column.name for column in columns]
    if name not in names:
        raise StudyError(f"rule '{text}'", expected="fields of the study",
                         found=f"'{name}'", hint=nearest(name, names))  # fmt: skip
    return names.index(name)


def _operand(word: str, sign: str, column: Column, text: str) -> float:
    if column.kind == "category":
        if word not in column.names or sign not in ("=", "!="):
            raise StudyError(
                f"rule '{text}'", expected=f"= or != and a category of '{column.name}'",
                found="something else", hint=f"it has {', '.join(column.names[:12])}",
            )  # fmt: skip
        return float(column.names.index(word) + 1)
    return float(word)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _no_rule(text: str) -> StudyError:
    return StudyError(
        f"rule '{text}'", expected="a comparison of fields, or of a field with a value",
        found="something else",
        hint="such as 'kappa <= lambda', 'age >= 18' or 'if sex = M then parity is missing'",
    )  # fmt: skip
