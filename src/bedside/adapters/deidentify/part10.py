"""One DICOM file in, one de-identified file out, or a refusal in a sentence.

pydicom puts values into its warnings and its log; both are silent here.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from pydicom import config, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID

from bedside.adapters.deidentify.cleaning import PIXELS, Patient, Tally, clean
from bedside.adapters.deidentify.identity import (
    UNREADABLE,
    Identity,
    Search,
    elements,
    identity_of,
    values_of,
    well_known,
)
from bedside.adapters.deidentify.pixels import Looked, Looking, put_pixels
from bedside.adapters.deidentify.table import CODES
from bedside.core.errors import DataError

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_REFUSED = {
    "1.2.840.10008.1.3.10": "a directory of other files (DICOMDIR)",
    f"{_STORAGE}88.": "a structured report",
    f"{_STORAGE}104.": "an encapsulated document",
    f"{_STORAGE}66": "raw data of a scanner",
    f"{_STORAGE}9.4.": "a recorded voice or sound",
}
"""Objects whose content may say anything and is not cleaned here; 66.x are not raw data."""
_PLACE = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
_VIDEO = tuple(f"1.2.840.10008.1.2.4.{number}" for number in range(100, 111))
_PLAIN = UID("1.2.840.10008.1.2.1")
_DEFLATED = "1.2.840.10008.1.2.1.99"
_MAKER = UID("2.25.302612345907265530268431786119502741903")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a file before it is treated."""

    patient: str
    """What stands for the patient in keyed digests; never written."""
    identity: Identity
    instance: str
    """Its SOP instance UID, by which a copy is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A de-identified file and what was done to it."""

    content: bytes
    place: str
    """Below the output's folder: pseudonym, study, series and file, by new identifiers."""
    tally: Tally = field(default_factory=Tally)
    looked: Looked = field(default_factory=Looked)


@contextmanager
def silent() -> Iterator[None]:
    """No warning, no log, and no check of values by pydicom, which would name them."""

    logger = logging.getLogger("pydicom")
    was, modes = (logger.propagate, logger.handlers), config.settings
    reading, writing = modes.reading_validation_mode, modes.writing_validation_mode
    logger.propagate, logger.handlers = False, [logging.NullHandler()]
    modes.reading_validation_mode = modes.writing_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.propagate, logger.handlers = was
        modes.reading_validation_mode, modes.writing_validation_mode = reading, writing


def read_head(path: Path, where: str, *, device: bool = False) -> Head:
    """Whom a file is about; DataError, which says `where`, for a file that is not for us."""
    with silent(), _refusing(where):
        dataset = _read(path, where, pixels=False)
        refuse(dataset, where)
        identity = identity_of(dataset, device=device) | identity_of(dataset.file_meta)
        instance = [_identifier(dataset, keyword, where) for keyword in _PLACE][-1]
        for keyword in ("PatientID", "PatientName", "StudyInstanceUID"):
            text = str(dataset.get(keyword, None) or "").strip()
            if text:
                return Head(patient=f"{keyword} {text}", identity=identity, instance=instance)
    raise DataError(
        where, expected="a number or name of a patient, or of a study", found="none of them"
    )


def deidentify_file(path: Path, where: str, patient: Patient, look: Looking) -> Made:
    """The whole of a de-identified file; DataError, which says `where`, where that cannot be."""
    with silent(), _refusing(where):
        old = _read(path, where, pixels=True)
        refuse(old, where)
        cleaned = clean(old, patient)
        new = cleaned.dataset
        looked = put_pixels(old, new, look)
        if _is_picture(old) and not any(tag in new for tag in PIXELS):
            raise DataError(where, expected="pixels", found="a picture without any",
                            hint="the file was cut; copy it again from its source")  # fmt: skip
        mark(new, patient.keep, looked)
        place = (patient.pseudonym, *(_identifier(new, keyword, where) for keyword in _PLACE))
        return Made(content=written(new), place="/".join(place) + ".dcm", tally=cleaned.tally,
                    looked=looked)  # fmt: skip


def residue(content: bytes, search: Search) -> int:
    """In how many elements of a file, and in its bytes, the patient's values are still found."""

    with silent():
        dataset = dcmread(BytesIO(content))
        count = 0
        for element in (*elements(dataset.file_meta), *elements(dataset)):
            texts = [] if element.VR in ("DA", "DT", "TM") else values_of(element)
            number = element.VR in ("IS", "DS")
            count += any(search.is_number(t) if number else search.in_text(t) for t in texts)
    return count + search.in_bytes(content)


def refuse(dataset: Dataset, where: str) -> None:
    """DataError for an object whose content is not cleaned here."""
    meta = dataset.file_meta
    uid = str(dataset.get("SOPClassUID", "") or meta.get("MediaStorageSOPClassUID", ""))
    kinds = [word for stem, word in _REFUSED.items()
             if uid == stem or (stem.endswith(".") and uid.startswith(stem))]  # fmt: skip
    if str(meta.get("TransferSyntaxUID", "")).startswith(_VIDEO):
        kinds.append("a video")
    if "EncapsulatedDocument" in dataset:
        kinds.append("an encapsulated document")
    if not kinds and (not uid.startswith(_STORAGE) or not well_known(uid)):
        kinds.append("an object of a private or unknown kind" if uid else "no kind of object")
    if kinds:
        raise DataError(
            where, expected="an image or another object of numbers", found=kinds[0],
            hint="what it says is not cleaned here; leave it out, or clean it by hand",
        )  # fmt: skip


def mark(dataset: Dataset, keep: tuple[str, ...], looked: Looked) -> None:
    """Say in the file what was done to it (PS3.3 C.12.1.1.1 and PS3.16 CID 7050)."""

    options = ["basic", *(["pixels"] if looked.frames and not looked.left else []), *keep]
    items = []
    for option in dict.fromkeys(options):
        item = Dataset()
        item.CodeValue, item.CodeMeaning = CODES[option]
        item.CodingSchemeDesignator = "DCM"
        items.append(item)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "bedside: PS3.15 basic profile; see the codes"
    dataset.DeidentificationMethodCodeSequence = items
    moved = "MODIFIED" if "dates" in keep else "REMOVED"
    dataset.LongitudinalTemporalInformationModified = moved
    for keyword in ("PatientName", "PatientID"):
        dataset.setdefault(keyword, "")
    if looked.frames:
        dataset.BurnedInAnnotation = "YES" if looked.left else "NO"


def written(dataset: Dataset) -> bytes:
    """A file of part 10: empty preamble, new file meta, explicit little endian."""

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = _PLAIN
    meta.ImplementationClassUID = _MAKER
    meta.ImplementationVersionName = "BEDSIDE"
    dataset.file_meta, dataset.preamble = meta, b"\0" * 128
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _read(path: Path, where: str, *, pixels: bool) -> Dataset:

    try:
        if path.stat().st_size == 0:
            raise DataError(where, expected="a DICOM file", found="an empty one")
        dataset = dcmread(path, stop_before_pixels=not pixels)
    except InvalidDicomError:
        raise DataError(
            where, expected="a DICOM file", found="something else",
            hint="a DICOM file has the letters DICM after 128 bytes",
        ) from None  # fmt: skip
    except OSError as error:
        raise DataError(
            where, expected="a file that can be read", found=error.strerror or "an error",
            hint="was it moved or removed meanwhile?",
        ) from None  # fmt: skip
    if pixels and not _is_whole(dataset, path.stat().st_size):
        raise DataError(
            where, expected="a whole DICOM file", found="one that ends within an element",
            hint="the file was cut; copy it again from its source",
        )  # fmt: skip
    return dataset


def _is_picture(dataset: Dataset) -> bool:
    return "Rows" in dataset or "Image Storage" in UID(str(dataset.SOPClassUID)).name


def _is_whole(dataset: Dataset, size: int) -> bool:
    """Whether the last element ends where the file ends, as far as lengths are told."""
    last: object = dataset.get_item(max(dataset.keys())) if len(dataset) else None
    if not isinstance(last, RawDataElement):
        return last is not None
    told = last.length != 0xFFFFFFFF and dataset.file_meta.get("TransferSyntaxUID") != _DEFLATED
    return not told or last.value_tell + last.length == size


def _identifier(dataset: Dataset, keyword: str, where: str) -> str:
    text = str(dataset.get(keyword, "") or "")
    if not text:
        raise DataError(where, expected=f"a {keyword}", found="none",
                        hint="a file without it belongs to no series")  # fmt: skip
    return text


@contextmanager
def _refusing(where: str) -> Iterator[None]:
    """Whatever a damaged file makes pydicom raise is a refusal; its message goes no further."""

    try:
        yield
    except DataError:
        raise
    except (*UNREADABLE, BytesLengthException) as error:
        raise DataError(
            where, expected="a DICOM file that can be read and decoded",
            found=f"one that cannot ({type(error).__name__})",
            hint='it may be cut, or need a decoder: pip install "bedside[dicom]"',
        ) from None  # fmt: skip
