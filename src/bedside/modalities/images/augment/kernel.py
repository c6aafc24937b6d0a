"""The kernel: one pass over a sample that resamples image and labels and changes intensities."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment.compiled import compiled, pairs_for
from bedside.modalities.images.augment.kernel_rows import (
    blend,
    blend_flat,
    fetch,
    nearest,
    place,
    trace,
)
from bedside.modalities.images.augment.kernel_steps import change

Array = NDArray[Any]


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


@compiled
def bent(knots: Array, spans: tuple[Array, Array, Array], z: int, y: int, bend: Array) -> None:
    """The elastic shift [3, X] of output row (z, y): cubic B-splines, one axis after another."""
    along_z, along_y, along_x = spans
    for axis in range(3):
        row = bend[axis]
        row[:] = np.float32(0)
        for c in range(knots.shape[3]):
            total = np.float32(0)
            for a in range(knots.shape[1]):
                for b in range(knots.shape[2]):
                    total += along_z[z, a] * along_y[y, b] * knots[axis, a, b, c]
            weight = along_x[c]
            for x in range(len(row)):
                row[x] += total * weight[x]


@compiled
def resample(values: Array, labels: Array, out: Array, out_labels: Array, plan: Pass) -> None:
    """Source `values` [C * voxels] and `labels` [voxels or 0] to `out` [C, N] and `out_labels`
    [N or 0], N = depth * height * width of the output."""
    depth, height, width = plan.shape[0], plan.shape[1], plan.shape[2]
    coordinates = np.empty((3, width), np.float32)
    weights = np.empty((3, width), np.float32)
    bend = np.empty((3, width if plan.knots.size else 0), np.float32)
    places, inside = np.empty(width, np.int32), np.empty(width, np.uint8)
    pairs = pairs_for(values, width)
    source = plan.source
    voxels = int(source[3] * source[4] * source[5])
    where = np.array([0, 0, depth, height, 0])
    for row in range(depth * height):
        z, y = row // height, row % height
        first = row * width
        where[0], where[1] = z, y
        if plan.knots.size:
            bent(plan.knots, plan.spans, z, y, bend)
        trace(plan.matrix, z, y, bend, coordinates)
        place(coordinates, source, places, weights, inside)
        for c in range(len(out)):
            fetch(values[c * voxels : (c + 1) * voxels], places, source, pairs)
            line = out[c, first : first + width]
            if source[3] == 1:
                blend_flat(pairs, weights, inside, plan.ends, line)
            else:
                blend(pairs, weights, inside, plan.ends, line)
            where[4] = c * depth * height * width + first
            change(line, plan.steps[c], plan.keys, where)
        if len(labels):
            trace(plan.label_matrix, z, y, bend, coordinates)
            copied = out_labels[first : first + width]
            nearest(coordinates, plan.label_source, labels, places, copied)


@compiled
def recolour(out: Array, shape: Array, steps: Array, keys: Array) -> None:
    """Only the steps, in place, on `out` [C, N] of a shape [3]: what comes after a filter."""
    depth, height, width = shape[0], shape[1], shape[2]
    where = np.array([0, 0, depth, height, 0])
    for row in range(depth * height):
        where[0], where[1] = row // height, row % height
        for c in range(len(out)):
            where[4] = c * depth * height * width + row * width
            change(out[c, row * width : (row + 1) * width], steps[c], keys, where)
