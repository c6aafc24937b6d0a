"""Members of an archive, read one at a time wherever they lie: uncompressed tar, or zip.

No member is unpacked to disk. Names of members go into no error.
"""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from bedside.core.errors import DataError

ARCHIVES = (".tar", ".zip")
_HEADER = struct.Struct("<4s22xHH")
"""Of a member of a zip: its mark, and the lengths of name and extra field after 30 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Where a member lies."""

    start: int
    """Of its bytes in a tar, of its own header in a zip."""
    stored: int
    """Bytes in the archive."""
    size: int
    """Bytes of the member itself."""
    check: int | None = None
    """CRC-32, in a zip."""
    deflated: bool = False


def members_of(path: Path) -> dict[str, Member]:
    """Every file in an archive by its name; DataError where it is cut short or something else."""
    try:
        return _of_zip(path) if path.suffix == ".zip" else _of_tar(path)
    except (
        OSError, tarfile.TarError, zipfile.BadZipFile,
        NotImplementedError,  # so zipfile says that it knows no such compression
    ) as error:  # fmt: skip
        raise DataError(
            path.name, expected="a whole zip, or a whole, uncompressed tar archive",
            found="one cut short, or something else",
            hint="copy it again, or unpack it and name the folder as source",
        ) from error  # fmt: skip


def read_member(path: Path, member: Member) -> bytes:
    """The bytes of a member; DataError where the archive is damaged there."""
    with path.open("rb") as file:
        start = member.start
        if member.check is not None:
            file.seek(start)
            mark, name, extra = _HEADER.unpack(file.read(_HEADER.size).ljust(_HEADER.size, b"\0"))
            start = start + _HEADER.size + name + extra if mark == b"PK\3\4" else -1
        file.seek(max(start, 0))
        content = file.read(member.stored) if start >= 0 else b""
    whole = len(content) == member.stored
    if whole and member.deflated:
        content = _inflated(content, member.size)
    if not whole or len(content) != member.size or member.check not in (None, zlib.crc32(content)):
        raise DataError(path.name, expected="a whole archive", found="one cut short or damaged",
                        hint="copy it again")  # fmt: skip
    return content


def _inflated(content: bytes, size: int) -> bytes:
    """At most one byte more than `size`, whatever the stream would grow to; empty if damaged."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, size + 1)
    except zlib.error:
        return b""


def _of_tar(path: Path) -> dict[str, Member]:
    with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
        found = {
            item.name: Member(start=item.offset_data, stored=item.size, size=item.size)
            for item in archive if item.isfile()
        }  # fmt: skip
        # tarfile takes a header cut short, or a damaged one, for the end of the archive.
        file.seek(archive.offset)
        if any(mark := file.read(tarfile.BLOCKSIZE)) or not mark:
            raise tarfile.ReadError
        return found


def _of_zip(path: Path) -> dict[str, Member]:
    found = {}
    with zipfile.ZipFile(path) as archive:
        for item in archive.infolist():
            known = item.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if not known or item.flag_bits & 1:
                raise zipfile.BadZipFile  # packed in another way, or with a password
            if not item.is_dir():
                found[item.filename] = Member(
                    start=item.header_offset, stored=item.compress_size, size=item.file_size,
                    check=item.CRC, deflated=item.compress_type == zipfile.ZIP_DEFLATED,
                )  # fmt: skip
    return found
