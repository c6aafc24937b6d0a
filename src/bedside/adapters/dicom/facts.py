"""What of a header goes with an image: how it was acquired, never of whom or when."""

from __future__ import annotations

from bedside.adapters.dicom.decode import name_of
from bedside.adapters.dicom.header import Header

_NUMBERS = {
    "kvp": "KVP", "field strength": "MagneticFieldStrength", "slice thickness": "SliceThickness",
    "echo time": "EchoTime", "repetition time": "RepetitionTime", "flip angle": "FlipAngle",
}  # fmt: skip
_WORDS = {
    "manufacturer": "Manufacturer", "model": "ManufacturerModelName",
    "body part": "BodyPartExamined", "kernel": "ConvolutionKernel", "view": "ViewPosition",
    "burned in annotation": "BurnedInAnnotation", "lossy": "LossyImageCompression",
}  # fmt: skip
_LONGEST = 64


def facts_of(header: Header) -> dict[str, str | float]:
    """Modality, machine, settings and form of the file, where it says them."""
    facts: dict[str, str | float] = {
        "format": "DICOM",
        "transfer syntax": name_of(header.elements.syntax),
        "photometric": header.photometric,
        "bits stored": float(header.stored),
    }
    if header.modality:
        facts["modality"] = header.modality
    for name, keyword in _WORDS.items():
        if word := header.elements.word(keyword):
            facts[name] = "".join(c for c in word if c.isprintable())[:_LONGEST]
    for name, keyword in _NUMBERS.items():
        if (number := header.elements.number(keyword)) is not None:
            facts[name] = number
    return facts
