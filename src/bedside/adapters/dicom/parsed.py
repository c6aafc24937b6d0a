"""DICOM headers by pydicom, for every file that is not of the plainest kind.

pydicom's warnings and log lines can quote a header, so none of them gets out of here.
"""

from __future__ import annotations

import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.config import IGNORE
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID

from bedside.adapters.dicom.tags import TAGS, Elements
from bedside.core.errors import DataError

FAILURES = (
    ArithmeticError, AttributeError, BufferError, BytesLengthException, EOFError,
    InvalidDicomError, LookupError, MemoryError, RuntimeError, StopIteration, TypeError, ValueError,
    struct.error, zlib.error,
)  # fmt: skip
"""What pydicom and its decoders raise on a damaged file, apart from OSError."""

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
DEFLATED = "1.2.840.10008.1.2.1.99"
LARGEST = 1 << 32
"""Bytes that a deflated file may grow to."""
_one_at_a_time = threading.RLock()


@contextmanager
def quiet() -> Iterator[list[warnings.WarningMessage]]:
    """No warning and no log line of pydicom gets out; the warnings are listed instead.

    One thread at a time, as Python's filters are shared by all.
    """
    logger = logging.getLogger("pydicom")
    with _one_at_a_time, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        try:
            yield caught
        finally:
            logger.setLevel(before)


@contextmanager
def guarded(where: str) -> Iterator[None]:
    """Whatever pydicom stumbles over inside is a DataError, and nothing of it gets out."""
    try:
        with quiet():
            yield
    except FAILURES:
        raise _damaged(where) from None


def opened(source: Path | bytes, where: str) -> Dataset:
    """A file as pydicom reads it; DataError where it is none, cut short, or gone."""
    file: Path | BytesIO = BytesIO(source) if isinstance(source, bytes) else source
    try:
        with quiet() as warned:
            _not_a_bomb(source)
            dataset = pydicom.dcmread(file)
        if any("End of file" in str(one.message) for one in warned):
            raise EOFError
        return dataset
    except InvalidDicomError:
        raise DataError(
            where,
            expected="a DICOM file",
            found="a file without the mark DICM after 128 bytes",
            hint="if it is DICOM of an old kind, write it again with a file meta header",
        ) from None
    except EOFError:
        raise DataError(
            where, expected="a whole DICOM file", found="one that ends too early",
            hint="the file is cut short: copy it again from where it came",
        ) from None  # fmt: skip
    except OSError as error:
        raise unreadable(error, where) from None
    except FAILURES:
        raise _damaged(where) from None


def _damaged(where: str) -> DataError:
    return DataError(
        where, expected="a DICOM file", found="one whose header cannot be read",
        hint="it may be cut short or damaged: copy it again from where it came",
    )  # fmt: skip


def uid_of(text: str) -> UID:
    """A UID as pydicom knows it, without a word on its form."""
    return UID(text, validation_mode=IGNORE)


def unreadable(error: OSError, where: str) -> DataError:
    """What to say of a file that the system does not give."""
    return DataError(
        where,
        expected="a file that can be read",
        found=(error.strerror or "a damaged file").lower(),
        hint="was it moved or removed while it was read?",
    )


def _not_a_bomb(source: Path | bytes) -> None:
    head = source[:1024] if isinstance(source, bytes) else _first_bytes(source)
    if DEFLATED.encode() not in head:
        return
    content = source if isinstance(source, bytes) else source.read_bytes()
    group_length = struct.unpack_from("<I", content, 140)[0]
    grown = zlib.decompressobj(-zlib.MAX_WBITS)
    size, data = 0, content[144 + group_length :]
    while data and not grown.eof:
        size += len(grown.decompress(data, 1 << 24))
        data = grown.unconsumed_tail
        if size > LARGEST:
            raise ValueError("the file grows without bound")


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1024)


def elements(dataset: Dataset, where: str) -> Elements:
    """The elements that `tags` lists, by pydicom."""
    text: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, tuple[float, ...]] = {}
    for tag, (keyword, kind) in TAGS.items():
        values = _values(dataset, tag, where)
        if kind == "text" and values:
            text[keyword] = tuple(str(value).strip(" \0") for value in values)
        elif values:
            numbers[keyword] = _floats(values, keyword, where)
            if kind == "short":
                numbers[keyword] = tuple(float(int(n) & 0xFFFF) for n in numbers[keyword])
    syntax, named = (_of_meta(dataset, tag, where) for tag in (0x00020010, 0x00020002))
    if named:
        text.setdefault("SOPClassUID", (named,))
    return Elements(
        text=text, numbers=numbers, syntax=syntax,
        pixels=any(word in dataset for word in _PIXELS),
    )  # fmt: skip


def _of_meta(dataset: Dataset, tag: int, where: str) -> str:
    """An element of the head of the file, which is there even where the body is cut off."""
    meta = getattr(dataset, "file_meta", None)
    values = _values(meta, tag, where) if meta is not None else []
    return str(values[0]) if values else ""


def _values(dataset: Dataset, tag: int, where: str) -> list[object]:
    try:
        with quiet():
            value = dataset[tag].value if tag in dataset else None
    except FAILURES:
        raise DataError(
            where, expected=f"a value of {keyword_for_tag(tag)} that the standard allows",
            found="another", hint="the header is damaged or was written wrongly",
        ) from None  # fmt: skip
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple | pydicom.multival.MultiValue) else [value]


def _floats(values: list[object], keyword: str, where: str) -> tuple[float, ...]:
    try:
        return tuple(float(str(value)) for value in values)
    except ValueError:
        raise DataError(
            where, expected=f"numbers in {keyword}", found="something else",
            hint="the header is damaged or was written wrongly",
        ) from None  # fmt: skip
