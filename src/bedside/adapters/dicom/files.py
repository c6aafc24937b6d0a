"""One DICOM file as it lies on the disk: its header first, its pixels when they are wanted.

Only the first bytes are read for the header. The pixels of a plain file then go straight from the
disk to their place in the volume, once.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.dicom import quick
from bedside.adapters.dicom.decode import Frames, cut_short, frames
from bedside.adapters.dicom.header import Header, header_of
from bedside.adapters.dicom.parsed import elements, guarded, opened, unreadable
from bedside.adapters.dicom.tags import Elements
from bedside.core.errors import DataError

_FIRST = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file, by a name that may be told, and its header."""

    path: Path
    where: str
    number: int
    """Its place among the files of its series, from 1."""
    header: Header

    @property
    def plain(self) -> bool:
        """Whether its pixels can be copied as they are: one frame of 16 bits, little-endian."""
        header = self.header
        return header.elements.at > 0 and header.allocated == 16 and header.frames == 1


def read_header(path: Path, where: str, number: int = 1) -> File:
    """The header of one file; DataError where it is no image, damaged, cut short or gone."""
    found = read_elements(path, where)
    header = header_of(found, where)
    if found.at and found.length < header.size:
        raise cut_short(where, header.size, found.length)
    return File(path=path, where=where, number=number, header=header)


def read_elements(path: Path, where: str) -> Elements:
    """What a file's header says, checked for nothing but that the pixel data are all there."""
    try:
        found, size = _quickly(path)
    except OSError as error:
        raise unreadable(error, where) from None
    if size == 0:
        raise empty(where)
    if found is None:
        with guarded(where):
            return elements(opened(path, where), where)
    if size < found.at + found.length:
        raise cut_short(where, found.length, max(size - found.at, 0))
    return found


def empty(where: str) -> DataError:
    """A file of no bytes."""
    return DataError(
        where, expected="an image", found="a file of zero bytes",
        hint="it was not copied to the end: copy it again",
    )  # fmt: skip


def _quickly(path: Path) -> tuple[Elements | None, int]:
    """Elements (None: not a plain file) and the file's size."""
    handle = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(handle).st_size
        return _parsed(handle, size), size
    finally:
        os.close(handle)


def _parsed(handle: int, size: int) -> Elements | None:
    """By the quick parser, from as many first bytes as it needs."""
    head, wanted = b"", _FIRST
    while len(head) < min(wanted, size):
        more = os.read(handle, wanted - len(head))
        if not more:
            break
        head += more
        try:
            return quick.parse(head)
        except struct.error:
            wanted = 8 * len(head)
    return None


def read_pixels(file: File) -> Frames:
    """Decoded pixels of one file, by pydicom."""
    with guarded(file.where):
        return frames(opened(file.path, file.where), file.header, file.where)


def copy_pixels(file: File, to: NDArray[np.int16]) -> None:
    """The stored values of a plain file, as they are on the disk, into `to` [H, W]."""
    count, wanted = 0, to.nbytes
    try:
        handle = os.open(file.path, os.O_RDONLY)
        try:
            os.lseek(handle, file.header.elements.at, os.SEEK_SET)
            count = os.readv(handle, [to.data])
        finally:
            os.close(handle)
    except OSError as error:
        raise unreadable(error, file.where) from None
    if count < wanted:
        raise cut_short(file.where, wanted, count)
