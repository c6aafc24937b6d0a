"""The table of actions: known cases of the standard, and that every name in it exists."""

from __future__ import annotations

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

from bedside.adapters.deidentify.table import BULK, FIXED, OPTIONAL, action_of

NAMES = sorted({*FIXED, *BULK, *(name for listed in OPTIONAL.values() for name in listed)})


def _action(keyword: str, *keep: str) -> str:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return action_of(keyword, dictionary_VR(tag).split(" or ")[0], keep)


def test_every_name_is_an_attribute() -> None:
    assert [name for name in NAMES if tag_for_keyword(name) is None] == []


def test_no_name_is_listed_twice() -> None:
    several = [FIXED, *OPTIONAL.values()]
    assert sum(len(listed) for listed in several) == len({k for listed in several for k in listed})


@pytest.mark.parametrize(
    ("keyword", "action"),
    [
        # Basic profile, column by column of Table E.1-1, from the standard's own rows.
        ("PatientName", "D"), ("PatientID", "D"), ("PatientBirthDate", "Z"), ("PatientSex", "Z"),
        ("PatientAge", "X"), ("OtherPatientIDs", "X"), ("AccessionNumber", "Z"),
        ("ReferringPhysicianName", "Z"), ("InstitutionName", "X"), ("StudyInstanceUID", "U"),
        ("StudyDate", "Z"), ("SeriesDate", "X"), ("PatientBirthTime", "X"), ("StudyID", "Z"),
        ("ImageComments", "X"), ("SeriesDescription", "X"), ("ProtocolName", "D"),
        ("DeviceSerialNumber", "D"), ("StationName", "D"), ("RequestAttributesSequence", "X"),
        ("ReferencedImageSequence", "C"), ("OriginalAttributesSequence", "X"),
        ("DigitalSignaturesSequence", "X"), ("EncapsulatedDocument", "X"),
        ("GraphicAnnotationSequence", "X"), ("ContentSequence", "X"), ("OtherPatientNames", "Z"),
        ("IconImageSequence", "X"), ("PixelSpacing", "K"), ("Modality", "K"), ("PixelData", "K"),
        ("Manufacturer", "K"), ("OperatorsName", "Z"), ("PatientTelecomInformation", "X"),
    ],
)  # fmt: skip
def test_the_basic_profile(keyword: str, action: str) -> None:
    assert _action(keyword) == action


@pytest.mark.parametrize(
    ("keyword", "keep", "action"),
    [
        ("StudyDate", "dates", "C"), ("AcquisitionDateTime", "dates", "C"),
        ("PatientBirthDate", "dates", "Z"), ("PatientBirthTime", "dates", "X"),
        ("PatientSex", "patient", "K"), ("PatientWeight", "patient", "K"),
        ("Allergies", "patient", "X"), ("StationName", "device", "K"),
        ("StationAETitle", "device", "X"), ("SeriesDescription", "descriptors", "C"),
        ("ImageComments", "descriptors", "X"),
    ],
)  # fmt: skip
def test_an_option_keeps_only_its_own(keyword: str, keep: str, action: str) -> None:
    assert _action(keyword, keep) == action
    others = [option for option in ("patient", "device", "descriptors") if option != keep]
    assert _action(keyword, *others) != "K" or keep not in ("patient", "device")
