"""Averaging before a source is read with large steps, so that nothing is skipped (no aliasing).

The source is averaged over whole blocks of round(step) elements along each axis; what is left of
the step, at most 1.5, is within what linear interpolation covers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment.compiled import compiled

Array = NDArray[Any]
MOST = 32_767
"""Of an int16."""
FROM = 1.5
"""Step, in source elements, from which on a source is averaged."""


@compiled
def factors(matrices: Array) -> Array:
    """Block sizes [n, 3] for maps [n, 3, 4] from output to source indices."""
    made = np.ones((len(matrices), 3), np.int64)
    for at in range(len(matrices)):
        for axis in range(3):
            a, b, c = matrices[at, axis, 0], matrices[at, axis, 1], matrices[at, axis, 2]
            step = np.sqrt(a * a + b * b + c * c)
            if step >= FROM:
                made[at, axis] = np.int64(step + 0.5)
    return made


@compiled
def through(matrix: Array, blocks: Array) -> Array:
    """The map [3, 4] to indices of the averaged source."""
    changed = matrix.copy()
    for axis in range(3):
        size = blocks[axis]
        if size > 1:
            changed[axis] /= size
            changed[axis, 3] -= (size - 1) / (2 * size)
    return changed


def storage(kind: np.dtype[Any], elements: int) -> type[np.int16 | np.float32] | None:
    """What sums over so many elements are kept in: int16 where no sum of uint8 can pass it, else
    float32. None where nothing is summed."""
    if elements == 1:
        return None
    return np.int16 if kind == np.uint8 and 255 * elements <= MOST else np.float32


@compiled
def summed_shape(size: Any, blocks: Array) -> tuple[int, int, int]:
    """Depth, height and width of the sums over an image [.., D, H, W], at least two rows and
    columns, since neighbours are read in pairs."""
    z, y, x = (
        (size[0] + blocks[0] - 1) // blocks[0],
        (size[1] + blocks[1] - 1) // blocks[1],
        (size[2] + blocks[2] - 1) // blocks[2],
    )
    return z, max(y, 2), max(x, 2)


@compiled
def summed(values: Array, out: Array, blocks: Array) -> None:
    """Sums over blocks of `values` [C, D, H, W] into `out`, of `summed_shape`. The last block of
    an axis repeats the edge; so does a single row or column."""
    kz, ky, kx = blocks[0], blocks[1], blocks[2]
    depth, height, width = values.shape[1], values.shape[2], values.shape[3]
    total = np.empty(out.shape[3] * kx, out.dtype)
    for at in range(out.shape[0] * out.shape[1] * out.shape[2]):
        c, rest = at // (out.shape[1] * out.shape[2]), at % (out.shape[1] * out.shape[2])
        z, y = rest // out.shape[2], rest % out.shape[2]
        if y * ky >= height:
            out[c, z, y] = out[c, z, y - 1]
        elif kz == 1 and ky == 2 and kx == 2 and width % 2 == 0:
            last = values[c, z, min(y * 2 + 1, height - 1)]
            _four(values[c, z, y * 2], last, out[c, z, y, : width // 2])
        else:
            total[:] = 0
            for j in range(kz * ky):
                row = values[c, min(z * kz + j // ky, depth - 1), min(y * ky + j % ky, height - 1)]
                _add(row, total)
            for x in range(width, len(total)):
                total[x] = total[width - 1]
            _gather(total, kx, out[c, z, y])
        if width <= kx:
            out[c, z, y, 1] = out[c, z, y, 0]


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
