"""One file's header as a checked value: what the reader needs, each number possible.

An absurd header (no rows, a spacing of nought, a slope that is no number) is refused here, so that
nothing after this has to doubt it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bedside.adapters.dicom.parsed import uid_of
from bedside.adapters.dicom.tags import Elements
from bedside.core.errors import DataError

MODALITIES = frozenset((
    "AS", "BI", "CR", "CT", "DG", "DX", "ECG", "ES", "GM", "IO", "IVUS", "MG", "MR", "NM", "OCT",
    "OP", "OT", "PR", "PT", "PX", "REG", "RF", "RG", "RTDOSE", "RTIMAGE", "RTPLAN", "RTSTRUCT",
    "SC", "SEG", "SM", "SR", "TG", "US", "XA", "XC",
))  # fmt: skip
"""Those that an error may name; anything else in this field is `another`."""
GREY, COLOUR = ("MONOCHROME1", "MONOCHROME2"), (
    "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_PARTIAL_420",
    "YBR_PARTIAL_422", "YBR_RCT",
)  # fmt: skip
UNITS = frozenset(("BQML", "CNTS", "GML", "CM2ML", "PROPCPS", "PROPCNTS", "MGML", "ED", "EDW",
                   "Z_EFF", "HU_MOD", "PCT"))  # fmt: skip
"""Units that a header may give, as the standard writes them; US (unspecified) is none."""
LARGEST = 1 << 31
"""Elements of one image; more is taken for a damaged header or an attack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is known of the pixels of one file."""

    elements: Elements
    series: str
    instance: str
    modality: str
    """One of `MODALITIES`, `another`, or empty."""
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    allocated: int
    """Bits of an element in the file."""
    stored: int
    """Bits of it that carry the value."""
    signed: bool
    slope: float
    intercept: float
    scaled: bool
    """Whether the file says its slope and intercept."""
    unit: str
    position: tuple[float, ...] | None
    """Millimetres of the centre of the first pixel, LPS."""
    orientation: tuple[float, ...] | None
    """Unit vectors along a row and along a column."""
    spacing: tuple[float, float] | None
    """Millimetres between rows and between columns."""
    localizer: bool

    @property
    def turned(self) -> bool:
        """Whether the smallest value is the brightest."""
        return self.photometric == "MONOCHROME1"

    @property
    def span(self) -> tuple[int, int]:
        """Least and greatest value that the stored bits can hold."""
        if self.signed:
            return -(1 << self.stored - 1), (1 << self.stored - 1) - 1
        return 0, (1 << self.stored) - 1

    @property
    def size(self) -> int:
        """Bytes of all frames where they are not compressed."""
        count = self.rows * self.columns * self.frames * self.samples
        if self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
            count = count * 2 // 3
        return (count * self.allocated + 7) // 8


def header_of(elements: Elements, where: str) -> Header:
    """Elements as a checked header; DataError names the element that cannot be."""
    if not elements.pixels:
        raise no_pixels(elements, where)
    rows, columns = (_count(elements, word, where) for word in ("Rows", "Columns"))
    frames = _count(elements, "NumberOfFrames", where, default=1)
    allocated, stored, signed = _bits(elements, where)
    samples, photometric = _photometric(elements, where)
    if rows * columns * frames * samples > LARGEST:
        raise absurd(where, f"at most {LARGEST} elements", "a header that asks for more")
    modality = elements.word("Modality")
    slope, intercept, scaled = _scale(elements, where)
    return Header(
        elements=elements,
        series=elements.word("SeriesInstanceUID"),
        instance=elements.word("SOPInstanceUID"),
        modality=modality if modality in MODALITIES or not modality else "another",
        rows=rows, columns=columns, frames=frames, samples=samples, photometric=photometric,
        allocated=allocated, stored=stored, signed=signed,
        slope=slope, intercept=intercept, scaled=scaled, unit=unit_of(elements) if scaled else "",
        position=finite(elements, "ImagePositionPatient", 3, where),
        orientation=axes(finite(elements, "ImageOrientationPatient", 6, where), where),
        spacing=_spacing(elements, where),
        localizer="LOCALIZER" in elements.text.get("ImageType", ()),
    )  # fmt: skip


def absurd(where: str, expected: str, found: str) -> DataError:
    """A header that cannot be true."""
    return DataError(
        where, expected=expected, found=found,
        hint="the header is damaged or was written wrongly: export the image again",
    )  # fmt: skip


def no_pixels(elements: Elements, where: str) -> DataError:
    """What to say of an object without pixels: damaged if it should have them, else no image."""
    if pixels_lost(elements):
        return DataError(
            where, expected="an image with its pixel data", found="one without",
            hint="the file is cut short or damaged: copy it again from where it came",
        )  # fmt: skip
    modality = elements.word("Modality")
    kind = f" ({modality})" if modality in MODALITIES else ""
    return DataError(
        where, expected="a DICOM image", found=f"an object without pixel data{kind}",
        hint="reports, structure sets, plans and waveforms are not images: leave them out",
    )  # fmt: skip


def pixels_lost(elements: Elements) -> bool:
    """Whether an object has no pixel data and by its class (or for want of one) should."""
    kind = uid_of(elements.word("SOPClassUID"))
    return not elements.pixels and (not kind or kind.name.endswith("Image Storage"))


def finite(elements: Elements, keyword: str, count: int, where: str) -> tuple[float, ...] | None:
    """So many numbers of an element, or None where it is absent."""
    values = elements.numbers.get(keyword)
    if values is None:
        return None
    if len(values) != count or not all(map(math.isfinite, values)):
        raise absurd(where, f"{count} finite numbers in {keyword}", "another value")
    return values


def axes(values: tuple[float, ...] | None, where: str) -> tuple[float, ...] | None:
    """An orientation as two unit vectors, rounding of the file taken out of their length."""
    if values is None:
        return None
    row, column = values[:3], values[3:]
    long, wide = math.hypot(*row), math.hypot(*column)
    dot = sum(a * b for a, b in zip(row, column, strict=True))
    if abs(long - 1) > 0.01 or abs(wide - 1) > 0.01 or abs(dot) > 0.01:
        raise absurd(
            where, "two unit vectors at a right angle in ImageOrientationPatient", "others"
        )
    return tuple(v / long for v in row) + tuple(v / wide for v in column)


def positive(values: tuple[float, ...] | None, keyword: str, where: str) -> None:
    """Refuse a spacing that is not a length."""
    if values is not None and min(values) <= 0:
        raise absurd(where, f"lengths above 0 in {keyword}", "another value")


def _count(elements: Elements, keyword: str, where: str, default: int = 0) -> int:
    value = elements.number(keyword)
    value = default if value is None else value
    if not 1 <= value <= 1e6 or value != int(value):
        raise absurd(where, f"a whole number of 1 or more in {keyword}", "another value")
    return int(value)


def _bits(elements: Elements, where: str) -> tuple[int, int, bool]:
    allocated = _count(elements, "BitsAllocated", where)
    stored = _count(elements, "BitsStored", where, default=allocated)
    high = elements.number("HighBit")
    if allocated not in (1, 8, 16, 32, 64) or stored > allocated:
        raise absurd(where, "bits stored within 1, 8, 16, 32 or 64 bits allocated", "others")
    if high is not None and high != stored - 1:
        raise absurd(where, "HighBit to be BitsStored less 1", "another value")
    signed = elements.number("PixelRepresentation") or 0.0
    if signed not in (0.0, 1.0):
        raise absurd(where, "0 or 1 in PixelRepresentation", "another value")
    return allocated, stored, bool(signed)


def _photometric(elements: Elements, where: str) -> tuple[int, str]:
    samples = _count(elements, "SamplesPerPixel", where, default=1)
    photometric = elements.word("PhotometricInterpretation")
    known = photometric in GREY + COLOUR
    if not known or samples != (3 if photometric in COLOUR[1:] else 1):
        raise absurd(
            where, "PhotometricInterpretation that is known and fits SamplesPerPixel",
            f"{photometric if known else 'another'} with {samples} sample{'s' * (samples > 1)}",
        )  # fmt: skip
    return samples, photometric


def _scale(elements: Elements, where: str) -> tuple[float, float, bool]:
    dose = elements.number("DoseGridScaling")
    slope, intercept = elements.number("RescaleSlope"), elements.number("RescaleIntercept")
    if slope is None and intercept is None and dose is not None:
        slope, intercept = dose, 0.0
    scaled = slope is not None or intercept is not None
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    if not (math.isfinite(slope) and slope != 0 and math.isfinite(intercept)):
        raise absurd(where, "a finite rescale slope other than 0, and a finite intercept", "others")
    return slope, intercept, scaled


def unit_of(elements: Elements, kind: str = "") -> str:
    """Of rescaled values: HU for CT; of others what the header writes, or nothing.

    `kind` is the rescale type where it is not in the header itself.
    """
    modality, kind = elements.word("Modality"), kind or elements.word("RescaleType")
    if modality == "CT" and kind in ("", "HU"):
        return "" if "LOCALIZER" in elements.text.get("ImageType", ()) else "HU"
    if modality == "RTDOSE":
        return "Gy"
    units = elements.word("Units") if modality in ("PT", "NM") else kind
    return units if units in UNITS else ""


def _spacing(elements: Elements, where: str) -> tuple[float, float] | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        values = finite(elements, keyword, 2, where)
        positive(values, keyword, where)
        if values is not None:
            return values[0], values[1]
    return None
