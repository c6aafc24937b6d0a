"""The kernel: one pass over a sample that resamples image and labels and changes intensities."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment.compiled import compiled, pairs_for
from bedside.modalities.images.augment.kernel_rows import (
    announce,
    announce_labels,
    blend,
    blend_flat,
    closest,
    copied,
    fetch,
    place,
    place_flat,
    trace,
)
from bedside.modalities.images.augment.kernel_steps import change

Array = NDArray[Any]


SLAB = 8
"""So many slices take turns, strip by strip, so that what they share is still in the cache."""
DEEP, FLAT = 4, 1024
"""Rows in a strip of a volume; elements, about, in a strip of a picture."""


class Pass(NamedTuple):
    """All that one pass is told, beside the arrays it reads and writes."""

    shape: Array
    """int64 [3]: depth, height, width of the output."""
    source: Array
    """float64 [6]: D, H, W of the source, and D, H, W as it lies in memory."""
    matrix: Array
    """float64 [3, 4]: from an output index (and 1) to a source index."""
    label_source: Array
    label_matrix: Array
    """The same for the label map, which is never averaged."""
    apart: bool
    """Whether the label map has a source and a matrix of its own."""
    knots: Array
    """float32 [3, a, b, c]: control points of the elastic shift, in output elements."""
    spans: tuple[Array, Array, Array]
    """float32 [depth, a], [height, b], [width, c]: the weight of each control point."""
    steps: Array
    """float64 [C, n, WIDTH]: changes of intensity, by channel."""
    keys: Array
    """uint32 [n, 2]: the steps' random keys."""
    ends: tuple[np.float32, np.float32]
    """By what a value of the source is multiplied, and what is outside, before the steps."""


class Strips(NamedTuple):
    """Room for two strips of rows: the one that is read, and the one that is looked up ahead."""

    coordinates: Array
    bend: Array
    weights: Array
    places: Array
    inside: Array
    near: Array
    near_inside: Array


@compiled
def room(rows: int, width: int, bent_too: bool) -> Strips:
    """Room for strips of so many rows."""
    size = rows * width
    return Strips(
        np.empty((3, rows, width), np.float32),
        np.empty((3, rows if bent_too else 0, width), np.float32),
        np.empty((2, 3, size), np.float32),
        np.empty((2, size), np.int32),
        np.empty((2, size), np.uint8),
        np.empty((2, size), np.int32),
        np.empty((2, size), np.uint8),
    )


@compiled
def strip(at: int, shape: Array, rows: int) -> tuple[int, int, int]:
    """Slice, first row and number of rows of the n-th strip: through a slab of slices, then on to
    the next rows."""
    bands = (shape[1] + rows - 1) // rows
    slab = at // (SLAB * bands)
    deep = min(SLAB, shape[0] - slab * SLAB)
    rest = at - slab * SLAB * bands
    first = rest // deep * rows
    return slab * SLAB + rest % deep, first, min(rows, shape[1] - first)


@compiled
def bent(plan: Pass, where: tuple[int, int, int], bend: Array) -> None:
    """The elastic shift [3, rows, X] of a strip: cubic B-splines, one axis after another."""
    along_z, along_y, along_x = plan.spans
    knots, (z, first, rows) = plan.knots, where
    for axis in range(3):
        for r in range(rows):
            row = bend[axis, r]
            row[:] = np.float32(0)
            for c in range(knots.shape[3]):
                _add(row, along_x[c], _column(knots[axis, :, :, c], along_z[z], along_y[first + r]))


@compiled
def _column(knots: Array, along_z: Array, along_y: Array) -> Any:
    total = 0.0
    for a in range(len(along_z)):
        for b in range(len(along_y)):
            total += along_z[a] * along_y[b] * knots[a, b]
    return total


@compiled
def _add(row: Array, weight: Array, times: Any) -> None:
    for x in range(len(row)):
        row[x] += np.float32(times) * weight[x]


@compiled
def look(plan: Pass, at: int, strips: Strips, labelled: bool) -> None:
    """Where the elements of the n-th strip lie, into its half of `strips`."""
    half, bend, coordinates = at % 2, strips.bend, strips.coordinates
    where = strip(at, plan.shape, coordinates.shape[1])
    size = where[2] * plan.shape[2]
    flat, weights = coordinates.reshape(3, -1), strips.weights[half]
    places, inside = strips.places[half, :size], strips.inside[half, :size]
    near, near_inside = strips.near[half, :size], strips.near_inside[half, :size]
    if plan.knots.size:
        bent(plan, where, bend)
    trace(plan.matrix, where, bend, coordinates)
    found(flat, plan.source, places, weights, inside)
    if not labelled:
        return
    if not plan.apart:
        closest(places, weights, plan.label_source, near)
        near_inside[:] = inside
        return
    trace(plan.label_matrix, where, bend, coordinates)
    lies, other = np.empty_like(near), np.empty_like(weights)
    found(flat, plan.label_source, lies, other, near_inside)
    closest(lies, other, plan.label_source, near)


@compiled
def found(coordinates: Array, source: Array, places: Array, weights: Array, inside: Array) -> None:
    """`place` of a volume or of a picture."""
    if source[3] == 1:
        place_flat(coordinates, source, places, weights, inside)
    else:
        place(coordinates, source, places, weights, inside)


@compiled
def resample(values: Array, labels: Array, out: Array, out_labels: Array, plan: Pass) -> None:
    """Source `values` [C * voxels] and `labels` [voxels or 0] to `out` [C, N] and `out_labels`
    [N or 0], N = depth * height * width of the output."""
    depth, height, width = plan.shape[0], plan.shape[1], plan.shape[2]
    source, labelled = plan.source, len(labels) > 0
    deep = source[3] > 1
    most = min(height, DEEP if deep else max(1, FLAT // width))
    strips, pairs = room(most, width, plan.knots.size > 0), pairs_for(values, most * width)
    voxels = int(source[3] * source[4] * source[5])
    count = depth * ((height + most - 1) // most)
    look(plan, 0, strips, labelled)
    for at in range(count):
        if at + 1 < count:
            look(plan, at + 1, strips, labelled)
        if deep and at + 1 < count:
            announce(values, strips.places[(at + 1) % 2], source)
            if labelled:
                announce_labels(labels, strips.near[(at + 1) % 2])
        z, row, rows = strip(at, plan.shape, most)
        first, size, half = (z * height + row) * width, rows * width, at % 2
        where = (z, row, depth, height, width)
        places, inside = strips.places[half, :size], strips.inside[half, :size]
        for c in range(len(out)):
            line = out[c, first : first + size]
            fetch(values[c * voxels : (c + 1) * voxels], places, source, pairs)
            if deep:
                blend(pairs, strips.weights[half], inside, plan.ends, line)
            else:
                blend_flat(pairs, strips.weights[half], inside, plan.ends, line)
            change(line, plan.steps[c], plan.keys, where, c * depth * height * width + first)
        if labelled:
            goal = out_labels[first : first + size]
            copied(labels, strips.near[half], strips.near_inside[half], goal)


@compiled
def recolour(out: Array, shape: Array, steps: Array, keys: Array) -> None:
    """Only the steps, in place, on `out` [C, N] of a shape [3]: what comes after a filter."""
    depth, height, width = shape[0], shape[1], shape[2]
    for row in range(depth * height):
        where = (row // height, row % height, depth, height, width)
        for c in range(len(out)):
            first = row * width
            index = c * depth * height * width + first
            change(out[c, first : first + width], steps[c], keys, where, index)
