"""What DICOM series a folder holds, told from headers alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bedside.adapters.dicom.files import read_elements
from bedside.adapters.dicom.header import MODALITIES, no_pixels, pixels_lost
from bedside.adapters.dicom.tags import Elements
from bedside.core.errors import DataError

_SYSTEM = frozenset((".ds_store", "thumbs.db", "desktop.ini", "dicomdir"))
_OTHERS = (b"\x89PNG", b"\xff\xd8\xff", b"%PDF", b"PK\x03\x04", b"\x1f\x8b", b"GIF8", b"<?xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series: files of one UID whose images lie one way."""

    digest: str
    """First twelve characters of the SHA-256 of the series' UID: it names no patient."""
    modality: str
    images: bool
    """Whether the files hold pixels; reports, plans and structure sets do not."""
    files: tuple[Path, ...]
    """In order of their names."""
    orientation: tuple[float, ...] | None = None
    """Direction cosines to two decimals; None where the files do not say."""

    @property
    def count(self) -> int:
        """How many files."""
        return len(self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A folder's series, and how many files are no DICOM at all."""

    series: tuple[Series, ...]
    others: int


def list_series(folder: Path) -> list[Series]:
    """All series in a folder and the folders in it, the largest first.

    DataError for a damaged or half-written file: a series with a hole is no series. Files that are
    plainly something else (text, pictures, DICOMDIR, a system's own) are passed over.
    """
    return list(survey(folder).series)


def survey(folder: Path, where: str = "the folder") -> Found:
    """`list_series`, with the count of files that were passed over."""
    paths = _files(folder, where)
    groups: dict[tuple[str, bool, str, tuple[float, ...] | None], list[Path]] = {}
    others = 0
    for at, path in enumerate(paths, start=1):
        if path.name.lower() in _SYSTEM or path.name.startswith("."):
            others += 1
            continue
        try:
            found = read_elements(path, f"{where}, file {at} of {len(paths)}")
        except DataError:
            if not _something_else(path):
                raise
            others += 1
            continue
        if pixels_lost(found):
            raise no_pixels(found, f"{where}, file {at} of {len(paths)}")
        groups.setdefault(_key(found), []).append(path)
    series = [_series(key, files) for key, files in groups.items()]
    return Found(series=tuple(sorted(series, key=lambda s: (-s.count, s.digest))), others=others)


def _files(folder: Path, where: str) -> Sequence[Path]:
    if not folder.is_dir():
        raise DataError(where, expected="a folder of DICOM files", found="no such folder")
    return sorted(
        Path(base) / name for base, _, names in os.walk(folder, followlinks=False) for name in names
    )


def _key(found: Elements) -> tuple[str, bool, str, tuple[float, ...] | None]:
    turned = found.numbers.get("ImageOrientationPatient")
    rounded = tuple(round(value, 2) + 0.0 for value in turned) if turned else None
    uid, modality = found.word("SeriesInstanceUID"), found.word("Modality")
    return uid, found.pixels, modality if modality in MODALITIES else "", rounded


def _series(key: tuple[str, bool, str, tuple[float, ...] | None], files: Sequence[Path]) -> Series:
    uid, images, modality, turned = key
    return Series(
        digest=hashlib.sha256(uid.encode()).hexdigest()[:12],
        modality=modality,
        images=images,
        files=tuple(files),
        orientation=turned,
    )


def _something_else(path: Path) -> bool:
    """Whether a file that is not DICOM is plainly of another kind, and not a damaged slice."""
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError:
        return False
    if head[128:132] == b"DICM" or not head:
        return False
    if head.startswith(_OTHERS):
        return True
    return all(byte in b"\t\n\r" or byte >= 32 for byte in head)
