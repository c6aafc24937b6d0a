"""Findings on single columns: constant, empty, naming patients, free text, too many categories."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bedside.core.evidence import Evidence
from bedside.core.finding import Finding
from bedside.core.spec import Plain
from bedside.methods.audit.identifiers import Source, identifies
from bedside.methods.audit.training import Column, Training
from bedside.methods.audit.units import WHY as WHY_UNITS
from bedside.methods.audit.units import unit_finding

MOST_CATEGORIES = 100
IGNORE = 'Leave it out: role = "ignore" in [columns."{0}"], or [audit] {1} = "drop".'
_WHY = {
    "empty": "A field without values tells nothing.",
    "constant": "A field that is the same for everybody tells nothing.",
    "identifiers": "A column that names patients lets a model remember them, tells nothing about "
    "the next one, and must not leave the hospital inside a model.",
    "free_text": "Free text is not read as a table's column; it may name patients and may tell the "
    "outcome.",
    "cardinality": "Most of so many categories have too few patients to learn from.",
    "units": WHY_UNITS,
}
_CLEAR = {
    "empty": "No field is empty.",
    "constant": "No field is the same for everybody.",
    "identifiers": "No field looks like an identifier.",
    "free_text": "No field is free text.",
    "cardinality": f"No field has more than {MOST_CATEGORIES} categories.",
    "units": "No field looks like two units in one column.",
}


def column_findings(columns: Iterable[Column], training: Training, source: Plain) -> list[Finding]:
    """What was found in single columns, and one passed check for each kind not found."""
    sources = _sources(source)
    found = [
        finding
        for column in columns
        for finding in _column(column, training, sources.get(column.name, Source()))
    ]
    kinds = {finding.kind for finding in found}
    return found + [
        Finding(kind=kind, state="clear", sentence=sentence, why=_WHY[kind])
        for kind, sentence in _CLEAR.items()
        if kind not in kinds
    ]


def _sources(source: Plain) -> dict[str, Source]:
    records = (
        [record for record in source if isinstance(record, dict)]
        if isinstance(source, list)
        else []
    )
    return {
        str(record.get("column", "")): Source(
            looks=str(record.get("looks", "")),
            distinct=int(_number(record.get("distinct"))),
            distinct_share=_number(record.get("distinct_share")),
        )
        for record in records
    }


def _number(value: Plain) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _column(column: Column, training: Training, source: Source) -> list[Finding]:
    """A column that is empty, constant or an identifier is not looked at further."""
    name = column.name
    if source.looks == "free text":
        text = f"is free text ({source.distinct:,} different entries)"
        return [_found("free_text", column, training, text, source.distinct_share)]
    text = identifies(column, training, source)
    if text:
        return [_found("identifiers", column, training, text, source.distinct_share)]
    missing = column.missing
    if missing.all():
        return [_found("empty", column, training, "has no value in any training patient", 1.0)]
    values = column.values
    if not missing.any() and bool((values == values[0]).all()):
        return [_found("constant", column, training, "is the same in all training patients", 1.0)]
    used = len(np.unique(values[~missing])) if column.codes is not None else 0
    if used > MOST_CATEGORIES:
        text = f"has {used:,} categories"
        return [_found("cardinality", column, training, text, used)]
    unit = unit_finding(column, training)
    return [unit] if unit is not None and unit.field == name else []


def _found(kind: str, column: Column, training: Training, text: str, value: float) -> Finding:
    name = column.name
    evidence = Evidence(
        measure=f"audit.{kind}", value=float(value), low=float(value), high=float(value),
        subjects=training.size, slice=name, stage="audit", data=training.data,
    )  # fmt: skip
    return Finding(
        kind=kind, state="found", field=name, sentence=f"'{name}' {text}.", why=_WHY[kind],
        look=IGNORE.format(name, kind), short=text, evidence=(evidence,),
    )  # fmt: skip
