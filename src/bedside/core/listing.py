"""Evidence as text: a table for people, JSON lines for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from bedside.core.errors import DataError
from bedside.core.evidence import Evidence
from bedside.core.spec import nearest, plain


def select(
    evidence: Iterable[Evidence],
    *,
    measure: str | None = None,
    slice_name: str | None = None,
    model: str | None = None,
) -> list[Evidence]:
    """Those that match; `measure` may be a pattern such as `audit.*`.

    DataError where the measure is not among those measured, with the nearest name.
    """
    found = list(evidence)
    if measure is not None:
        known = {item.measure for item in found}
        if not any(fnmatchcase(name, measure) for name in known):
            raise DataError(
                f"--measure {measure}",
                expected="a measure of this run",
                found="none of that name",
                hint=nearest(measure, known),
            )
    return [
        item
        for item in found
        if (measure is None or fnmatchcase(item.measure, measure))
        and (slice_name is None or item.slice == slice_name)
        and (model is None or item.model == model)
    ]


def as_json(evidence: Sequence[Evidence]) -> str:
    """One JSON object a line."""
    return "\n".join(json.dumps(plain(item)) for item in evidence)


def as_table(evidence: Sequence[Evidence]) -> str:
    """Aligned columns: measure, model, slice, value with interval, patients, data."""
    head = ("measure", "model", "slice", "value (interval)", "patients", "data")
    rows = [head] + [
        (item.measure, item.model, item.slice, number(item), str(item.subjects), item.data)
        for item in evidence
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def number(item: Evidence) -> str:
    """`0.832 (0.812 to 0.851) days`; `undefined` where there is no value."""
    if item.value is None:
        return "undefined"
    text = f"{item.value:.3g}"
    if item.low is not None and item.high is not None:
        text += f" ({item.low:.3g} to {item.high:.3g})"
    return f"{text} {item.unit}".rstrip()
