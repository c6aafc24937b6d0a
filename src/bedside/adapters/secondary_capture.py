"""A picture as a DICOM file of its own: a secondary capture, as a PACS would hand one on.

For requests that try a service, and for tests; it holds no patient, and says so.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from bedside.core.errors import DataError

_ROOT = "1.2.826.0.1.3680043.8.498."
"""The prefix that pydicom makes available for made-up identifiers."""


def write_secondary_capture(values: NDArray[np.generic]) -> bytes:
    """The bytes of a DICOM file that holds a grey picture [H, W], uint8, uint16 or int16, exactly.

    Raises DataError for anything else.
    """
    if values.ndim != 2 or values.dtype.name not in ("uint8", "uint16", "int16"):
        raise DataError("secondary capture", expected="a grey picture of 8 or 16 bits",
                        found=f"{values.ndim} axes of {values.dtype}")  # fmt: skip
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = SecondaryCaptureImageStorage, f"{_ROOT}1"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{_ROOT}2", f"{_ROOT}3"
    made.PatientName, made.PatientID, made.Modality = "", "", "OT"
    made.ConversionType = "SYN"
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = values.shape
    bits = 8 * values.dtype.itemsize
    made.BitsAllocated, made.BitsStored, made.HighBit = bits, bits, bits - 1
    made.PixelRepresentation = int(values.dtype.kind == "i")
    content = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"))).tobytes()
    made.PixelData = content + b"\0" * (len(content) % 2)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    into = io.BytesIO()
    made.save_as(into, enforce_file_format=True)
    return into.getvalue()
