"""What each column of a source is: its role, its type, and when it becomes known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from bedside.core.dataset import Field
from bedside.core.errors import DataError, StudyError
from bedside.core.inputs import Recipe
from bedside.core.spec import nearest_column
from bedside.core.study import Column, Study
from bedside.methods.labels import task_columns, words_of
from bedside.methods.moments import are_dates, known_after, moments

Kind = str
BOOLEAN = ("false", "true")
"""The vocabulary of a yes-or-no column."""
AFTER = "after outcome"
AT_PREDICTION = "at prediction"
USUAL_CODES = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "?", ".", "-", "unknown")
"""Words that often mean missing; they are named in a hint, and never assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A column ready to be frozen."""

    name: str
    declared: Column
    kind: Kind
    """numeric, category, boolean, or days (a date as days from the prediction time)."""
    values: pl.Series
    """Cleaned of codes for missing and of what was not yet known."""
    blanked: int
    """Values that became known only after the prediction time and are not used."""


def roles(frame: pl.DataFrame, study: Study, recipe: Recipe) -> dict[str, str]:
    """The role of each column of the source: feature, group, comparator, ignore, or a key.

    Raises StudyError for a declared column that is not in the source, and, with
    `undeclared = "stop"`, for a column that the study does not name.
    """
    for name, column in study.columns.items():
        if name not in frame.columns and not column.optional:
            raise StudyError(
                f"{study.file.name} [columns.{name}]",
                expected="a column of the source",
                found="none of that name",
                hint=nearest_column(name, frame.columns),
            )
    keys = {getattr(study.data, key): key for key in ("subject", "site", "time", "split")}
    keys.pop("", None)  # a key that is not set; an unnamed column is not it
    task = task_columns(study.task)
    found: dict[str, str] = {}
    for name in frame.columns:
        declared = study.columns.get(name)
        if name in task:
            found[name] = "task"
        elif name in keys:
            found[name] = keys[name]
        elif declared is not None:
            found[name] = AFTER if declared.known == AFTER else declared.role
        else:
            found[name] = recipe.undeclared
    for name, column in study.columns.items():
        by_key = found.get(name) in ("subject", "time", "split", "task")
        if by_key and (column.group or column.role in ("group", "comparator")):
            raise StudyError(
                f"{study.file.name} [columns.{name}]",
                expected="subgroups by a feature, a group or the site",
                found=f"the column that is the {found[name]}",
            )
    unnamed = [name for name, role in found.items() if role == "stop"]
    if unnamed:
        raise StudyError(
            study.file.name,
            expected='each column to be named, as [prepare] undeclared = "stop" asks',
            found=f"{len(unnamed)} that are not: " + ", ".join(f"'{n}'" for n in unnamed[:10]),
            hint='add [columns.NAME] for each, with role = "ignore" for those not to be used',
        )
    return found


def make(frame: pl.DataFrame, name: str, study: Study, moment: pl.Series | None) -> Made:
    """One column, cleaned and typed; `moment` [S] is the prediction time, where there is one."""
    declared = study.columns.get(name, Column())
    codes = (*declared.missing, *study.data.missing)
    values = blanked(frame[name], codes)
    values, late = _not_yet_known(frame, values, declared, moment)
    kind = _kind(values, name, declared, len(codes))
    if values.dtype == pl.String:
        values = values.set(values.str.strip_chars() == "", None)
    if kind == "days":
        values = _days(values, name, moment)
    return Made(name=name, declared=declared, kind=kind, values=values, blanked=late)


def record(made: Made, role: str, field: Field | None, rows: int) -> dict[str, object]:
    """What happened to the column, for `columns.json`. Counts only, no value."""
    words = made.values.drop_nulls()
    distinct = words.n_unique()
    outside = 0
    if field is not None and field.kind == "category" and field.categories != BOOLEAN:
        outside = int((~words_of(words).is_in(list(field.categories))).sum())
    return {
        "column": made.name,
        "role": role,
        "type": made.kind,
        "unit": field.unit if field else made.declared.unit,
        "known": made.declared.known,
        "blanked_not_yet_known": made.blanked,
        "missing_share": round(made.values.null_count() / max(rows, 1), 6),
        "distinct": distinct,
        "distinct_share": round(distinct / max(len(words), 1), 6),
        "outside_vocabulary": outside,
        "looks": _looks(made, distinct, len(words)),
    }


def _kind(values: pl.Series, name: str, declared: Column, codes: int) -> Kind:
    if declared.type == "auto":
        return _automatic(values, name, codes)
    if declared.type == "numeric":
        _all_numbers(values, name)
        return "numeric"
    if declared.type == "date":
        return "days"
    return declared.type


def _automatic(values: pl.Series, name: str, codes: int) -> Kind:
    kind = values.dtype
    if kind.is_numeric() or kind == pl.Null:
        return "numeric"
    if kind == pl.Boolean:
        return "boolean"
    if kind == pl.Date or isinstance(kind, pl.Datetime):
        return "days"
    if isinstance(kind, (pl.Enum, pl.Categorical)):
        return "category"
    if kind != pl.String:
        raise DataError(
            f"column '{name}'",
            expected="numbers, text, yes or no, or dates",
            found=f"the type {kind}",
            hint=f'ignore it: [columns.{name}] role = "ignore"',
        )
    return _text_kind(values, name, codes)


def _text_kind(values: pl.Series, name: str, codes: int) -> Kind:
    """A text column is dates, numbers (once its codes are blanked) or categories."""
    cells = values.drop_nulls().str.strip_chars()
    seen = cells.filter(cells != "")
    if not len(seen):
        return "numeric"
    if are_dates(seen):
        return "days"
    number = seen.cast(pl.Float64, strict=False)
    readable = len(seen) - number.null_count()
    blanks = len(seen) < len(cells)
    if (codes or blanks) and readable == len(seen):
        return "numeric"
    if len(seen) // 2 < readable < len(seen):
        _all_numbers(seen, name)
    return "category"


def _all_numbers(values: pl.Series, name: str) -> None:
    if values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null):
        return
    words = values.cast(pl.String).str.strip_chars()
    number = words.cast(pl.Float64, strict=False)
    wrong = words.filter(number.is_null() & words.is_not_null() & (words != ""))
    if not len(wrong):
        return
    usual = [code for code in USUAL_CODES if bool((wrong == code).any())]
    named = ", ".join(f'"{code}"' for code in usual)
    raise DataError(
        f"column '{name}'",
        expected="numbers",
        found=f"{len(wrong):,} of {len(values):,} values that are text",
        hint=f"does {named} mean missing? then set missing = [{named}] in [data]"
        if usual
        else f'name codes for missing by missing in [columns.{name}], or set type = "category"',
    )


def _not_yet_known(
    frame: pl.DataFrame, values: pl.Series, declared: Column, moment: pl.Series | None
) -> tuple[pl.Series, int]:
    """Blank the values that became known only after the row's prediction time."""
    if declared.known in (AT_PREDICTION, AFTER):
        return values, 0
    where = f"[columns.{values.name}] known"
    column, minutes = known_after(declared.known, where)
    if column not in frame.columns:
        raise StudyError(
            where,
            expected="'at prediction', 'after outcome' or COLUMN+24h with a column of the source",
            found=f"'{column}', which is none",
            hint=nearest_column(column, frame.columns),
        )
    if moment is None:
        raise StudyError(
            where,
            expected="the key 'time' in [data], the prediction time to compare with",
            found="none",
            hint='name the column of the prediction time: time = "..." in [data]',
        )
    known = moments(frame[column], f"column '{column}'") + timedelta(minutes=minutes)
    # Where either time is missing nobody can show that the value was known in time.
    late = ~(known <= moment).fill_null(value=False) & values.is_not_null()
    return values.set(late, None), int(late.sum())


def _days(values: pl.Series, name: str, moment: pl.Series | None) -> pl.Series:
    when = moments(values, f"column '{name}'")
    if moment is None:
        raise DataError(
            f"column '{name}'",
            expected="a prediction time that its dates can be counted from",
            found="none, as [data] names no time",
            hint='set time in [data], or leave the column out: role = "ignore"',
        )
    days = (when - moment).dt.total_seconds() / 86_400
    return days.alias(name)


def _looks(made: Made, distinct: int, seen: int) -> str:
    """`identifier` or `free text` where a column of text looks like one, else empty."""
    if made.kind != "category" or seen < 20 or distinct < 0.5 * seen:
        return ""
    spaces = made.values.drop_nulls().cast(pl.String).str.count_matches(" ").mean()
    return "free text" if isinstance(spaces, float) and spaces >= 2 else "identifier"


def task_records(found: Mapping[str, str], frame: pl.DataFrame) -> list[dict[str, object]]:
    """The columns that are no input: keys, the task's own, ignored ones, late ones."""
    why = {
        "task": "the outcome; never an input",
        "ignore": "the study ignores it",
        AFTER: "known only after the outcome; never an input",
    }
    return [
        {
            "column": name,
            "role": role,
            "why": why.get(role, "says who, where or when; never an input"),
            "missing_share": round(frame[name].null_count() / max(frame.height, 1), 6),
        }
        for name, role in found.items()
        if role not in ("feature", "group", "comparator")
    ]


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
