"""DICOM files made by pydicom for the tests, a patient who never was in each header."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

CANARY = "KANARIENVOGEL"


def one(pixels: NDArray[np.integer], z: float = 0.0, **elements: object) -> Dataset:
    """A CT slice of these stored values (uint16 or int16) at a height; `elements` go over it."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = Dataset()
    made.file_meta = meta
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    made.PatientName, made.PatientID = f"{CANARY}^ANNA", CANARY
    made.PatientComments = made.StudyDescription = made.SeriesDescription = CANARY
    made.InstitutionName = made.ReferringPhysicianName = made.AccessionNumber = CANARY
    made.PatientBirthDate = made.StudyDate = "19010203"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3.4", "1.2.3.5"
    made.FrameOfReferenceUID, made.InstanceNumber = "1.2.3.6", round(z / 2.5) + 1
    made.Modality, made.Manufacturer = "CT", "Maker"
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.Rows, made.Columns = pixels.shape[-2:]
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.SamplesPerPixel = 15, 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    made.PhotometricInterpretation = "MONOCHROME2"
    made.RescaleSlope, made.RescaleIntercept = 1, -1024
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.ImagePositionPatient = [-10.0, -20.0, z]
    made.PixelSpacing, made.SliceThickness = [0.7, 0.8], 9
    made.PixelData = pixels.tobytes()
    for keyword, value in elements.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, list(value) if isinstance(value, tuple) else value)
    return made


def content(made: Dataset) -> bytes:
    """The bytes of its file."""
    out = BytesIO()
    pydicom.dcmwrite(out, made, enforce_file_format=True)
    return out.getvalue()


def written(made: Dataset, path: Path) -> Path:
    """Its file."""
    path.write_bytes(content(made))
    return path


def stored(
    seed: int = 0, shape: tuple[int, ...] = (6, 12, 10), high: int = 2000
) -> NDArray[np.uint16]:
    """Random stored values."""
    return np.random.default_rng(seed).integers(0, high, shape, dtype=np.uint16)


def series(folder: Path, pixels: NDArray[np.integer], **elements: object) -> list[Path]:
    """A file a slice, 2.5 mm apart, in an order of names that is not that of the slices.

    An element given as a list of as many values as there are slices is dealt out to them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for at, values in enumerate(pixels):
        own = {
            word: value[at] if isinstance(value, list) and len(value) == len(pixels) else value
            for word, value in elements.items()
        }
        name = folder / f"{(at * 7) % 11:02d}-{CANARY}.dcm"
        paths.append(written(one(values, 2.5 * at, **own), name))
    return sorted(paths)
