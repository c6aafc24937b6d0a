"""One row of the output: where its elements lie in the source, and what is read there.

Three loops instead of one. Places and weights are computed in vectors; the loads, which no vector
makes faster, are plain and take two neighbours at once; the interpolation is in vectors again.
All places are clamped to the source, so no load needs a check.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment.compiled import apart, compiled, hint, pair

Array = NDArray[Any]
F, N = np.float32, np.int32
HALF = np.float32(0.5)
EDGE = np.float32(1e-3)
"""So much beyond the last element's far side still counts as inside: rounding, not place."""


@compiled
def trace(plan: Any, where: tuple[int, int, int], bend: Array, coordinates: Array) -> None:
    """Source coordinates [3, rows, X] of a strip: `where` = slice, first row, number of rows.
    `bend`, if it is of that size, shifts them, in output elements, before the matrix [3, 4] takes
    them to the source. `plan` = that matrix, and the source: of a picture the first axis is left
    out, since `place_flat` does not look at it."""
    matrix, source = plan
    z, y, rows = where
    for axis in range(1 if source[3] == 1 else 0, 3):
        for r in range(rows):
            start = matrix[axis, 0] * z + matrix[axis, 1] * (y + r) + matrix[axis, 3]
            if bend.shape[1] == 0:
                _straight(F(start), F(matrix[axis, 2]), coordinates[axis, r])
            else:
                _bent(F(start), matrix[axis], bend[:, r], coordinates[axis, r])


@compiled
def _straight(start: Any, step: Any, row: Array) -> None:
    for x in range(len(row)):
        row[x] = start + step * F(N(x))


@compiled
def _bent(start: Any, slopes: Array, bend: Array, row: Array) -> None:
    mz, my, mx = F(slopes[0]), F(slopes[1]), F(slopes[2])
    bz, by, bx = bend[0], bend[1], bend[2]
    for x in range(len(row)):
        row[x] = start + mx * (F(N(x)) + bx[x]) + my * by[x] + mz * bz[x]


@compiled
def place(coordinates: Array, source: Array, places: Array, weights: Array, inside: Array) -> None:
    """Of each coordinate the first of its eight neighbours, the weights [3, X] of the far ones,
    and whether it is inside. `source` is its D, H, W, and D, H, W as it lies in memory."""
    count = len(places)
    cz, cy, cx = coordinates[0], coordinates[1], coordinates[2]
    wz, wy, wx = weights[0], weights[1], weights[2]
    lz, ly, lx = F(source[0] - 1), F(source[1] - 1), F(source[2] - 1)
    nz, ny, nx = N(max(source[3] - 2, 0)), N(source[4] - 2), N(source[5] - 2)
    plane, line = N(source[4] * source[5]), N(source[5])
    zero, margin = F(0), HALF + EDGE
    for x in range(count):
        z, y, w = cz[x], cy[x], cx[x]
        z1, y1, w1 = min(max(z, zero), lz), min(max(y, zero), ly), min(max(w, zero), lx)
        iz, iy, ix = min(N(z1), nz), min(N(y1), ny), min(N(w1), nx)
        wz[x], wy[x], wx[x] = z1 - F(iz), y1 - F(iy), w1 - F(ix)
        places[x] = N(iz * plane) + N(iy * line) + ix
        off = max(abs(z - z1), abs(y - y1), abs(w - w1))
        inside[x] = off <= margin


@compiled
def place_flat(
    coordinates: Array, source: Array, places: Array, weights: Array, inside: Array
) -> None:
    """As `place`, for pictures, of which coordinates[0] is not looked at."""
    cy, cx = coordinates[1], coordinates[2]
    wy, wx = weights[1], weights[2]
    ly, lx = F(source[1] - 1), F(source[2] - 1)
    ny, nx = N(source[4] - 2), N(source[5] - 2)
    line, zero, margin = N(source[5]), F(0), HALF + EDGE
    for x in range(len(places)):
        y, w = cy[x], cx[x]
        y1, w1 = min(max(y, zero), ly), min(max(w, zero), lx)
        iy, ix = min(N(y1), ny), min(N(w1), nx)
        wy[x], wx[x] = y1 - F(iy), w1 - F(ix)
        places[x] = N(iy * line) + ix
        inside[x] = max(abs(y - y1), abs(w - w1)) <= margin


@compiled
def closest(places: Array, weights: Array, source: Array, near: Array) -> None:
    """From what `place` found, the nearest neighbour of each coordinate."""
    wz, wy, wx = weights[0], weights[1], weights[2]
    plane, line = N(source[4] * source[5]), N(source[5])
    zero, one = N(0), N(1)
    if source[3] == 1:
        for x in range(len(near)):
            up = N(places[x] + (line if wy[x] >= HALF else zero))
            near[x] = N(up + (one if wx[x] >= HALF else zero))
        return
    for x in range(len(near)):
        up = N(places[x] + (plane if wz[x] >= HALF else zero))
        up = N(up + (line if wy[x] >= HALF else zero))
        near[x] = N(up + (one if wx[x] >= HALF else zero))


@compiled
def copied(labels: Array, near: Array, inside: Array, out: Array) -> None:
    """The labels at some places; 0 outside. A label is copied, never computed."""
    for x in range(len(out)):
        out[x] = labels[near[x]] * inside[x]


@compiled
def announce(values: Array, places: Array, source: Array) -> None:
    """Tells the memory what `fetch` will read; every fourth place, since lines hold several."""
    line, plane = N(source[5]), N(source[4] * source[5])
    for x in range(0, len(places), 4):
        at = places[x]
        hint(values, at)
        hint(values, at + line)
        hint(values, at + plane)
        hint(values, at + plane + line)


@compiled
def announce_labels(labels: Array, near: Array) -> None:
    """The same for what `copied` will read."""
    for x in range(0, len(near), 4):
        hint(labels, near[x])


@compiled
def fetch(values: Array, places: Array, source: Array, pairs: Array) -> None:
    """The neighbours of each place, two at a time, into `pairs` [4, X] (two for a picture)."""
    count = len(places)
    a, b, c, d = pairs[0], pairs[1], pairs[2], pairs[3]
    line, plane = N(source[5]), N(source[4] * source[5])
    if source[3] == 1:
        for x in range(count):
            at = places[x]
            a[x] = pair(values, at)
            b[x] = pair(values, at + line)
        return
    for x in range(count):
        at = places[x]
        a[x] = pair(values, at)
        b[x] = pair(values, at + line)
        c[x] = pair(values, at + plane)
        d[x] = pair(values, at + plane + line)


@compiled
def blend(pairs: Array, weights: Array, inside: Array, ends: Any, out: Array) -> None:
    """Trilinear interpolation times ends[0]; ends[1] outside."""
    count, gain, fill = len(out), ends[0], ends[1]
    a, b, c, d = pairs[0], pairs[1], pairs[2], pairs[3]
    wz, wy, wx = weights[0], weights[1], weights[2]
    for x in range(count):
        a0, a1 = apart(a[x])
        b0, b1 = apart(b[x])
        c0, c1 = apart(c[x])
        d0, d1 = apart(d[x])
        u = wx[x]
        p, q = a0 + u * (a1 - a0), b0 + u * (b1 - b0)
        r, s = c0 + u * (c1 - c0), d0 + u * (d1 - d0)
        p, r = p + wy[x] * (q - p), r + wy[x] * (s - r)
        v = p + wz[x] * (r - p)
        out[x] = v * gain if inside[x] else fill


@compiled
def blend_flat(pairs: Array, weights: Array, inside: Array, ends: Any, out: Array) -> None:
    """As `blend`, for pictures."""
    count, gain, fill = len(out), ends[0], ends[1]
    a, b = pairs[0], pairs[1]
    wy, wx = weights[1], weights[2]
    for x in range(count):
        a0, a1 = apart(a[x])
        b0, b1 = apart(b[x])
        u = wx[x]
        p, q = a0 + u * (a1 - a0), b0 + u * (b1 - b0)
        v = p + wy[x] * (q - p)
        out[x] = v * gain if inside[x] else fill
