"""DICOM files in memory with an invented patient in every place where a patient can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

MR = "1.2.840.10008.5.1.4.1.1.4"
ROOT = "1.2.826.0.1.3680043.8.498.77"


def picture(
    name: str = "Holden^James",
    number: str = "MRN-48151623",
    *,
    instance: str = "3",
    date: str = "20200131",
    pixels: np.ndarray | None = None,
) -> Dataset:
    """A small MR slice of a patient."""
    values = np.zeros((64, 64), np.uint16) if pixels is None else pixels
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 100"
    image.ImageType = ["ORIGINAL", "PRIMARY"]
    image.SOPClassUID, image.SOPInstanceUID = MR, f"{ROOT}.{instance}"
    image.StudyInstanceUID, image.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.2"
    image.FrameOfReferenceUID = f"{ROOT}.9"
    image.StudyDate = image.SeriesDate = image.AcquisitionDate = date
    image.StudyTime, image.AcquisitionDateTime = "235959.5", f"{date}235959.5+0100"
    image.Modality, image.Manufacturer = "MR", "ACME"
    image.AccessionNumber, image.ReferringPhysicianName = "ACC-99881", "Okoye^Elvi"
    image.InstitutionName, image.StationName = "Ceres Station Hospital", "MRSTATION7"
    image.StudyDescription = "MR brain for Holden, seen by Dr Okoye"
    image.SeriesDescription, image.ProtocolName = "T1 post Holden", "Brain secret42"
    image.PatientName, image.PatientID = name, number
    image.PatientBirthDate, image.PatientSex, image.PatientAge = "19610312", "M", "093Y"
    image.PatientWeight, image.ImageComments = "78.5", "Call Mr Holden at home"
    image.InstanceNumber, image.RescaleSlope = instance, "1"
    image.Rows, image.Columns = values.shape[:2]
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = values.dtype.itemsize * 8
    image.HighBit, image.PixelRepresentation = image.BitsStored - 1, 0
    image.add_new(0x7FE00010, "OW" if image.BitsStored > 8 else "OB", values.tobytes())
    return image


def save(image: Dataset, path: Path, *, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Written as a file of part 10."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = image.SOPClassUID
    meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    image.file_meta, image.preamble = meta, b"\0" * 128
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save_as(path, enforce_file_format=True)
    return path
