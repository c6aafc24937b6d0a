"""What the columns of an unknown table might be, from their names and counts. Guesses, no more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from bedside.methods.labels import words_of
from bedside.methods.moments import are_dates

_SUBJECT = (
    r"(^|_)(patient|subject|person|participant|pid|pidnum|mrn|case)(_?(id|no|nr|num|number))?$"
)
_NUMBER = r"(^|[_. ])(id|nr|no|number|index|uuid|key)$|^(sno|row|rownames)$|^$"
_SITE = r"site|hospital|cent(re|er)|clinic|institution|facility"
_PREDICTION = r"admi|index|visit|enrol|baseline|date|time"
_TARGET = (
    r"^(target|outcome|label|class|y|diagnosis|response)$|die[ds]?$|death|dead|mortal|status|"
    r"event|readmi|relapse|recur|progress"
)
_DURATION = (
    r"^(time|days|months|years|duration|futime|t)$|time_?to|survival|follow|d\.time|os_|_days$"
)
_LATER = r"discharg|cost|charge|^s?los$|length_of_stay|stay|cause|autops|chapter|death|died|outcome"
_GROUP = r"^(sex|gender|race|ethnic\w*|age(_years)?)$"
_NAMED = r"name|address|phone|mail|zip|post_?code|comment|note|text|remark"
_HAPPENED = ("1", "true", "yes", "y", "dead", "died", "deceased", "positive", "event", "malignant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """The columns that play a part of their own; empty where none suggests itself."""

    subject: str = ""
    site: str = ""
    time: str = ""
    target: str = ""
    positive: str = ""
    event: str = ""
    occurred: str = ""
    duration: str = ""
    horizon: float | None = None
    ignored: dict[str, str] = field(default_factory=dict)
    """Columns to leave out, and the question to ask about each."""


def guess(frame: pl.DataFrame) -> Guess:
    """A part for each column that looks like playing one."""
    subject = _first(frame, _SUBJECT) or _first(frame, r"^id$")
    site = _first(frame, _SITE, lambda s: 2 <= s.n_unique() <= max(len(s) // 5, 2))
    dates = [name for name in frame.columns if _is_date(frame[name])]
    time = next((n for n in dates if _says(n, _PREDICTION) and not _says(n, _LATER)), "")
    target = _first(frame, _TARGET, lambda s: _kinds(s) == 2)
    duration = _first(frame, _DURATION, lambda s: s.dtype.is_numeric() and _kinds(s) > 10)
    ignored = _ignored(frame, {subject, site, time, target, duration}, dates if not time else [])
    if not target:
        return Guess(subject=subject, site=site, time=time, ignored=ignored)
    happened = _happened(frame[target])
    if duration:
        return Guess(
            subject=subject, site=site, time=time, event=target, occurred=happened,
            duration=duration, horizon=_rounded(frame[duration]), ignored=ignored,
        )  # fmt: skip
    return Guess(
        subject=subject, site=site, time=time, target=target, positive=happened, ignored=ignored
    )


def looks_later(name: str) -> bool:
    """Whether the name suggests a value that is known only after the prediction time."""
    return _says(name, _LATER)


def looks_group(name: str) -> bool:
    """Whether patients are usually told apart by this column."""
    return _says(name, _GROUP)


def _ignored(frame: pl.DataFrame, parts: set[str], dates: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in frame.columns:
        column = frame[name]
        if name and name in parts:
            continue
        text = column.dtype == pl.String and _kinds(column) > 0.5 * max(column.count(), 1)
        if name in dates:
            found[name] = "a date; name the prediction time in [data] to use it"
        elif _says(name, _NUMBER) and (text or column.n_unique() == len(column)):
            found[name] = "a number of the row or of the patient?"
        elif text and len(column) >= 20:
            found[name] = "an identifier or free text? it differs in most rows"
        elif _says(name, _NAMED) and column.dtype == pl.String:
            found[name] = "could it name a person?"
    return found


def _first(frame: pl.DataFrame, pattern: str, fits: object = None) -> str:
    for name in frame.columns:
        if _says(name, pattern) and (not callable(fits) or fits(frame[name])):
            return name
    return ""


def _says(name: str, pattern: str) -> bool:
    return re.search(pattern, name.strip().lower()) is not None


def _is_date(column: pl.Series) -> bool:
    return column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime) or are_dates(column)


def _kinds(column: pl.Series) -> int:
    return int(column.drop_nulls().n_unique())


def _happened(column: pl.Series) -> str:
    """The value that says that the outcome happened, where it says so plainly; else empty."""
    kinds = words_of(column).drop_nulls().unique().to_list()
    return next((kind for kind in kinds if kind.lower() in _HAPPENED), "")


def _rounded(durations: pl.Series) -> float:
    """About the median follow-up, with one significant digit."""
    median = durations.median()
    return float(f"{median:.0e}") if isinstance(median, (int, float)) and median > 0 else 1.0
