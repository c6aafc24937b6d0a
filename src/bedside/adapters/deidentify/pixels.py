"""Pixels decoded, looked at for text, and written plainly.

Every image is decoded and written uncompressed: what a compressed stream carries beside pixels
(comments, application data, bytes after the last frame) and what the unused bits of a pixel carry
(old overlays) is then gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import get_decoder

from bedside.adapters.deidentify.cleaning import PIXELS

Pixels = NDArray[np.generic]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One frame after it was looked at."""

    values: Pixels
    """[H, W] or [H, W, 3], text covered."""
    covered: int
    """Pixels that were covered."""
    left: int
    """Regions that still look like text after covering."""


Looking = Callable[[Pixels], Look]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found in the pixels of a file."""

    frames: int = 0
    """Frames that were looked at."""
    pixels: int = 0
    covered: int = 0
    found: int = 0
    """Frames with something covered."""
    left: int = 0
    """Frames where something still looks like text."""


def put_pixels(source: Dataset, target: Dataset, look: Looking) -> Looked:
    """Decode the pixels of `source`, cover text, and put them into `target`, little endian.

    One-bit pixels (masks of segmentations) are written as they are and not looked at.
    """
    if not any(tag in source for tag in PIXELS):
        return Looked()
    values, facts = _decoded(source)
    if int(source.get("BitsAllocated", 8)) == 1:
        _put(target, _packed(values), facts, bits=1)
        return Looked()
    values = _without_unused_bits(values, source)
    looks = [look(frame) for frame in values]
    seen = Looked(
        frames=len(looks), pixels=values[0].size * len(looks),
        covered=sum(item.covered for item in looks),
        found=sum(item.covered > 0 for item in looks), left=sum(item.left > 0 for item in looks),
    )  # fmt: skip
    whole = np.stack([item.values for item in looks])
    content = whole.astype(whole.dtype.newbyteorder("<"), copy=False).tobytes()
    _put(target, content, facts, bits=whole.dtype.itemsize * 8, floating=whole.dtype.kind == "f")
    return seen


def _decoded(source: Dataset) -> tuple[Pixels, dict[str, object]]:
    """Frames [F, H, W] or [F, H, W, 3], colours as red, green and blue, and what they are."""
    decoder = get_decoder(source.file_meta.TransferSyntaxUID)
    values, facts = decoder.as_array(source, raw=False)
    colour = int(facts["samples_per_pixel"]) > 1
    frames = int(facts["number_of_frames"])
    return values.reshape(frames, *values.shape[-3 if colour else -2 :]), dict(facts)


def _without_unused_bits(values: Pixels, source: Dataset) -> Pixels:
    stored = int(source.get("BitsStored", 0))
    width = values.dtype.itemsize * 8
    if values.dtype.kind not in "iu" or not 0 < stored < width:
        return values
    lost = width - stored
    if values.dtype.kind == "u":
        return np.bitwise_and(values, (1 << stored) - 1)
    return np.asarray(np.right_shift(np.left_shift(values, lost), lost), values.dtype)


def _packed(values: Pixels) -> bytes:
    bits = np.packbits(values.reshape(-1).astype(np.uint8), bitorder="little").tobytes()
    return bits + b"\0" * (len(bits) % 2)


def _put(
    target: Dataset, content: bytes, facts: dict[str, object], *, bits: int, floating: bool = False
) -> None:
    content += b"\0" * (len(content) % 2)
    if floating:
        tag, vr = (0x7FE00008, "OF") if bits == 32 else (0x7FE00009, "OD")
        target.add(DataElement(tag, vr, content))
        return
    target.BitsAllocated = bits
    target.PhotometricInterpretation = str(facts["photometric_interpretation"])
    if "SamplesPerPixel" in target and int(target.SamplesPerPixel) > 1:
        target.PlanarConfiguration = 0
    target.add(DataElement(0x7FE00010, "OB" if bits <= 8 else "OW", content))
