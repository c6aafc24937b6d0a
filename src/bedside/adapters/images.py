"""Any image, by its first bytes: DICOM, NIfTI, PNG, JPEG or TIFF; or a folder with one series.

The name of a file is never looked at: `scan.png` may be a text file, and DICOM has no suffix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bedside.adapters.dicom.files import empty
from bedside.adapters.dicom.folder import Series, survey
from bedside.adapters.dicom.series import read_series
from bedside.adapters.dicom.single import read_file
from bedside.adapters.nifti import is_nifti, read_nifti
from bedside.adapters.raster import kind_of, read_raster
from bedside.core.errors import DataError
from bedside.core.image import Image

_FIRST = 4096


def read_image(source: Path | bytes, *, expected: str = "", where: str = "the image") -> Image:
    """One image of a file, of its bytes, or of a folder that holds one DICOM series.

    `expected` is the DICOM modality that it must be, such as `CT`; a format that tells none is read
    all the same. `where` is what errors call it, as a name may be a patient's.
    """
    if isinstance(source, Path) and source.is_dir():
        return read_folder(source, expected=expected, where=where)
    kind = format_of(source, where)
    if kind == "DICOM":
        return read_file(source, expected=expected, where=where)
    return read_nifti(source, where=where) if kind == "NIfTI" else read_raster(source, where=where)


def format_of(source: Path | bytes, where: str = "the image") -> str:
    """DICOM, NIfTI, PNG, JPEG or TIFF, by the first bytes; DataError for any other file."""
    head = source[:_FIRST] if isinstance(source, bytes) else _head(source, where)
    if not head:
        raise empty(where)
    if head[128:132] == b"DICM":
        return "DICOM"
    kind = "NIfTI" if is_nifti(head) else kind_of(head)
    if not kind:
        text = all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head)
        raise DataError(
            where, expected="DICOM, NIfTI, PNG, JPEG or TIFF",
            found="text" if text else "a file that is none of them",
            hint="the name of a file does not make it an image: export it again",
        )  # fmt: skip
    return kind


def read_folder(folder: Path, *, expected: str = "", where: str = "the folder") -> Image:
    """The one DICOM series in a folder and the folders in it; DataError where there are more.

    Reports and structure sets beside it, and files that are no DICOM, are passed over and noted.
    """
    found = survey(folder, where)
    images = [series for series in found.series if series.images]
    if not images:
        raise DataError(
            where, expected="a DICOM series", found="no DICOM image",
            hint="name the folder of one series, or a file",
        )  # fmt: skip
    if len({series.digest for series in images}) > 1:
        raise DataError(
            where, expected="one DICOM series", found=_words(images),
            hint="name the folder of one; list_series tells which files are whose",
        )  # fmt: skip
    files = sorted(path for series in images for path in series.files)
    image = read_series(files, expected=expected, where=where)
    others = found.others + sum(series.count for series in found.series if not series.images)
    if not others:
        return image
    note = f"{others} file{'s' * (others > 1)} that are no images passed over"
    return replace(image, notes=(*image.notes, note))


def _words(images: Sequence[Series]) -> str:
    counts = ", ".join(f"{one.count} {one.modality or 'unknown'}".strip() for one in images[:5])
    return f"{len(images)} series ({counts}{', ...' if len(images) > 5 else ''})"


def _head(path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_FIRST)
    except OSError as error:
        raise DataError(
            where, expected="a file that can be read", found=(error.strerror or "an error").lower(),
            hint="was it moved or removed while it was read?",
        ) from None  # fmt: skip
