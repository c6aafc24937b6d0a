"""Averaging before a source is read with large steps, so that nothing is skipped (no aliasing).

The source is averaged over whole blocks of round(step) elements along each axis; what is left of
the step, at most 1.5, is within what linear interpolation covers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment.compiled import compiled

Array = NDArray[Any]
Factors = tuple[int, int, int]
MOST = 32_767
"""Of an int16."""
FROM = 1.5
"""Step, in source elements, from which on a source is averaged."""


def factors(matrix: NDArray[np.float64]) -> Factors:
    """Block sizes for a map [4, 4] from output to source indices."""
    z, y, x = (
        int(step + 0.5) if (step := math.hypot(*row[:3])) >= FROM else 1
        for row in matrix[:3].tolist()
    )
    return (z, y, x)


def through(matrix: NDArray[np.float64], blocks: Factors) -> NDArray[np.float64]:
    """The map [3, 4] to indices of the averaged source."""
    changed = matrix[:3].copy()
    for axis, size in enumerate(blocks):
        if size > 1:
            changed[axis] /= size
            changed[axis, 3] -= (size - 1) / (2 * size)
    return changed


def summed(values: Array, blocks: Factors) -> Array:
    """Sums over blocks of `values` [C, D, H, W]; the last block of an axis repeats the edge.

    int16 where no sum of uint8 can pass it, else float32.
    """
    channels, *size = values.shape
    shape = (channels, *(-(-n // k) for n, k in zip(size, blocks, strict=True)))
    most = 255 * blocks[0] * blocks[1] * blocks[2]
    fits = values.dtype == np.uint8 and most <= MOST
    out = np.empty(shape, np.int16 if fits else np.float32)
    _sum(values, out, np.asarray(blocks, np.int64))
    return out


@compiled
def _sum(values: Array, out: Array, blocks: Array) -> None:
    depth, height, width = values.shape[1], values.shape[2], values.shape[3]
    kz, ky, kx = blocks[0], blocks[1], blocks[2]
    total = np.empty(out.shape[3] * kx, out.dtype)
    for at in range(out.shape[0] * out.shape[1] * out.shape[2]):
        c, rest = at // (out.shape[1] * out.shape[2]), at % (out.shape[1] * out.shape[2])
        z, y = rest // out.shape[2], rest % out.shape[2]
        first = values[c, min(z * kz, depth - 1), min(y * ky, height - 1)]
        if kz == 1 and ky == 2 and kx == 2 and width % 2 == 0:
            _four(first, values[c, z, min(y * 2 + 1, height - 1)], out[c, z, y])
            continue
        total[:] = 0
        for j in range(kz * ky):
            row = values[c, min(z * kz + j // ky, depth - 1), min(y * ky + j % ky, height - 1)]
            _add(row, total)
        for x in range(width, len(total)):
            total[x] = total[width - 1]
        _gather(total, kx, out[c, z, y])


@compiled
def _four(first: Array, second: Array, out: Array) -> None:
    """Sums over 2 x 2, which is what most pictures need."""
    for x in range(len(out)):
        a, b = out.dtype.type(first[2 * x]), out.dtype.type(first[2 * x + 1])
        c, d = out.dtype.type(second[2 * x]), out.dtype.type(second[2 * x + 1])
        out[x] = a + b + c + d


@compiled
def _add(row: Array, total: Array) -> None:
    for x in range(len(row)):
        total[x] += row[x]


@compiled
def _gather(total: Array, size: int, out: Array) -> None:
    if size == 2:
        for x in range(len(out)):
            out[x] = total[2 * x] + total[2 * x + 1]
        return
    for x in range(len(out)):
        out[x] = total[x * size]
        for j in range(1, size):
            out[x] += total[x * size + j]
