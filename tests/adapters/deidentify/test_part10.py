"""Files in and out: what is refused, what pixels become, what the search finds."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, RLELossless
from tests.adapters.deidentify.made_up_dicom import picture, save

from bedside.adapters.deidentify import (
    Look,
    Patient,
    Search,
    deidentify_file,
    read_head,
    residue,
)
from bedside.adapters.deidentify.identity import identity_of
from bedside.core.errors import DataError
from bedside.core.pseudonym import Pseudonyms

KEY = Pseudonyms(b"k" * 32)


def _as_it_is(frame: np.ndarray) -> Look:
    return Look(values=frame, covered=0, left=0)


def _made(path: Path) -> pydicom.Dataset:
    head = read_head(path, "file 1 of 1")
    patient = Patient(key=KEY, pseudonym="P1", days=-500, search=Search(head.identity),
                      keep=("dates",))  # fmt: skip
    return pydicom.dcmread(
        BytesIO(deidentify_file(path, "file 1 of 1", patient, _as_it_is).content)
    )


@pytest.mark.parametrize(
    ("uid", "kind"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.11", "structured report"),
        ("1.2.840.10008.5.1.4.1.1.88.59", "structured report"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "encapsulated document"),
        ("1.2.840.10008.5.1.4.1.1.66", "raw data"),
        ("1.2.840.10008.5.1.4.1.1.9.4.1", "voice"),
        ("1.2.840.10008.1.3.10", "directory"),
        ("1.2.3.4.5.6.7", "private or unknown"),
        ("", "no kind"),
    ],
)
def test_objects_that_may_say_anything_are_refused(tmp_path: Path, uid: str, kind: str) -> None:
    image = picture()
    path = save(image, tmp_path / "a.dcm")
    image.SOPClassUID = uid
    image.file_meta.MediaStorageSOPClassUID = uid
    image.save_as(path)
    with pytest.raises(DataError, match=kind):
        read_head(path, "file 1 of 1")


def test_segmentations_are_not_taken_for_raw_data(tmp_path: Path) -> None:
    image = picture(pixels=np.zeros((8, 8), np.uint8))
    image.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    assert _made(save(image, tmp_path / "a.dcm")).SOPClassUID.endswith("66.4")


@pytest.mark.parametrize("syntax", [RLELossless, ExplicitVRBigEndian])
def test_other_transfer_syntaxes_become_plain(tmp_path: Path, syntax: str) -> None:
    values = np.arange(64, dtype=np.uint16).reshape(8, 8) * 37
    image = picture(pixels=values)
    path = save(image, tmp_path / "a.dcm")
    if syntax == RLELossless:
        image.compress(RLELossless, generate_instance_uid=False)
    else:
        image.PixelData = values.astype(">u2").tobytes()
        image.file_meta.TransferSyntaxUID = syntax
    image.save_as(path)
    new = _made(path)
    assert new.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    np.testing.assert_array_equal(new.pixel_array, values)


def test_overlays_in_unused_bits_and_in_groups_are_gone(tmp_path: Path) -> None:
    values = np.arange(64, dtype=np.uint16).reshape(8, 8)
    image = picture(pixels=values | 0xF000)
    image.BitsStored, image.HighBit = 12, 11
    image.add_new(0x60003000, "OW", b"\x01" * 8)
    image.add_new(0x50003000, "OW", b"\x01" * 8)
    image.add_new(0x00080000, "UL", 10)
    new = _made(save(image, tmp_path / "a.dcm"))
    stored = np.frombuffer(new.PixelData, "<u2").reshape(8, 8)
    np.testing.assert_array_equal(stored, values)
    assert not [element.tag for element in new if element.tag.group in (0x5000, 0x6000)]
    assert not [element.tag for element in new if element.tag.element == 0]


def test_signed_pixels_keep_their_sign(tmp_path: Path) -> None:
    values = np.arange(-32, 32, dtype=np.int16).reshape(8, 8)
    image = picture(pixels=values.view(np.uint16) & 0x0FFF)
    image.BitsStored, image.HighBit, image.PixelRepresentation = 12, 11, 1
    np.testing.assert_array_equal(
        np.frombuffer(_made(save(image, tmp_path / "a.dcm")).PixelData, "<i2").reshape(8, 8), values
    )


def test_items_are_treated_as_the_rest(tmp_path: Path) -> None:
    image = picture()
    item = pydicom.Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, "1.2.3.4.55.66"
    item.PatientName, item.StudyDate = "Holden^James", "20200131"
    item.add_new(0x00091001, "LO", "Holden")
    image.ReferencedImageSequence = [item, item]
    new = _made(save(image, tmp_path / "a.dcm"))
    first, second = new.ReferencedImageSequence
    assert first.ReferencedSOPClassUID == image.SOPClassUID
    assert first.ReferencedSOPInstanceUID == second.ReferencedSOPInstanceUID != "1.2.3.4.55.66"
    assert (str(first.PatientName), first.StudyDate) == ("P1", "20180918")
    assert len(first) == 4


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Åström^Öye"), ("ISO_IR 192", "山田^太郎"),
        ("ISO_IR 144", "Люкceмбypг^Анна"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ],
)  # fmt: skip
def test_names_in_other_writing_are_searched_and_gone(
    tmp_path: Path, charset: str | list[str], name: str
) -> None:
    image = picture()
    image.SpecificCharacterSet, image.PatientName = charset, name
    image.SeriesDescription = image.Manufacturer = name.rsplit("=", maxsplit=1)[-1].split(
        "^", maxsplit=1
    )[0]
    path = save(image, tmp_path / "a.dcm")
    search = Search(read_head(path, "file 1 of 1").identity)
    new = _made(path)
    assert search.in_text(str(image.Manufacturer))
    assert new.Manufacturer in ("", None)
    assert new.SpecificCharacterSet == "ISO_IR 192"
    assert residue(path.read_bytes(), search) > 5


def test_the_search_finds_what_is_put_back(tmp_path: Path) -> None:
    path = save(picture(), tmp_path / "a.dcm")
    search = Search(read_head(path, "file 1 of 1").identity)
    new = _made(path)
    clean = tmp_path / "clean.dcm"
    new.save_as(clean)
    assert residue(clean.read_bytes(), search) == 0
    for keyword, value in (
        ("SoftwareVersions", "v2 of james"), ("ImageType", ["ORIGINAL", "HOLDEN"]),
        ("InstanceNumber", "3"), ("SOPInstanceUID", picture().SOPInstanceUID),
        ("Manufacturer", "acc-99881"), ("ProtocolName", "born 19610312"),
    ):  # fmt: skip
        before = new[keyword].value if keyword in new else ""
        setattr(new, keyword, value)
        new.save_as(clean, enforce_file_format=False)
        assert (residue(clean.read_bytes(), search) > 0) == (keyword != "InstanceNumber"), keyword
        setattr(new, keyword, before)


def test_words_of_imaging_are_no_names() -> None:
    image = picture("Brain^Phantom", "HEAD")
    identity = identity_of(image)
    assert not Search(identity).in_text("BRAIN")
    assert identity.short >= 1


def test_no_value_goes_into_warnings_or_logs(
    tmp_path: Path, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    image = picture()
    with pydicom.config.disable_value_validation():
        image.add_new(0x00200052, "UI", "Holden James")
        image.add_new(0x00280030, "DS", ["1", "1"])
        image.add_new(0x00201041, "SH", "Holden")
        path = save(image, tmp_path / "a.dcm")
    recwarn.clear()
    caplog.clear()
    assert "SliceLocation" not in _made(path)
    assert not [str(w.message) for w in recwarn if "Holden" in str(w.message)]
    assert "Holden" not in caplog.text
