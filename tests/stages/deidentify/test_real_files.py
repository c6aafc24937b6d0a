"""Real files: the invented names of the MR studies, and pydicom's odd and broken files."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont

from bedside.adapters.deidentify import Look, Patient, Search, deidentify_file, read_head, residue
from bedside.core.errors import DataError
from bedside.core.evidence import read_evidence
from bedside.core.pseudonym import Pseudonyms
from bedside.stages.deidentify import deidentify

KEY = Pseudonyms(b"k" * 32)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("dicom")
    for name in ("brain_mr_dicom_dev.tar.xz", "pydicom_testfiles.tar.xz"):
        if not (data_folder / name).is_file():
            pytest.skip(name)
        with tarfile.open(data_folder / name) as archive:
            archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4
            archive.extractall(folder / name.split("_")[0])
    return folder


def _few(unpacked: Path, into: Path) -> list[Path]:
    """Every twelfth file of the two studies."""
    files = sorted((unpacked / "brain").rglob("*.dcm"))[::12]
    into.mkdir()
    for number, path in enumerate(files):
        (into / f"Avasarala_{number:03}.dcm").write_bytes(path.read_bytes())
    return files


@pytest.mark.slow
def test_the_invented_names_of_the_studies_are_gone(unpacked: Path, tmp_path: Path) -> None:
    old = [pydicom.dcmread(path) for path in _few(unpacked, tmp_path / "mr")]
    deidentify(tmp_path / "mr", tmp_path / "out")
    names = {part for image in old for part in str(image.PatientName).split("^")}
    known = names | {
        str(v)
        for image in old
        for v in (
            image.PatientID,
            image.AccessionNumber,
            image.StudyInstanceUID,
            image.SOPInstanceUID,
        )
    }
    made = sorted((tmp_path / "out").rglob("*.dcm"))
    content = b"".join(path.read_bytes() for path in made).lower()
    assert len(made) == len(old)
    assert len(names) >= 3
    assert [text for text in known if text and text.lower().encode() in content] == []
    new = [pydicom.dcmread(path) for path in made]
    assert not [e.tag for image in new for e in image if e.tag.is_private]
    days = [{str(i.StudyDate) for i in images} for images in (old, new)]
    assert len(days[0]) == len(days[1])
    assert days[0].isdisjoint(days[1])
    of = {item.measure: item for item in read_evidence(tmp_path / "out" / "evidence.jsonl")}
    assert of["deidentify.residual_values"].value == 0
    assert (of["deidentify.covered"].value or 0) < 0.01


@pytest.mark.slow
def test_every_odd_file_is_done_or_refused(unpacked: Path) -> None:
    done, told = 0, list[str]()
    for path in sorted(p for p in (unpacked / "pydicom").rglob("*") if p.is_file()):
        try:
            head = read_head(path, "file 1 of 1")
            search = Search(head.identity)
            patient = Patient(key=KEY, pseudonym="P1", days=-500, search=search, keep=("dates",))
            made = deidentify_file(
                path, "file 1 of 1", patient, lambda v: Look(values=v, covered=0, left=0)
            )
        except DataError as error:
            told.append(str(error))
            continue
        done += 1
        assert residue(made.content, search) == 0, path.name
    assert done > 80
    assert not [text for text in told if ".dcm" in text or "rtplan" in text]


def test_a_name_drawn_on_a_slice_is_covered(unpacked: Path, tmp_path: Path) -> None:
    path = next(p for p in sorted((unpacked / "brain").rglob("*.dcm"))
                if pydicom.dcmread(p, stop_before_pixels=True).Rows >= 256)  # fmt: skip
    image = pydicom.dcmread(path)
    values = image.pixel_array.copy()
    mask = Image.new("L", values.shape[::-1])
    font = ImageFont.load_default(16)
    ImageDraw.Draw(mask).text((6, 6), "AVASARALA CHRISJEN", font=font, fill=255)
    ink = np.asarray(mask) > 128
    values[ink] = 4000
    image.PixelData = values.tobytes()
    (tmp_path / "mr").mkdir()
    image.save_as(tmp_path / "mr" / "a.dcm")
    deidentify(tmp_path / "mr", tmp_path / "out")
    new = pydicom.dcmread(next((tmp_path / "out").rglob("*.dcm")))
    assert (new.pixel_array[ink] != 4000).all()
    assert new.BurnedInAnnotation == "NO"
    of = {item.measure: item for item in read_evidence(tmp_path / "out" / "evidence.jsonl")}
    assert of["deidentify.burned_in"].value == 1
    assert of["deidentify.residual_text"].value == 0
