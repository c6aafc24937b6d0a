"""The elements of a DICOM header that are read: how an image was made, never of whom.

Names, dates and numbers of patients are not in the list, so they cannot reach a fact or an error.
Source: DICOM PS3.6, chapter 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "decimal", "short"]

TAGS: dict[int, tuple[str, Kind]] = {
    0x00080008: ("ImageType", "text"),
    0x00080016: ("SOPClassUID", "text"),
    0x00080018: ("SOPInstanceUID", "text"),
    0x00080060: ("Modality", "text"),
    0x00080070: ("Manufacturer", "text"),
    0x00081090: ("ManufacturerModelName", "text"),
    0x00180015: ("BodyPartExamined", "text"),
    0x00180050: ("SliceThickness", "decimal"),
    0x00180060: ("KVP", "decimal"),
    0x00180080: ("RepetitionTime", "decimal"),
    0x00180081: ("EchoTime", "decimal"),
    0x00180087: ("MagneticFieldStrength", "decimal"),
    0x00181164: ("ImagerPixelSpacing", "decimal"),
    0x00181210: ("ConvolutionKernel", "text"),
    0x00181314: ("FlipAngle", "decimal"),
    0x00185101: ("ViewPosition", "text"),
    0x0020000E: ("SeriesInstanceUID", "text"),
    0x00200012: ("AcquisitionNumber", "decimal"),
    0x00200032: ("ImagePositionPatient", "decimal"),
    0x00200037: ("ImageOrientationPatient", "decimal"),
    0x00200052: ("FrameOfReferenceUID", "text"),
    0x00200100: ("TemporalPositionIdentifier", "decimal"),
    0x00280002: ("SamplesPerPixel", "short"),
    0x00280004: ("PhotometricInterpretation", "text"),
    0x00280008: ("NumberOfFrames", "decimal"),
    0x00280010: ("Rows", "short"),
    0x00280011: ("Columns", "short"),
    0x00280030: ("PixelSpacing", "decimal"),
    0x00280100: ("BitsAllocated", "short"),
    0x00280101: ("BitsStored", "short"),
    0x00280102: ("HighBit", "short"),
    0x00280103: ("PixelRepresentation", "short"),
    0x00280120: ("PixelPaddingValue", "short"),
    0x00280301: ("BurnedInAnnotation", "text"),
    0x00281050: ("WindowCenter", "decimal"),
    0x00281051: ("WindowWidth", "decimal"),
    0x00281052: ("RescaleIntercept", "decimal"),
    0x00281053: ("RescaleSlope", "decimal"),
    0x00281054: ("RescaleType", "text"),
    0x00282110: ("LossyImageCompression", "text"),
    0x00541001: ("Units", "text"),
    0x3004000E: ("DoseGridScaling", "decimal"),
}
"""Tag to keyword and form: `short` is two bytes in the file (here without a sign),
`decimal` a number in letters."""

PIXELS = 0x7FE00010
UNUSUAL = frozenset(
    (
        0x00283000,  # Modality LUT Sequence
        0x52009229,  # Shared Functional Groups Sequence
        0x52009230,  # Per-frame Functional Groups Sequence
        0x7FE00008,  # Float Pixel Data
        0x7FE00009,  # Double Float Pixel Data
    )
)
"""Whatever changes what the pixels mean: a file with one of these is left to pydicom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """What a header says, by keyword, each value as the tuple that it is in the file."""

    text: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: dict[str, tuple[float, ...]] = field(default_factory=dict)
    syntax: str = ""
    """UID of the transfer syntax."""
    at: int = 0
    """Where plain pixel data begin in the file; 0: they are not plain, or there are none."""
    length: int = 0
    """How many bytes of them the header promises."""
    pixels: bool = False
    """Whether there are pixel data of any kind."""

    def word(self, keyword: str) -> str:
        """The first text of an element, or nothing."""
        return self.text.get(keyword, ("",))[0]

    def number(self, keyword: str) -> float | None:
        """The first number of an element, or None."""
        values = self.numbers.get(keyword, ())
        return values[0] if values else None
