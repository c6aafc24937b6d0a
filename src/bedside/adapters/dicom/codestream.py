"""How large a compressed frame says it is, before anything decodes it.

A decoder makes room for the size in the compressed data, whatever the header says: a small file
could ask for all memory. So the two must agree first.
Source: ITU-T T.81, B.2.2; T.87, C.2.2; T.800, A.5.1.
"""

from __future__ import annotations

import struct

_J2K = b"\xff\x4f\xff\x51"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
"""Second bytes of the markers that begin a frame: JPEG's, and JPEG-LS's last."""
_ALONE = frozenset((0x01, *range(0xD0, 0xDA)))
"""Second bytes of the markers without a length."""


def size_of(frame: bytes) -> tuple[int, int] | None:
    """Rows and columns of a JPEG, JPEG-LS or JPEG 2000 frame; None where it does not say."""
    try:
        if frame.startswith(b"\xff\xd8"):
            return _jpeg(frame)
        at = frame.find(_J2K, 0, 4096)
        if at < 0:
            return None
        width, height, left, top = struct.unpack_from(">4I", frame, at + 8)
        return height - top, width - left
    except (struct.error, IndexError):
        return None


def _jpeg(frame: bytes) -> tuple[int, int] | None:
    at = 2
    while True:
        while frame[at] == 0xFF and frame[at + 1] == 0xFF:
            at += 1
        if frame[at] != 0xFF or frame[at + 1] == 0xDA:
            return None
        marker = frame[at + 1]
        if marker in _FRAMES:
            rows, columns = struct.unpack_from(">HH", frame, at + 5)
            return rows, columns
        at += 2 if marker in _ALONE else 2 + struct.unpack_from(">H", frame, at + 2)[0]
