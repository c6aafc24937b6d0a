"""A new data set from an old one, element by element, by the actions of the table.

The new one is built from nothing: what no rule lets through is not in it. Texts that are let
through are searched for what was seen in the patient's files, and emptied where they hold it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from bedside.adapters.deidentify.identity import Search, readable, values_of, well_known
from bedside.adapters.deidentify.shift import moved_date, moved_datetime, plain_time
from bedside.adapters.deidentify.table import Action, action_of
from bedside.adapters.deidentify.vocabulary import known_words

if TYPE_CHECKING:
    from bedside.core.pseudonym import Pseudonyms

Tally = Counter[tuple[str, str]]
"""How often: by keyword of the attribute and letter of the action."""
DUMMY = "REMOVED"
PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_NUMBERS = frozenset(("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT"))
_TEXTS = frozenset(("LO", "SH", "CS", "AS", "IS", "DS", "UI", "DA", "DT", "TM")) | {
    "ST", "LT", "UT", "UC", "UR", "AE", "PN",
}  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9 _./+\-]{0,16}")
_AGE = re.compile(r"(\d{3})([DWMY])")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_OLDEST = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """How one patient's files are treated."""

    key: Pseudonyms
    pseudonym: str
    """Stands for the name and the number."""
    days: int
    """By how much dates are moved."""
    search: Search
    keep: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Cleaned:
    """The new data set, without its pixels, and what was done."""

    dataset: Dataset
    tally: Tally = field(default_factory=Counter)


def new_uid(key: Pseudonyms, uid: str) -> str:
    """The identifier that replaces `uid` under one secret; always the same one.

    Form: 2.25 and a number of 128 bits (PS3.5 annex B.2), here taken from a keyed digest.
    """
    return f"2.25.{int(key.of(['uid', uid.strip()])[:32], 16)}"


def days_of(key: Pseudonyms, patient: str) -> int:
    """By how many days a patient's dates are moved: one to eleven years back."""
    return -(365 + int(key.of(["days", patient])[:12], 16) % 3653)


def pseudonym_of(key: Pseudonyms, patient: str) -> str:
    """The name and number of a patient in the new files."""
    return f"P{key.of(['patient', patient])[:16].upper()}"


def clean(dataset: Dataset, patient: Patient) -> Cleaned:
    """The data set without what tells who the patient is; pixel data is left out."""
    tally: Tally = Counter()
    return Cleaned(dataset=_cleaned(dataset, patient, tally), tally=tally)


def _cleaned(dataset: Dataset, patient: Patient, tally: Tally) -> Dataset:

    new = Dataset()
    for tag in sorted(dataset.keys()):
        if int(tag) in PIXELS or tag.element == 0 or int(tag) == 0x00080005:
            continue
        keyword = _keyword(tag)
        if not keyword.isidentifier() or keyword.islower():
            tally[keyword, "X"] += 1
            continue
        element = readable(dataset, tag)
        made = None if element is None else _made(element, keyword, patient, tally)
        if element is None:
            tally[keyword, "X"] += 1
        elif made is not None:
            new.add(made)
    return new


def _keyword(tag: BaseTag) -> str:
    """The keyword of a public attribute of this edition, else a word for its kind."""

    if tag.is_private:
        return "private"
    if 0x6000 <= tag.group <= 0x60FF:
        return "overlay"
    if 0x5000 <= tag.group <= 0x50FF:
        return "curve"
    if tag.group < 8 or not dictionary_has_tag(tag):
        return "unknown"
    return str(dictionary_keyword(tag)) or "unknown"


def _made(element: DataElement, keyword: str, patient: Patient, tally: Tally) -> DataElement | None:

    listed = str(dictionary_VR(element.tag)).split(" or ")
    vr = listed[0]
    action = action_of(keyword, vr, patient.keep)
    fits = element.VR in listed or {vr, element.VR} <= _NUMBERS
    if action in ("K", "C", "U") and not fits:
        action = "X"
    if action == "X":
        tally[keyword, "X"] += 1
        return None
    if element.VR == "SQ" and action in ("C", "K"):
        return DataElement(
            element.tag, "SQ", [_cleaned(item, patient, tally) for item in element.value]
        )
    if action in ("Z", "D"):
        tally[keyword, action] += 1
        return DataElement(element.tag, vr, _stand_in(keyword, vr, action, patient))
    if vr not in _TEXTS:
        return DataElement(element.tag, element.VR, element.value)
    return _texts(element, keyword, action, patient, tally)


def _stand_in(keyword: str, vr: str, action: Action, patient: Patient) -> object:
    if keyword in ("PatientName", "PatientID"):
        return patient.pseudonym
    if vr == "SQ":
        return []
    if action == "Z" or vr not in ("LO", "SH", "PN", "CS", "AE", "UC", "ST", "LT", "UT"):
        return None
    return DUMMY


def _texts(
    element: DataElement, keyword: str, action: Action, patient: Patient, tally: Tally
) -> DataElement:

    old = values_of(element)
    new = [_text(text, element.VR, action, patient) for text in old]
    if new == old:
        return DataElement(element.tag, element.VR, element.value)
    tally[keyword, action if action in ("U", "C") else "Z"] += 1
    kept = (
        new if element.VR in ("DS", "IS", "CS") or len(new) > 1 else [text for text in new if text]
    )
    value = kept if len(kept) > 1 else kept[0] if kept else None
    return DataElement(element.tag, element.VR, value if any(kept) else None)


def _text(text: str, vr: str, action: Action, patient: Patient) -> str:
    """One value of an attribute that is kept, cleaned or renamed."""
    if vr == "UI":
        return text if well_known(text) else new_uid(patient.key, text)
    if vr == "DA":
        return moved_date(text, patient.days)
    if vr == "DT":
        return moved_datetime(text, patient.days)
    if vr == "TM":
        return plain_time(text)
    if vr in ("IS", "DS"):
        number = _NUMBER.fullmatch(text.strip()) and not patient.search.is_number(text)
        return text if number else ""
    if vr == "AS":
        return _age(text)
    if vr == "CS" and not _CODE.fullmatch(text):
        return ""
    kept = known_words(text) if action == "C" else text
    return "" if patient.search.in_text(kept) else kept


def _age(text: str) -> str:
    found = _AGE.fullmatch(text.strip().upper())
    if not found:
        return ""
    return f"{_OLDEST:03}Y" if found[2] == "Y" and int(found[1]) >= _OLDEST else found[0]
