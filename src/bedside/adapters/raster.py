"""PNG, JPEG and TIFF to images, by Pillow, and images to PNG.

Grey of 8 and 16 bits and of floating point stays what it is; one bit becomes 0 and 255; palette and
CMYK become red, green and blue. How many pixels a file has is looked at before any is decoded.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from bedside.adapters.png_tag import tag_in
from bedside.core.errors import DataError
from bedside.core.image import Image

LARGEST = 1 << 26
"""Pixels of one picture (8192 x 8192); more is refused before decoding."""
MARKS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"II*\0": "TIFF", b"MM\0*": "TIFF"}
_FAILURES = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, RuntimeError, SyntaxError,
    TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip
_WHITE_IS_ZERO, _PHOTOMETRIC, _ORIENTATION = 0, 262, 274
_one_at_a_time = threading.RLock()


def read_raster(source: Path | bytes, *, where: str = "the image") -> Image:
    """A picture [H, W], or [H, W, 3] in colour: uint8, int16 where that holds it, else float32.

    DataError: another format (by its first bytes), cut short, several pages, too many pixels.
    """
    content = _content(source, where)
    kind = kind_of(content)
    if not kind:
        raise DataError(
            where, expected="a PNG, JPEG or TIFF file", found=_what(content),
            hint="the name of a file does not make it a picture: export it again",
        )  # fmt: skip
    try:
        with _one_at_a_time, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(content, kind, where)
    except Pillow.DecompressionBombError:
        raise _too_large(where) from None
    except (*_FAILURES, OSError):
        raise DataError(
            where, expected=f"a {kind} file that can be decoded", found="one that cannot",
            hint="it is cut short or damaged: copy it again",
        ) from None  # fmt: skip


def kind_of(head: bytes) -> str:
    """PNG, JPEG or TIFF by the first bytes, or nothing."""
    return next((kind for mark, kind in MARKS.items() if head.startswith(mark)), "")


def write_png(values: NDArray[np.generic]) -> bytes:
    """A PNG of grey [H, W] (uint8, uint16) or colour [H, W, 3] (uint8)."""
    grey = values.ndim == 2 and values.dtype in (np.uint8, np.uint16)
    if not grey and not (values.ndim == 3 and values.shape[2] == 3 and values.dtype == np.uint8):
        raise DataError(
            "a picture to write", expected="uint8 or uint16 [H, W], or uint8 [H, W, 3]",
            found=f"{values.dtype} {list(values.shape)}",
        )  # fmt: skip
    out = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(values)).save(out, "PNG")
    return out.getvalue()


def _content(source: Path | bytes, where: str) -> bytes:
    try:
        content = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise DataError(
            where, expected="a file that can be read", found=(error.strerror or "an error").lower(),
            hint="was it moved or removed while it was read?",
        ) from None  # fmt: skip
    if not content:
        raise DataError(
            where, expected="an image", found="a file of zero bytes",
            hint="it was not copied to the end: copy it again",
        )  # fmt: skip
    return content


def _what(content: bytes) -> str:
    head = content[:512]
    text = all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head)
    return "text" if text else "another kind of file"


def _too_large(where: str) -> DataError:
    return DataError(
        where, expected=f"at most {LARGEST} pixels", found="more",
        hint="shrink the picture, or cut the part out that matters",
    )  # fmt: skip


def _read(content: bytes, kind: str, where: str) -> Image:
    picture = Pillow.open(io.BytesIO(content), formats=("PNG", "JPEG", "TIFF"))
    if picture.width * picture.height > LARGEST:
        raise _too_large(where)
    pages = 1 if kind == "JPEG" else getattr(picture, "n_frames", 1)
    if pages > 1:
        raise DataError(
            where, expected="one picture a file", found=f"{pages} pages",
            hint="pages can be depth, time, channels or thumbnails: save each as a file of its own",
        )  # fmt: skip
    notes = _doubts(picture, content, kind)
    turned = _upright(picture, notes)
    values, colour = _values(turned, notes, where)
    if _white_is_zero(picture):
        values = np.iinfo(np.uint16).max - values
        notes.append("white was 0 and was turned round")
    return Image(
        values=_narrow(values), colour=colour, notes=tuple(notes),
        facts={"format": kind, "mode": picture.mode}, made_up=tag_in(content) is not None,
    )  # fmt: skip


def _doubts(picture: Pillow.Image, content: bytes, kind: str) -> list[str]:
    """Notes of what Pillow takes away without a word."""
    deep = kind == "PNG" and content[24] == 16 and picture.mode not in ("I;16", "I", "I;16B")
    return ["16 bits a channel were brought to 8"] if deep else []


def _upright(picture: Pillow.Image, notes: list[str]) -> Pillow.Image:
    """As the camera was held."""
    if picture.getexif().get(_ORIENTATION, 1) == 1:
        return picture
    notes.append("turned upright as its EXIF orientation says")
    return ImageOps.exif_transpose(picture)


def _white_is_zero(picture: Pillow.Image) -> bool:
    """Whether a grey TIFF of 16 bits is upside down; of 8 bits, Pillow has turned it."""
    tags = getattr(picture, "tag_v2", {})
    return picture.mode.startswith("I;16") and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def _values(picture: Pillow.Image, notes: list[str], where: str) -> tuple[NDArray[Any], bool]:
    """Values and whether they are in colour."""
    mode = picture.mode
    if mode == "1":
        return np.asarray(picture.convert("L")), False
    if mode in ("L", "I", "F") or mode.startswith("I;16"):
        values = np.asarray(picture)
        if mode == "F" and not np.isfinite(values).all():
            raise DataError(
                where, expected="a number in every pixel", found="pixels without one (NaN)",
                hint="decide what they should be, and write that",
            )  # fmt: skip
        return values, False
    if mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        return _opaque(picture, notes)
    if mode == "P":
        return _of_palette(picture)
    if mode != "RGB":
        notes.append(f"{mode} was brought to red, green and blue")
    return np.asarray(picture.convert("RGB")), True


def _opaque(picture: Pillow.Image, notes: list[str]) -> tuple[NDArray[Any], bool]:
    """The values under the alpha channel, which is dropped."""
    full = np.asarray(picture.convert("RGBA"))
    if (full[..., 3] < 255).any():
        notes.append("an alpha channel was dropped: values under transparent pixels are kept")
    if picture.mode in ("LA", "La"):
        return full[..., 0], False
    return full[..., :3], True


def _of_palette(picture: Pillow.Image) -> tuple[NDArray[Any], bool]:
    """Grey where every colour of the palette that is used is grey."""
    rgb = np.asarray(picture.convert("RGB"))
    grey = bool((rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 1] == rgb[..., 2]).all())
    return (rgb[..., 0], False) if grey else (rgb, True)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype == np.uint8:
        return np.array(values, order="C")
    if values.dtype.kind in "iu" and values.size:
        limits = np.iinfo(np.int16)
        if values.min() >= limits.min and values.max() <= limits.max:
            return values.astype(np.int16)
    return values.astype(np.float32)
