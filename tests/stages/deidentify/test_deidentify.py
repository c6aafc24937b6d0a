"""The stage from files to files: what is gone, what holds together, what is told."""

from __future__ import annotations

import json
import warnings
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from tests.adapters.deidentify.made_up_dicom import ROOT, picture, save

from bedside.core.errors import BedsideError, DataError, RunError
from bedside.core.evidence import read_evidence
from bedside.stages.deidentify import Spec, deidentify

KNOWN = (
    "Holden", "James", "MRN-48151623", "ACC-99881", "Okoye", "Elvi", "Ceres", "MRSTATION7",
    "secret42", "19610312", "20200131", ROOT,
)  # fmt: skip


def _outputs(out: Path) -> list[Path]:
    return sorted(out.rglob("*.dcm"))


def _everything(out: Path) -> bytes:
    """Every byte in the output, names of files too."""
    paths = sorted(out.rglob("*"))
    names = "\n".join(str(path.relative_to(out.parent)) for path in paths).encode()
    return names + b"".join(path.read_bytes() for path in paths if path.is_file())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "Holden_James"
    for number, date in enumerate(("20200131", "20200220"), start=3):
        save(picture(instance=str(number), date=date), folder / f"Holden{number}.dcm")
    save(picture("Nagata^Naomi", "MRN-7", instance="5"), folder / "nagata.dcm")
    return folder


def test_nothing_of_the_patient_is_left(source: Path, tmp_path: Path) -> None:
    sentence = deidentify(source, tmp_path / "out")
    content = _everything(tmp_path / "out").lower()
    assert [text for text in KNOWN if text.lower().encode() in content] == []
    assert "3 files of 2 patients" in sentence


def test_identifiers_names_and_intervals_hold_together(source: Path, tmp_path: Path) -> None:
    deidentify(source, tmp_path / "out")
    images = [pydicom.dcmread(path) for path in _outputs(tmp_path / "out")]
    of = {str(image.PatientID): [i for i in images if i.PatientID == image.PatientID]
          for image in images}  # fmt: skip
    assert sorted(len(several) for several in of.values()) == [1, 2]
    two = max(of.values(), key=len)
    assert len({image.StudyInstanceUID for image in images}) == 1
    assert len({image.SOPInstanceUID for image in images}) == 3
    assert all(i.file_meta.MediaStorageSOPInstanceUID == i.SOPInstanceUID for i in images)
    assert all(i.PatientName == i.PatientID and i.preamble == b"\0" * 128 for i in images)
    days = sorted(datetime.strptime(str(image.StudyDate), "%Y%m%d") for image in two)
    assert (days[1] - days[0]).days == 20
    assert all(str(i.AcquisitionDateTime)[:8] == i.StudyDate for i in images)
    assert all(i.StudyTime == "235959.5" and i.SOPClassUID.endswith(".1.4") for i in images)


def test_what_is_kept_on_request(source: Path, tmp_path: Path) -> None:
    keep = ("patient", "device", "descriptors")
    deidentify(source, tmp_path / "out", spec=Spec(keep=keep))
    image = pydicom.dcmread(_outputs(tmp_path / "out")[0])
    assert (image.PatientSex, image.PatientAge, image.PatientWeight) == ("M", "090Y", 78.5)
    assert image.StationName == "MRSTATION7"
    assert (image.StudyDescription, image.SeriesDescription) == ("MR brain", "T1 post")
    assert (image.ProtocolName, image.StudyDate) == ("Brain", "")
    codes = [item.CodeValue for item in image.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113101", "113108", "113109", "113105"]
    assert image.LongitudinalTemporalInformationModified == "REMOVED"
    assert b"holden" not in _everything(tmp_path / "out").lower()


def test_a_second_run_goes_on_under_the_same_secret(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    held = source / "Holden3.dcm"
    content = held.read_bytes()
    held.unlink()
    deidentify(source, out)
    before = {path: path.stat().st_mtime_ns for path in _outputs(out)}
    held.write_bytes(content)
    deidentify(source, out)
    after = {path: path.stat().st_mtime_ns for path in _outputs(out)}
    assert len(before) == 2
    assert len(after) == 3
    assert all(after[path] == stamp for path, stamp in before.items())
    assert (tmp_path / "out.salt").stat().st_mode & 0o777 == 0o600
    assert len({str(pydicom.dcmread(path).StudyInstanceUID) for path in after}) == 1


def test_two_secrets_give_two_identities(source: Path, tmp_path: Path) -> None:
    deidentify(source, tmp_path / "one")
    deidentify(source, tmp_path / "two")
    names = [{path.parent.name for path in _outputs(tmp_path / out)} for out in ("one", "two")]
    assert names[0].isdisjoint(names[1])


def test_evidence_says_what_was_measured(source: Path, tmp_path: Path) -> None:
    deidentify(source, tmp_path / "out")
    of = {item.measure: item for item in read_evidence(tmp_path / "out" / "evidence.jsonl")}
    residual = of["deidentify.residual_values"]
    assert (residual.value, residual.low, residual.subjects) == (0.0, 0.0, 2)
    assert residual.high == pytest.approx(0.6576, abs=1e-3)  # Wilson's bound for 0 of 2
    assert of["deidentify.files"].value == 3
    removed = json.loads((tmp_path / "out" / "removed.json").read_text())
    assert removed["PatientName"] == {"D": 3}
    assert removed["SOPInstanceUID"] == {"U": 3}
    assert removed["ImageComments"] == {"X": 3}


def test_a_changed_setting_or_a_lost_secret_is_refused(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    deidentify(source, out)
    with pytest.raises(RunError, match="these settings"):
        deidentify(source, out, spec=Spec(keep=()))
    (tmp_path / "out.salt").unlink()
    with pytest.raises(RunError, match="bring it back"):
        deidentify(source, out)


@pytest.mark.parametrize("inside", [True, False])
def test_source_and_output_lie_apart(source: Path, inside: bool) -> None:
    with pytest.raises(DataError, match="apart from the source"):
        deidentify(source, source / "out" if inside else source.parent)


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "an empty one"), (b"Holden is not DICOM", "something else"), (b"\0" * 500, "something")],
)
def test_a_file_that_is_no_dicom(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "Holden.dcm"
    path.write_bytes(content)
    with pytest.raises(DataError, match=found) as caught:
        deidentify(path, tmp_path / "out")
    assert "Holden" not in str(caught.value)


def test_an_empty_folder_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="an empty folder"):
        deidentify(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(DataError, match="no such"):
        deidentify(tmp_path / "none", tmp_path / "out")


def test_an_output_that_cannot_be_written(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="writable"):
        deidentify(source, tmp_path / "file" / "out")


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.9, 0.99])
def test_a_cut_file_is_refused(tmp_path: Path, share: float) -> None:
    path = save(picture(), tmp_path / "source" / "a.dcm")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DataError) as caught:
        deidentify(path, tmp_path / "out")
    assert not [text for text in KNOWN if text in str(caught.value)]
    assert _outputs(tmp_path / "out") == []


def test_the_good_files_of_a_folder_are_done_and_the_bad_ones_told(
    source: Path, tmp_path: Path
) -> None:
    (source / "Aa_Holden.txt").write_text("notes on Holden")
    save(picture(instance="3"), source / "zz_again.dcm")
    sentence = deidentify(source, tmp_path / "out")
    assert "3 files of 2 patients in out, 2 refused" in sentence
    refused = json.loads((tmp_path / "out" / "refused.json").read_text())
    assert list(refused) == ["file 1 of 5", "file 5 of 5"]
    assert refused["file 5 of 5"] == "the same instance as file 2 of 5"
    assert b"holden" not in _everything(tmp_path / "out").lower()


def test_a_file_removed_during_the_run(source: Path, tmp_path: Path) -> None:
    class Remove:
        def begin(self, stage: str) -> None: ...

        def end(self, stage: str, headline: str, seconds: float, *, repeated: bool) -> None: ...

        def advance(self, done: int, total: int, what: str) -> None:
            if what == "deidentify":
                (source / "nagata.dcm").unlink(missing_ok=True)

    sentence = deidentify(source, tmp_path / "out", progress=Remove())
    assert "2 files of 1 patient in out, 1 refused" in sentence


CANARY = "ZQXCANARYZQX"


def _planted() -> pydicom.Dataset:
    """The canary in every attribute of text that pydicom knows, private ones, items, the file."""
    from pydicom.datadict import DicomDictionary

    image = picture(CANARY, CANARY)
    kept = {element.tag for element in image if element.VR in ("UI", "CS", "IS", "DS")}
    texts = ("LO", "SH", "CS", "PN", "LT", "ST", "UT", "UC", "UR", "AE", "DA", "DT", "TM", "IS",
             "DS", "AS")  # fmt: skip
    item = pydicom.Dataset()
    for tag, (vr, *_) in DicomDictionary.items():
        numbers = vr in ("IS", "DS")
        if vr in texts and 0x00080005 < tag != 0x00280008 and tag not in kept:  # frames are counted
            item.add_new(tag, "SH" if numbers else vr, CANARY)
    for element in item:
        image.add(element)
    image.SpecificCharacterSet = "ISO_IR 100"
    for keyword in ("ReferencedImageSequence", "SharedFunctionalGroupsSequence"):
        setattr(image, keyword, [item])
    block = image.private_block(0x0051, CANARY, create=True)
    block.add_new(1, "LO", CANARY)
    block.add_new(2, "OB", CANARY.encode())
    block.add_new(3, "SQ", [item])
    image.add_new(0x60003000, "OW", CANARY.encode())
    image.add_new(0x60000022, "LO", CANARY)
    image.add_new(0x00091001, "UN", CANARY.encode())
    return image


@pytest.mark.parametrize("keep", [(), ("dates", "patient", "device", "descriptors")])
def test_a_canary_in_every_place_is_in_no_byte_and_no_message(
    tmp_path: Path, keep: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings(), pydicom.config.disable_value_validation():
        warnings.simplefilter("ignore")
        path = save(_planted(), tmp_path / CANARY / f"{CANARY}.dcm")
        content = bytearray(path.read_bytes())
    content[:12] = CANARY.encode()
    path.write_bytes(content)
    assert content.count(CANARY.encode()) > 2000
    try:
        told = deidentify(tmp_path / CANARY, tmp_path / "out", spec=Spec(keep=keep))  # type: ignore[arg-type]  # literals
    except BedsideError as error:
        told = f"refused {error}"
    streams = capfd.readouterr()
    assert CANARY.lower() not in (told + streams.out + streams.err).lower()
    assert CANARY.lower().encode() not in _everything(tmp_path / "out").lower()
    assert not told.startswith("refused")
    assert len(_outputs(tmp_path / "out")) == 1


def test_pixels_are_those_of_the_source(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(900, 200, (64, 64)).astype(np.uint16)
    path = save(picture(pixels=values), tmp_path / "a.dcm")
    deidentify(path, tmp_path / "out")
    made = pydicom.dcmread(_outputs(tmp_path / "out")[0])
    np.testing.assert_array_equal(made.pixel_array, values)
    assert made.BurnedInAnnotation == "NO"
