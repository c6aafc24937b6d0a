"""Stored values to values of the contract: masked to the bits that count, rescaled, turned.

With s the stored value, m slope and c intercept, lo and hi the ends of what the stored bits hold:

    MONOCHROME2   m s + c
    MONOCHROME1   m (lo + hi - s) + c       brightest where the file says darkest, same range

The result is uint8 where the file has 8 bits and no rescale, int16 where every slice's slope is 1,
its intercept whole and every value fits, else float32, computed in float64 and rounded once. The
type is a matter of all slices, never of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.adapters.dicom.header import Header

Stored = NDArray[np.integer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From stored to final values: `slope * s + intercept`, the turn included."""

    slope: float
    intercept: float

    @property
    def whole(self) -> bool:
        """Whether integers stay integers, one apart."""
        return abs(self.slope) == 1 and self.intercept == int(self.intercept)

    def of(self, low: float, high: float) -> tuple[float, float]:
        """Ends of the range that `low` to `high` becomes."""
        ends = self.slope * low + self.intercept, self.slope * high + self.intercept
        return min(ends), max(ends)


def scale_of(header: Header, span: tuple[int, int] | None = None) -> Scale:
    """Of one file; `span` is given where a lookup table has set another."""
    if not header.turned:
        return Scale(slope=header.slope, intercept=header.intercept)
    low, high = span or header.span
    return Scale(slope=-header.slope, intercept=header.slope * (low + high) + header.intercept)


def doubts(header: Header) -> list[str]:
    """What to know of the values: that they were turned, and how; that some are none."""
    notes = []
    if header.turned:
        total = sum(header.span)
        notes.append(
            f"MONOCHROME1 turned round: stored value s became {total} - s before the rescale"
        )
    if "PixelPaddingValue" in header.elements.numbers:
        notes.append("elements outside the field hold a padding value, not a measurement")
    return notes


def masked(stored: Stored, header: Header) -> bool:
    """Clear, in place, the bits above those that count; whether there were any."""
    low, high = header.span
    if stored.size == 0 or (stored.min() >= low and stored.max() <= high):
        return False
    shift = stored.dtype.itemsize * 8 - header.stored
    np.left_shift(stored, shift, out=stored)
    np.right_shift(stored, shift, out=stored)
    return True


def rescaled(
    stored: Sequence[Stored], scales: Sequence[Scale], room: NDArray[np.int16] | None = None
) -> NDArray[np.generic]:
    """[N, H, W] of N stored slices, in the type that holds all of them.

    `room` is int16 [N, H, W] whose memory may be that of `stored` itself: 16-bit slices are then
    finished where they are. Whole values out of 16 bits are exact in float32 up to 2^24.
    """
    if all(s.dtype == np.uint8 for s in stored) and all(
        one.slope == 1 and one.intercept == 0 for one in scales
    ):
        return np.stack(stored)
    if all(one.whole for one in scales) and _fits(stored, scales):
        return _whole(stored, scales, room)
    out = np.empty((len(stored), *stored[0].shape), np.float32)
    for to, values, one in zip(out, stored, scales, strict=True):
        wide = np.multiply(values, one.slope, dtype=np.float64)
        wide += one.intercept
        to[...] = wide
    return out


def _fits(stored: Sequence[Stored], scales: Sequence[Scale]) -> bool:
    limits = np.iinfo(np.int16)
    for values, one in zip(stored, scales, strict=True):
        low, high = one.of(float(values.min()), float(values.max()))
        if low < limits.min or high > limits.max:
            return False
    return True


def _whole(
    stored: Sequence[Stored], scales: Sequence[Scale], room: NDArray[np.int16] | None
) -> NDArray[np.int16]:
    """In arithmetic modulo 2^16, which is exact because every result fits."""
    out = np.empty((len(stored), *stored[0].shape), np.int16) if room is None else room
    for to, values, one in zip(out, stored, scales, strict=True):
        narrow = values.view(np.int16) if values.itemsize == 2 else values.astype(np.int16)
        add = np.array(int(one.intercept) & 0xFFFF, np.uint16).view(np.int16)
        if one.slope < 0:
            np.subtract(add, narrow, out=to)
        elif add or to is not narrow:
            np.add(narrow, add, out=to)
    return out
