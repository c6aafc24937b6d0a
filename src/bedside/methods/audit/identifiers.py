"""Columns that name a patient instead of describing one.

By the column's name (MRN, e-mail, ...), by the form of its texts, or by its values: whole numbers
that no two patients share where chance would let many, or that rise row by row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from bedside.methods.audit.training import Column, Ints, Reals, Training

FEWEST = 50
COLLISIONS = 7.0
"""Pairs of equal values that chance must let expect before their absence says anything."""
EXACT = 2.0**24
"""Whole numbers above this are not told apart in float32."""
_NAMES = re.compile(
    r"(^|_)(mrn|ssn|nhs_?(number|no)|(patient|subject|person|encounter|visit|admission|hadm|stay|case"
    r"|record|sample|specimen)_?(id|no|nr|number|identifier)|uuid|guid|accession(_?number)?|e_?mail"
    r"|(tele)?phone(_?number)?|fax|(first|last|family|given|full|patient)_?name|surname|address"
    r"|street|post_?code|zip(_?code)?|dob|date_?of_?birth|birth_?date|passport|insurance_?(id|number))"
    r"($|_)"
)
_FORMS = {
    "e-mail addresses": re.compile(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", re.IGNORECASE),
    "dates": re.compile(r"^\d{4}-\d{1,2}-\d{1,2}|^\d{1,2}[./]\d{1,2}[./]\d{2,4}"),
    "telephone numbers": re.compile(r"^\+?[\d\s()/.-]{9,20}$"),
    "universal identifiers": re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE),
    "names of persons": re.compile(r"^[A-Z][a-z]+(,? [A-Z]\.?)?,? [A-Z][a-z]+$"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What prepare recorded of a column of the source."""

    looks: str = ""
    """`identifier`, `free text` or empty."""
    distinct: int = 0
    distinct_share: float = 0.0
    """Among the values that are there."""


def identifies(column: Column, training: Training, source: Source) -> str:
    """Why the field names patients, as the end of a sentence; empty where it does not."""
    if _NAMES.search(_snake(column.name)):
        return "is called as identifiers are"
    if source.looks == "identifier":
        return f"is text that hardly ever repeats ({source.distinct:,} different values)"
    if column.codes is not None:
        return _form(column.field.categories) or _one_patient_each(column.codes, training)
    return _numbers(column, training, source)


def _snake(name: str) -> str:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", apart.lower())


def _form(words: Sequence[str]) -> str:
    """The form that most of at least 20 texts have."""
    if len(words) < 20:
        return ""
    for name, form in _FORMS.items():
        if sum(bool(form.search(word)) for word in words) > 0.8 * len(words):
            return f"has the form of {name}"
    return ""


def _one_patient_each(codes: Ints, training: Training) -> str:
    """Categories of several rows that each belong to a single patient."""
    there = codes > 0
    used = len(np.unique(codes[there]))
    if used < FEWEST or there.sum() < 2 * used:
        return ""
    pairs = np.unique(np.stack([codes[there], training.subject[there]]), axis=1).shape[1]
    return "has a value of its own for each patient" if pairs <= 1.02 * used else ""


def _numbers(column: Column, training: Training, source: Source) -> str:
    first = np.unique(training.subject, return_index=True)[1]
    values = column.values[first].astype(np.float64)
    there = np.isfinite(values)
    values = values[there]
    if len(values) < FEWEST or (values != np.floor(values)).any() or values.min() < 0:
        return ""
    if values.max() > EXACT:
        digits = np.floor(np.log10(np.maximum(values, 1)))
        unique = source.distinct_share >= 0.999 and (digits == digits[0]).mean() > 0.9
        return "holds long numbers that no two rows share" if unique else ""
    if len(np.unique(values)) < 0.999 * len(values):
        return ""
    expected = len(values) ** 2 / (2 * (np.ptp(values) + 1))
    if expected > COLLISIONS:
        return f"holds whole numbers that never repeat, where {expected:,.0f} pairs were expected"
    return "rises row by row" if _in_order(values) else ""


def _in_order(values: Reals) -> bool:
    return bool(abs(stats.spearmanr(np.arange(len(values)), values).statistic) > 0.999)
