"""Three-state labels: positive, negative, or unobserved, and never a guess between them.

With a horizon, a subject who was censored before it is unobserved: neither an event nor the
absence of one was seen. Duration and event are kept, so that later measures can weigh the observed
ones by the inverse probability of censoring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from bedside.core.dataset import Target
from bedside.core.errors import DataError, StudyError
from bedside.core.inputs import MASK
from bedside.core.spec import nearest_column
from bedside.core.study import Task

MOST_CLASSES = 50


def task_columns(task: Task) -> tuple[str, ...]:
    """Columns that the task reads; none of them is ever an input."""
    return tuple(name for name in (task.target, task.event, task.time, *task.labels) if name)


def label(frame: pl.DataFrame, task: Task) -> tuple[pl.DataFrame, Target]:
    """Columns target (float64), duration (float64) and event (int8) of each row, and the Target.

    target: class index, or value; null = unobserved. With a horizon, 1 where the event came within
    it, 0 where the subject was followed to it without, null where censored before it; the same for
    survival, whose models read duration and event.
    segmentation: 1 where there is a mask.
    multilabel: null, and for each label L a column target.L: see `methods.multilabel`.
    Raises DataError for an absent column, a single class, a negative duration.
    """
    for name in task_columns(task):
        if name not in frame.columns:
            raise DataError(
                "[task]",
                expected=f"the column '{name}' in the source",
                found="none of that name",
                hint=nearest_column(name, frame.columns),
            )
    if task.type == "segmentation":
        return _outlined(frame, task)
    if task.type == "multilabel":
        return _several(frame, task)
    if task.event:
        return _timed(frame, task)
    if task.type == "regression":
        return _value(frame[task.target], task)
    return _classes(frame[task.target], task)


def _outlined(frame: pl.DataFrame, task: Task) -> tuple[pl.DataFrame, Target]:
    """1 where there is a mask, null where there is none: the outcome itself is the mask."""
    if MASK not in frame.columns:
        raise DataError("[task]", expected="masks in the source", found="none",
                        hint="name them by mask in the section of the modality")  # fmt: skip
    target = pl.Series([1.0]).new_from_index(0, frame.height).set(frame[MASK].is_null(), None)
    return _untimed(target), Target(
        type="segmentation", outcome=task.outcome or "outlines", classes=task.structures
    )


def _several(frame: pl.DataFrame, task: Task) -> tuple[pl.DataFrame, Target]:
    """A column a label: 1 present, 0 absent, null where nobody looked or nobody knows."""
    unknown = {_word(value) for value in task.unobserved}
    columns = {name: words_of(frame[name]) for name in task.labels}
    columns = {name: words.set(words.is_in(unknown), None) for name, words in columns.items()}
    kinds = {name: words.drop_nulls().unique().to_list() for name, words in columns.items()}
    mixed = [name for name, found in kinds.items() if len(found) > 2]
    if mixed:
        raise DataError(
            f"[task] labels '{mixed[0]}'",
            expected="two values, present and absent, and empty cells",
            found=f"{len(kinds[mixed[0]])} values",
            hint="name the values that say neither by unobserved in [task], such as "
            "unobserved = [-1]",
        )
    positive = _present(kinds, task)
    present = {f"target.{name}": _is(words, positive) for name, words in columns.items()}
    require_both(pl.DataFrame(present), "the source")
    target = Target(type="multilabel", outcome=task.outcome or "findings", classes=task.labels)
    nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, frame.height)
    return _untimed(nothing).with_columns(**present), target


def _is(words: pl.Series, positive: tuple[str, ...]) -> pl.Series:
    return words.is_in(positive).cast(pl.Float64).set(words.is_null(), None)


def _present(kinds: Mapping[str, Sequence[str]], task: Task) -> tuple[str, ...]:
    """The words for present: `positive`, or those of columns that hold 0 and 1, false and true."""
    if task.positive != "":
        return (_word(task.positive),)
    for name, found in kinds.items():
        if not set(found) <= {"0", "1"} and not set(found) <= {"false", "true"}:
            raise StudyError(
                "[task]", expected=f"the key 'positive', as '{name}' is not 0 and 1", found="none",
                hint="name the value that says a finding is present: positive = ...",
            )  # fmt: skip
    return ("1", "true")


def require_both(targets: pl.DataFrame, where: str) -> None:
    """DataError that names each label `target.L` that cannot be learnt from these rows."""
    wrong = []
    for column in targets:
        kinds = column.drop_nulls().unique().to_list()
        if len(kinds) < 2:
            name = column.name.removeprefix("target.")
            what = {(): "never observed", (0.0,): "never present", (1.0,): "never absent"}
            wrong.append(f"'{name}' {what[tuple(kinds)]}")
    if wrong:
        raise DataError(
            "[task] labels",
            expected=f"each present in some samples of {where} and absent in others",
            found="; ".join(wrong),
            hint="such a label cannot be learnt: take it out of labels, or correct positive",
        )


def _timed(frame: pl.DataFrame, task: Task) -> tuple[pl.DataFrame, Target]:
    horizon = task.horizon or 0.0
    duration = _number(frame[task.time])
    event = _occurred(frame[task.event], task)
    if int((duration < 0).sum()):
        raise DataError(
            f"column '{task.time}'",
            expected="durations of 0 or more",
            found=f"{int((duration < 0).sum())} below 0",
            hint="an event before the prediction time is no outcome; exclude those rows",
        )
    labels = pl.DataFrame({"duration": duration, "event": event}).with_columns(
        target=pl.when((pl.col("event") == 1) & (pl.col("duration") <= horizon))
        .then(1.0)
        .when(pl.col("duration") >= horizon)
        .then(0.0)
    )
    # Without both a time and whether the event came, neither is of use to anyone.
    known = pl.col("duration").is_not_null() & pl.col("event").is_not_null()
    labels = labels.select(
        pl.when(known).then(pl.col(name)).alias(name) for name in ("target", "duration", "event")
    )
    # Survival without a censored subject is fine; without an event it was refused above.
    if task.type != "survival" and labels["target"].drop_nulls().n_unique() < 2:
        raise _one_kind(task.event, "subjects with the outcome and subjects without")
    classes = ("no", "yes") if task.type == "binary" else ()
    return labels, Target(
        type=task.type,
        outcome=task.outcome or task.event,
        classes=classes,
        horizon=task.horizon,
        unit=task.unit,
    )


def _occurred(event: pl.Series, task: Task) -> pl.Series:
    occurred = "1" if task.occurred == "" else _word(task.occurred)
    words = words_of(event)
    if event.dtype == pl.Boolean and task.occurred == "":
        occurred = "true"
    happened = words == occurred
    if not bool(happened.any()):
        raise DataError(
            f"column '{task.event}'",
            expected=f"the value '{occurred}', which says that the event occurred",
            found="it in no row",
            hint="set occurred in [task] to the value that the column has then",
        )
    return happened.cast(pl.Int8)


def _value(column: pl.Series, task: Task) -> tuple[pl.DataFrame, Target]:
    values = _number(column)
    if values.n_unique() - int(values.null_count() > 0) < 2:
        raise _one_kind(task.target, "values that differ")
    return _untimed(values), Target(
        type="regression", outcome=task.outcome or task.target, unit=task.unit
    )


def _classes(column: pl.Series, task: Task) -> tuple[pl.DataFrame, Target]:
    words = words_of(column)
    found = sorted(words.drop_nulls().unique().to_list())
    if len(found) < 2:
        raise _one_kind(task.target, "two classes or more")
    classes = _ordered(found, task) if task.type == "binary" else found
    if len(classes) > MOST_CLASSES:
        raise DataError(
            f"column '{task.target}'",
            expected=f"at most {MOST_CLASSES} classes",
            found=f"{len(classes)}",
            hint='is it a number? then set type = "regression" in [task]',
        )
    if task.type == "binary":
        target = (words == classes[1]).cast(pl.Float64)
    else:
        index = {name: float(at) for at, name in enumerate(classes)}
        target = words.replace_strict(index, return_dtype=pl.Float64)
    return _untimed(target), Target(
        type=task.type, outcome=task.outcome or task.target, classes=tuple(classes)
    )


def _ordered(found: list[str], task: Task) -> list[str]:
    """(negative, positive) of a binary target."""
    if task.positive == "":
        pairs = (["0", "1"], ["false", "true"])
        if found not in pairs:
            raise StudyError(
                "[task]",
                expected=f"the key 'positive', as '{task.target}' is not 0 and 1",
                found="none",
                hint="name the value that means the outcome happened: positive = ...",
            )
        return found
    positive = _word(task.positive)
    if positive not in found:
        raise DataError(
            f"column '{task.target}'",
            expected=f"the positive value '{positive}'",
            found=f"{len(found)} other values",
            hint="positive in [task] must be written as the column has it",
        )
    others = [name for name in found if name != positive]
    return [others[0] if len(others) == 1 else f"not {positive}", positive]


def words_of(column: pl.Series) -> pl.Series:
    """Values as text in the one form that categories have: `1` for 1 and 1.0, trimmed."""
    if column.dtype.is_float():
        whole = column.is_finite() & (column == column.floor()) & (column.abs() < 2**53)
        as_whole = column.set(~whole, None).cast(pl.Int64, strict=False).cast(pl.String)
        column = as_whole.fill_null(column.fill_nan(None).cast(pl.String))
    words = column.cast(pl.String).str.strip_chars()
    return words.set(words == "", None)


def _word(value: str | float) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _number(column: pl.Series) -> pl.Series:
    number = column
    if isinstance(column.dtype, (pl.Enum, pl.Categorical)):
        number = column.cast(pl.String)
    number = number.cast(pl.Float64, strict=False).fill_nan(None)
    wrong = int((number.is_null() & column.is_not_null() & _not_nan(column)).sum())
    wrong += int(number.is_infinite().sum())
    if wrong:
        raise DataError(
            f"column '{column.name}'",
            expected="numbers",
            found=f"{wrong} values that are not finite numbers",
            hint="codes for missing values are named by missing in [data]",
        )
    return number


def _not_nan(column: pl.Series) -> pl.Series:
    return (
        column.is_not_nan() if column.dtype.is_float() else pl.repeat(True, len(column), eager=True)
    )


def _untimed(target: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"target": target.alias("target")}).with_columns(
        duration=pl.lit(None, dtype=pl.Float64), event=pl.lit(None, dtype=pl.Int8)
    )


def _one_kind(name: str, expected: str) -> DataError:
    return DataError(
        f"column '{name}'",
        expected=expected,
        found="rows that are all alike",
        hint="check positive, occurred and horizon in [task]",
    )
