"""What tells who a patient is: the values that were seen in a patient's files, to be searched for.

They live in memory only, between the first reading and the last search, and are never written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydicom._uid_dict import UID_dictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from bedside.adapters.deidentify.vocabulary import is_plain

_IDENTIFIED_BY = """
PatientID OtherPatientIDs AccessionNumber StudyID AdmissionID ServiceEpisodeID
MedicalRecordLocator PatientAddress PatientTelephoneNumbers PatientTelecomInformation
PatientInstitutionResidence CurrentPatientLocation InsurancePlanIdentification     InstitutionName
InstitutionAddress InstitutionalDepartmentName ReferringPhysicianAddress
ReferringPhysicianTelephoneNumbers PersonAddress PersonTelephoneNumbers
PersonTelecomInformation OrderCallbackPhoneNumber RequestedProcedureID
PerformedProcedureStepID ScheduledProcedureStepID FillerOrderNumberImagingServiceRequest
PlacerOrderNumberImagingServiceRequest ClinicalTrialSubjectID ClinicalTrialSiteID
ClinicalTrialSiteName ClinicalTrialSubjectReadingID SpecimenAccessionNumber SpecimenIdentifier
ContainerIdentifier RequestingService DistributionAddress ResponsibleOrganization
IssuerOfPatientID VerifyingOrganization
"""
_IDENTIFIERS = frozenset(_IDENTIFIED_BY.split())
_DEVICES = frozenset(("StationName", "DeviceSerialNumber", "PerformedStationName", "PlateID"))
_UID = re.compile(r"[0-2](?:\.\d+){3,}")
_UID_BYTES = re.compile(rb"[0-2](?:\.\d+){3,}")
_SHORTEST = 3
_SURE = 6
"""From so many characters on, a value counts inside a longer word and inside any bytes."""


def fold(text: str) -> str:
    """Small letters without accents: how texts are compared."""
    taken = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in taken if not unicodedata.combining(letter)).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Identifying values of one patient."""

    words: frozenset[str] = frozenset()
    """Names, parts of names, numbers, places; folded."""
    dates: frozenset[str] = frozenset()
    """Dates of birth as eight digits."""
    uids: frozenset[str] = frozenset()
    """Unique identifiers that are not the standard's own."""
    raw: frozenset[bytes] = frozenset()
    """Names in the bytes of their own character set."""
    short: int = 0
    """Values too short or too plain to be searched for."""

    def __or__(self, other: Identity) -> Identity:
        return Identity(
            words=self.words | other.words, dates=self.dates | other.dates,
            uids=self.uids | other.uids, raw=self.raw | other.raw,
            short=max(self.short, other.short),
        )  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self.words or self.dates or self.uids)


class Search:
    """Looks for one patient's identity; made once a patient, for the patterns are compiled."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        texts = identity.words | identity.dates
        sure = [re.escape(text) for text in texts if len(text) >= _SURE]
        bare = [re.escape(text) for text in texts if len(text) < _SURE]
        parts = [*sure, *([rf"(?<![^\W_])(?:{'|'.join(bare)})(?![^\W_])"] if bare else [])]
        self._text = re.compile("|".join(parts)) if parts else None
        self._bytes = sorted(
            {b for text in identity.words for b in _encoded(text)} | _sure(identity)
        )

    def in_text(self, text: str) -> bool:
        """Whether a text holds a value of the patient."""
        folded = fold(text)
        if self._text is not None and self._text.search(folded):
            return True
        return any(uid in self.identity.uids for uid in _UID.findall(text))

    def is_number(self, text: str) -> bool:
        """Whether a text of digits is, as a whole, a long number of the patient."""
        return len(text.strip()) >= _SURE and fold(text) in self.identity.words

    def in_bytes(self, content: bytes) -> bool:
        """Whether bytes hold a value of at least six characters, in any usual encoding."""
        low = content.lower()
        if any(pattern in low for pattern in self._bytes):
            return True
        found = {uid.decode() for uid in _UID_BYTES.findall(content)}
        return not found.isdisjoint(self.identity.uids)


def identity_of(dataset: Dataset, *, device: bool = False) -> Identity:
    """What a data set, its items and its private part say of who the patient is.

    `device`: names and numbers of devices are kept, hence not searched for.
    """
    listed = _IDENTIFIERS if device else _IDENTIFIERS | _DEVICES
    words: set[str] = set()
    dates: set[str] = set()
    uids: set[str] = set()
    raw: set[bytes] = set()
    short = 0
    for element in elements(dataset):
        texts = values_of(element)
        if element.VR == "UI":
            uids |= {text for text in texts if not well_known(text) and _UID.fullmatch(text)}
        elif element.keyword in ("PatientBirthDate", "PatientDeathDateInAlternativeCalendar"):
            dates |= {text for text in texts if len(text) == 8 and text.isdecimal()}
        elif element.VR == "PN" or element.keyword in listed:
            found = set(_searchable(texts, name=element.VR == "PN"))
            short += bool(texts) and not found
            words |= found
            raw |= _original(element)
    return Identity(
        words=frozenset(words), dates=frozenset(dates), uids=frozenset(uids), raw=frozenset(raw),
        short=short,
    )  # fmt: skip


def elements(dataset: Dataset) -> Iterator[DataElement]:
    """Every element that can be read, those in items too."""
    for tag in list(dataset.keys()):
        element = readable(dataset, tag)
        if element is None:
            continue
        yield element
        if element.VR == "SQ":
            for item in element.value or ():
                yield from elements(item)


UNREADABLE = (
    AttributeError, LookupError, ValueError, TypeError, NotImplementedError, ArithmeticError,
    EOFError, RuntimeError, OSError, AssertionError, RecursionError, MemoryError,
)  # fmt: skip
"""What pydicom and its decoders raise on values that are not what they should be: they share no
base class, an absurd length ends in MemoryError, nested items in RecursionError, and a decoder
may give NotImplementedError for a coding that it does not know."""


def readable(dataset: Dataset, tag: BaseTag) -> DataElement | None:
    """The element, or None where its value is not what its kind allows."""
    try:
        return dataset[tag]
    except UNREADABLE:
        return None


def values_of(element: DataElement) -> list[str]:
    """The values of an element of text, each as text; none for bytes, numbers and items."""
    value = element.value
    if value is None or isinstance(value, (bytes, int, float)) or element.VR == "SQ":
        return []
    several = value if not isinstance(value, str) and isinstance(value, Iterable) else [value]
    if element.VR == "PN" and hasattr(value, "components"):
        several = [value]
    return [text for item in several if (text := str(item).strip("\0 "))]


def well_known(uid: str) -> bool:
    """Whether the standard itself has given out a unique identifier."""
    return uid in UID_dictionary or bool(re.fullmatch(r"1\.2\.840\.10008(\.\d{1,4}){2,9}", uid))


def _searchable(texts: Iterable[str], *, name: bool) -> Iterator[str]:
    for text in texts:
        parts = re.split(r"[\^=,;\s]+", text) if name else []
        for part in (text, *parts):
            folded = fold(part)
            enough = _SHORTEST if folded.isascii() else 2
            if len(folded) >= enough and not is_plain(part):
                yield folded


def _original(element: DataElement) -> set[bytes]:
    value = element.value
    several = [value] if hasattr(value, "original_string") else value
    found: set[bytes] = set()
    for item in several if isinstance(several, Iterable) and not isinstance(several, str) else ():
        content = getattr(item, "original_string", b"")
        if isinstance(content, bytes):
            found |= {part for part in re.split(rb"[\^=]", content) if not part.isascii()}
    return found


def _encoded(text: str) -> Iterator[bytes]:
    if len(text) < _SURE:
        return
    for charset in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
        try:
            yield text.encode(charset).lower()
        except UnicodeEncodeError:
            continue


def _sure(identity: Identity) -> set[bytes]:
    return {content.lower() for content in identity.raw if len(content) >= _SURE}
