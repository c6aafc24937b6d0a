"""Where an image lies: a file, a folder of a series, a member of an archive, a row of an array.

A reference is a text: the path alone; path and member of a tar or zip archive; path, array and row
of an `.npz`; with a zero byte, which no name of a file can hold, between them. It stays on this
machine and goes into no error, no log and no data set.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.archive import Member, members_of, read_member
from bedside.adapters.images import format_of, read_image
from bedside.adapters.nifti import read_mask
from bedside.core.errors import DataError
from bedside.core.image import Image
from bedside.modalities.images.settings import Spec

BETWEEN = "\0"
PLAIN = "biuf"
"""Kinds of numbers that an image or a mask may hold."""


def open_image(reference: str, settings: Spec) -> Image:
    """The image at a reference; DataError where there is none, or none that is in order."""
    path, member, row = _parts(reference)
    if row is not None:
        return picture(open_arrays(path)[member][row])
    source: Path | bytes = _member(path, member) if member else path
    # os.path takes any text for a path, also one that is far too long to be one.
    if isinstance(source, Path) and not os.path.exists(source):
        raise DataError("image", expected="the file that the source names", found="no such file",
                        hint="was it moved or removed during the run?")  # fmt: skip
    return read_image(source, expected=settings.expected)


def require_real(image: Image) -> Image:
    """The image; DataError for one that `bedside synthesize` made up, as its file says for life."""
    if image.made_up:
        raise DataError(
            "the image", expected="one of a real patient",
            found="one that `bedside synthesize` made up, as its PNG says",
            hint="take the rows of made-up pictures out of the source: none may tune or judge a "
            "model",
        )  # fmt: skip
    return image


def open_mask(reference: str, like: Image, labels: int) -> NDArray[np.uint8]:
    """The mask at a reference: uint8, of the shape of `like`, with labels 0 to `labels`."""
    path, member, row = _parts(reference)
    if row is not None:
        return _checked(open_arrays(path)[member][row], like, labels)
    source = _member(path, member) if member else path
    if isinstance(source, Path) and not os.path.isfile(source):
        raise DataError("mask", expected="the file that the source names", found="no such file")
    if like.grid is not None and like.values.ndim == 3:
        return read_mask(source, like, labels)
    return _checked(require_real(read_image(source)).values, like, labels)


def content_digest(reference: str) -> str:
    """A digest of what lies at a reference: the same for identical images."""
    path, member, row = _parts(reference)
    if row is not None:
        return _digest(np.ascontiguousarray(open_arrays(path)[member][row]).tobytes())
    if member:
        return _digest(_member(path, member))
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    try:
        held = [file.read_bytes() for file in files if file.is_file() or file == path]
    except OSError as error:
        raise DataError("image", expected="a file that can be read",
                        found=(error.strerror or "an error").lower(),
                        hint="was it moved or removed during the run?") from None  # fmt: skip
    if not path.is_dir():
        return _digest(held[0])
    return _digest(b"".join(_digest(content).encode() for content in held))


def holds_image(reference: str) -> bool:
    """Whether the file, or the member, at a reference begins as an image does."""
    path, member, _ = _parts(reference)
    try:
        format_of(_member(path, member) if member else path)
    except DataError:
        return False
    return True


def picture(values: NDArray[np.generic]) -> Image:
    """An array [H, W], [D, H, W], or either with a last axis of 3, as an image without a place."""
    colour = values.ndim >= 3 and values.shape[-1] == 3
    return Image(values=values, colour=colour, facts={"bits": float(8 * values.dtype.itemsize)})


def open_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of an `.npz`, which may hold no Python objects."""
    return _arrays(path, _state(path))


@lru_cache(maxsize=2)
def _arrays(path: Path, _: tuple[int, int]) -> dict[str, NDArray[np.generic]]:
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("no archive")
        with np.load(path, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            path.name, expected="a whole .npz of plain arrays",
            found="one cut short, or of objects",
            hint="copy it again; arrays of Python objects are not read",
        ) from error  # fmt: skip


def members(path: Path) -> dict[str, Member]:
    """Where each file of a tar or zip archive lies."""
    return _members(path, _state(path))


@lru_cache(maxsize=4)
def _members(path: Path, _: tuple[int, int]) -> dict[str, Member]:
    return members_of(path)


def _member(path: Path, name: str) -> bytes:
    found = members(path).get(name)
    if found is None:
        raise DataError(path.name, expected="the archive as it was listed", found="another",
                        hint="was it changed during the run?")  # fmt: skip
    return read_member(path, found)


def _checked(values: NDArray[np.generic], like: Image, labels: int) -> NDArray[np.uint8]:
    spatial = like.values.shape[:-1] if like.colour else like.values.shape
    if values.shape != spatial:
        raise DataError("mask", expected=f"the image's shape {list(spatial)}",
                        found=f"{list(values.shape)}")  # fmt: skip
    if values.dtype.kind not in PLAIN:
        raise DataError("mask", expected="whole numbers", found="other values")
    whole = np.asarray(values, np.float64)
    if labels == 1 and np.isin(whole, (0, 255)).all():
        whole = whole / 255  # as drawing programs save black and white
    if not np.isin(whole, np.arange(labels + 1)).all():
        raise DataError("mask", expected=f"labels 0 to {labels}", found="other values",
                        hint="name all structures in [task] structures")  # fmt: skip
    return whole.astype(np.uint8)


def _state(path: Path) -> tuple[int, int]:
    """By which a file that has changed is read again."""
    try:
        found = path.stat()
    except OSError as error:
        raise DataError(
            path.name, expected="a file that can be read",
            found=(error.strerror or "an error").lower(),
            hint="was it moved or removed during the run?",
        ) from error  # fmt: skip
    return found.st_mtime_ns, found.st_size


def _parts(reference: str) -> tuple[Path, str, int | None]:
    path, _, rest = reference.partition(BETWEEN)
    member, found, row = rest.rpartition(BETWEEN)
    if found:
        return Path(path), member, int(row)
    return Path(path), rest, None


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
