"""The tag of a made-up picture in the bytes of its PNG: a text chunk that goes where the file goes.

PNG specification (ISO/IEC 15948), 5.3 and 11.3.4: a chunk is its length, its type, its content and
a checksum; a text chunk is a key, a zero byte and a text.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from bedside.core.inputs import TAG

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = len(SIGNATURE) + 25
"""Bytes up to the end of the first chunk, IHDR."""
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


def tagged_png(content: bytes, tag: str) -> bytes:
    """The PNG with its tag; unchanged where it has one, or where it is no PNG."""
    if not content.startswith(SIGNATURE) or tag_in(content) is not None:
        return content
    held = b"tEXt" + TAG.encode() + b"\0" + tag.encode("latin-1", "replace")
    chunk = struct.pack(">I", len(held) - 4) + held + struct.pack(">I", zlib.crc32(held))
    return content[:_HEADER] + chunk + content[_HEADER:]


def tag_in(content: bytes) -> str | None:
    """The tag of a made-up picture; None where it is no PNG, or has none.

    >>> tag_in(b"no picture") is None
    True
    """
    if not content.startswith(SIGNATURE):
        return None
    for kind, held in _chunks(content):
        key, _, text = held.partition(b"\0")
        if kind in _TEXTS and key == TAG.encode():
            return text.decode("latin-1")
    return None


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each whole chunk, up to where the file is cut."""
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 12 + length
