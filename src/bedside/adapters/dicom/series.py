"""A series of DICOM files to one volume, or the reason why it is none.

Two passes: the headers of all files, from which everything about the series is decided; then the
pixels, each file read once. What cannot be right is refused; what can be put right without doubt is
put right and noted. `docs/reading.md` has the table of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.dicom.facts import facts_of
from bedside.adapters.dicom.files import File, copy_pixels, read_header, read_pixels
from bedside.adapters.dicom.geometry import Plane, grid, one_position, order, same_frame
from bedside.adapters.dicom.header import GREY, Header
from bedside.adapters.dicom.pixels import Stored, doubts, masked, rescaled, scale_of
from bedside.adapters.dicom.single import read_file, right_modality
from bedside.core.errors import DataError
from bedside.core.image import Image

_CLEARED = "bits above those stored (an old overlay) were cleared"
_ATTRIBUTES: tuple[tuple[str, Callable[[Header], object]], ...] = (
    ("one size of slices", lambda h: (h.rows, h.columns)),
    ("one modality", lambda h: h.modality),
    ("one photometric interpretation", lambda h: h.photometric),
    ("a rescale in all files or in none", lambda h: h.scaled),
    ("one unit", lambda h: h.unit),
    ("one frame of reference", lambda h: h.elements.word("FrameOfReferenceUID")),
)
_APART = ("AcquisitionNumber", "TemporalPositionIdentifier", "EchoTime", "ImageType")


def read_series(files: Sequence[Path], *, expected: str = "", where: str = "the series") -> Image:
    """One volume [D, H, W] of the files of one series, in any order.

    `expected` is the modality that it must be, such as `CT`; `where` is what errors call the
    series. Files are named in errors by their place in `files`, as a name may be a patient's.
    A series of one file is a picture, or the volume that a multi-frame file holds. DataError with
    the reason for whatever is no straight, even, complete series.
    """
    if not files:
        raise DataError(where, expected="files of a series", found="none")
    headers = [
        read_header(path, f"{where}, file {at} of {len(files)}", at)
        for at, path in enumerate(files, start=1)
    ]
    notes: list[str] = []
    kept = _without_localizers(headers, notes)
    _one_series(kept, where)
    for file in kept:
        right_modality(file.header, expected, file.where)
    kept = _without_copies(kept, notes)
    if len(kept) == 1:
        image = read_file(kept[0].path, where=kept[0].where)
        return replace(image, notes=(*notes, *image.notes))
    return _volume(kept, notes, where)


def _volume(files: Sequence[File], notes: list[str], where: str) -> Image:
    planes = [_plane(file) for file in files]
    _same(files, where)
    same_frame(planes, where)
    places = order(planes)
    files, planes = [files[at] for at in places], [planes[at] for at in places]
    files, planes = _one_a_position(files, planes, notes, where)
    first = files[0].header
    if len(files) == 1:
        image = read_file(files[0].path, where=files[0].where)
        return replace(image, notes=(*notes, *image.notes))
    lattice, uneven = grid(planes, (first.rows, first.columns), where)
    notes.extend(uneven)
    notes.extend(_doubts(files))
    values = _values(files, notes)
    return Image(
        values=values, grid=lattice, notes=tuple(notes), facts=facts_of(first),
        unit=first.unit if not first.turned else "", spacing=(),
    )  # fmt: skip


def _without_localizers(files: Sequence[File], notes: list[str]) -> list[File]:
    """All but the images that call themselves localizers, where others do not."""
    rest = [file for file in files if not file.header.localizer]
    if not rest or len(rest) == len(files):
        return list(files)
    notes.append(f"{_counted(len(files) - len(rest), 'localizer')} left out")
    return rest


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + "s" * (count != 1)


def _one_series(files: Sequence[File], where: str) -> None:
    counts = Counter(file.header.series for file in files)
    if len(counts) > 1:
        sizes = " and ".join(str(count) for count in sorted(counts.values(), reverse=True)[:5])
        raise DataError(
            where, expected="files of one series", found=f"{len(counts)} series, of {sizes} files",
            hint="list_series tells them apart; read each by itself",
        )  # fmt: skip


def _without_copies(files: Sequence[File], notes: list[str]) -> list[File]:
    """One of the files that are byte for byte the same object twice."""
    seen: dict[str, File] = {}
    rest = []
    for file in files:
        before = seen.get(file.header.instance) if file.header.instance else None
        if before is None or not _equal(before, file):
            rest.append(file)
            seen[file.header.instance] = file
    if len(rest) < len(files):
        notes.append(f"{_counted(len(files) - len(rest), 'copy').replace('copys', 'copies')}"
                     " of a slice left out")  # fmt: skip
    return rest


def _equal(one: File, other: File) -> bool:
    """Whether two files show the same pixels in the same way."""
    a, b = one.header, other.header
    if (a.position, a.slope, a.intercept, a.rows) != (b.position, b.slope, b.intercept, b.rows):
        return False
    return np.array_equal(read_pixels(one).stored, read_pixels(other).stored)


def _plane(file: File) -> Plane:
    header = file.header
    missing = [
        name
        for name, value in (
            ("ImagePositionPatient", header.position),
            ("ImageOrientationPatient", header.orientation),
            ("PixelSpacing", header.spacing),
        )
        if value is None
    ]
    if header.frames > 1:
        raise DataError(
            file.where, expected="one slice a file", found=f"{header.frames} frames",
            hint="read a multi-frame file by itself",
        )  # fmt: skip
    if header.position is None or header.orientation is None or header.spacing is None:
        raise DataError(
            file.where, expected="a slice with its place in space",
            found="no " + " and no ".join(missing),
            hint="pictures without a place make no volume: read each by itself",
        )  # fmt: skip
    return Plane(position=header.position, orientation=header.orientation, spacing=header.spacing)


def _same(files: Sequence[File], where: str) -> None:
    for words, attribute in _ATTRIBUTES:
        counts = Counter(attribute(file.header) for file in files)
        if len(counts) > 1:
            odd = min(counts, key=lambda value: counts[value])
            at = next(i for i, file in enumerate(files) if attribute(file.header) == odd)
            raise DataError(
                where, expected=words,
                found=f"{len(counts)}; file {files[at].number} is of the fewest",
                hint="images of several kinds in one series: take them apart",
            )  # fmt: skip
    if files[0].header.photometric not in GREY:
        raise DataError(
            where, expected="grey slices", found="slices in colour",
            hint="pictures in colour make no volume: read each by itself",
        )  # fmt: skip


def _one_a_position(
    files: list[File], planes: list[Plane], notes: list[str], where: str
) -> tuple[list[File], list[Plane]]:
    """Slices of equal pixels at one position once; DataError where they differ."""
    pairs = one_position(planes)
    differing = next((p for p in pairs if not _equal(files[p[0]], files[p[1]])), None)
    if differing is not None:
        a, b = (files[at] for at in differing)
        raise DataError(
            where, expected="one slice at each position",
            found=f"{len(pairs)} of {len(files)} at a position that is taken, "
            f"as files {a.number} and {b.number} are, and they differ",
            hint=_what_differs(a.header, b.header),
        )  # fmt: skip
    dropped = {second for _, second in pairs}
    if dropped:
        notes.append(f"{len(dropped)} of the slices were there twice, alike; one of each kept")
    keep = [at for at in range(len(files)) if at not in dropped]
    return [files[at] for at in keep], [planes[at] for at in keep]


def _what_differs(a: Header, b: Header) -> str:
    words = [
        keyword
        for keyword in _APART
        if a.elements.numbers.get(keyword) != b.elements.numbers.get(keyword)
        or a.elements.text.get(keyword) != b.elements.text.get(keyword)
    ]
    if words:
        return f"they differ in {' and '.join(words)}: take the series apart by it"
    return "several scans in one series: take them apart"


def _doubts(files: Sequence[File]) -> list[str]:
    headers = [file.header for file in files]
    notes = []
    if len({(h.slope, h.intercept) for h in headers}) > 1:
        notes.append("rescale differs between slices; each slice has its own")
    if len({(h.stored, h.signed) for h in headers}) > 1:
        notes.append("bits or sign of stored values differ between slices")
    return [*notes, *doubts(headers[0])]


def _values(files: Sequence[File], notes: list[str]) -> NDArray[np.generic]:
    """[N, H, W], each file's pixels read once."""
    if not all(file.plain for file in files):
        decoded = [read_pixels(file) for file in files]
        notes.extend({note: None for one in decoded for note in one.notes})
        return rescaled([one.stored[0] for one in decoded], [one.scale for one in decoded])
    header = files[0].header
    room = np.empty((len(files), header.rows, header.columns), np.dtype("<i2"))
    stored: list[Stored] = []
    cleared = 0
    for file, to in zip(files, room, strict=True):
        copy_pixels(file, to)
        own: Stored = to if file.header.signed else to.view("<u2")
        cleared += masked(own, file.header)
        stored.append(own)
    if cleared:
        notes.append(_CLEARED)
    return rescaled(stored, [scale_of(file.header) for file in files], room)
