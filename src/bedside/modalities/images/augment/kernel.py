"""The kernel: one pass over each sample that resamples image and labels and changes intensities.

One call does all samples of a batch, so that what a call costs is paid once, and rooms are shared.
"""

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
from bedside.modalities.images.augment.kernel_steps import Steps, change
from bedside.modalities.images.augment.shrink import summed, summed_shape, through

Array = NDArray[Any]


SLAB = 8
"""So many slices take turns, strip by strip, so that what they share is still in the cache."""
DEEP, FLAT = 4, 1024
"""Rows in a strip of a volume; elements, about, in a strip of a picture."""


class Jobs(NamedTuple):
    """All that the passes over some samples are told, beside the arrays they read and write."""

    samples: Array
    """int64 [n]: the samples that are done, of B."""
    size: tuple[int, int, int]
    """D, H, W of the sources, as they were before `at_least_two`."""
    shape: tuple[int, int, int]
    """Depth, height, width of the output."""
    matrices: Array
    """float64 [B, 3, 4]: from an output index (and 1) to a source index."""
    blocks: Array
    """int64 [B, 3]: what is averaged before."""
    knots: Array
    """float32 [n, 3, a, b, c]: control points of the elastic shifts, in output elements."""
    spans: tuple[Array, Array, Array]
    """float64 [depth, a], [height, b], [c, width]: the weight of each control point."""
    fills: Array
    """float32 [B]: what is outside, before the steps."""
    steps: Steps
    """Changes of intensity, of one sample after another."""
    firsts: Array
    """int64 [B + 1]: where the steps of each sample begin."""


class Pass(NamedTuple):
    """The same of one sample."""

    shape: tuple[int, int, int]
    source: Array
    """float64 [6]: D, H, W of what is read, and D, H, W as it lies in memory."""
    matrix: Array
    """float64 [3, 4]"""
    label_source: Array
    label_matrix: Array
    """The same for the label map, which is never averaged."""
    apart: bool
    """Whether the label map has a source and a matrix of its own."""
    knots: Array
    spans: tuple[Array, Array, Array]
    steps: Steps
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
def strip(at: int, shape: tuple[int, int, int], rows: int) -> tuple[int, int, int]:
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
    trace((plan.matrix, plan.source), where, bend, coordinates)
    found(flat, plan.source, places, weights, inside)
    if not labelled:
        return
    if not plan.apart:
        closest(places, weights, plan.label_source, near)
        near_inside[:] = inside
        return
    trace((plan.label_matrix, plan.label_source), where, bend, coordinates)
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
def straight(source: tuple[Array, Array], made: tuple[Array, Array], jobs: Jobs) -> None:
    """Samples [B, C, D, H, W] and labels [B or 0, D, H, W] of the source to `made`, of the same
    form; nothing is averaged."""
    values, labels = source
    strips, pairs = rooms(values, jobs)
    for n in range(len(jobs.samples)):
        plan = planned(jobs, n, values.shape[2:], labels.shape[1:])
        at = jobs.samples[n]
        resample((values[at], labels), made, (plan, at), (strips, pairs))


@compiled
def averaged(
    source: tuple[Array, Array], made: tuple[Array, Array], jobs: Jobs, scratch: Array
) -> None:
    """As `straight`, each source being averaged over blocks before; `scratch` [N] holds the sums
    of one sample."""
    values, labels = source
    strips, pairs = rooms(scratch, jobs)
    for n in range(len(jobs.samples)):
        at = jobs.samples[n]
        depth, height, width = summed_shape(jobs.size, jobs.blocks[at])
        count = values.shape[1] * depth * height * width
        sums = scratch[:count].reshape((values.shape[1], depth, height, width))
        summed(values[at], sums, jobs.blocks[at])
        plan = planned(jobs, n, (depth, height, width), labels.shape[1:])
        resample((sums, labels), made, (plan, at), (strips, pairs))


@compiled
def rooms(values: Array, jobs: Jobs) -> tuple[Strips, Array]:
    """Room for strips and for what is fetched, for sources that are kept like `values`."""
    height, width = jobs.shape[1], jobs.shape[2]
    most = min(height, DEEP if jobs.size[0] > 1 else max(1, FLAT // width))
    return room(most, width, jobs.knots.size > 0), pairs_for(values, most * width)


@compiled
def planned(
    jobs: Jobs, n: int, lies: tuple[int, int, int], labels_lie: tuple[int, int, int]
) -> Pass:
    """The n-th of some passes, whose source and labels lie in memory as D, H, W."""
    at, source, label_source = jobs.samples[n], np.empty(6), np.empty(6)
    blocks, whole = jobs.blocks[at], 1
    for axis in range(3):
        source[axis], source[3 + axis] = jobs.size[axis] / blocks[axis], lies[axis]
        label_source[axis], label_source[3 + axis] = jobs.size[axis], labels_lie[axis]
        whole *= blocks[axis]
    return Pass(
        jobs.shape,
        source,
        through(jobs.matrices[at], blocks),
        label_source,
        jobs.matrices[at],
        whole > 1,
        jobs.knots[n],
        jobs.spans,
        Steps(jobs.steps.numbers, jobs.steps.marks[jobs.firsts[at] : jobs.firsts[at + 1]]),
        (np.float32(1 / whole), jobs.fills[at]),
    )


@compiled
def resample(
    source: tuple[Array, Array], made: tuple[Array, Array], job: tuple[Pass, int],
    rooms: tuple[Strips, Array],
) -> None:  # fmt: skip
    """One sample: [C, D, H, W] of its own, and the rest of it within all labels and results."""
    plan, number = job
    strips, pairs = rooms
    values, labels, labelled = source[0].reshape(-1), source[1], len(source[1]) > 0
    out = made[0][number].reshape((made[0].shape[1], -1))
    mask, made_mask = labels[:0].reshape(-1), made[1][:0].reshape(-1)
    if labelled:
        mask, made_mask = labels[number].reshape(-1), made[1][number].reshape(-1)
    most = strips.coordinates.shape[1]
    bands = (plan.shape[1] + most - 1) // most
    count = plan.shape[0] * bands
    look(plan, 0, strips, labelled)
    for at in range(count):
        if at + 1 < count:
            look(plan, at + 1, strips, labelled)
        if plan.source[3] > 1 and at + 1 < count:
            announce(values, strips.places[(at + 1) % 2], plan.source)
            if labelled:
                announce_labels(mask, strips.near[(at + 1) % 2])
        fill(values, out, plan, at, (strips, pairs))
        if labelled:
            z, row, rows = strip(at, plan.shape, most)
            first, size = (z * plan.shape[1] + row) * plan.shape[2], rows * plan.shape[2]
            near, inside = strips.near[at % 2], strips.near_inside[at % 2]
            copied(mask, near, inside, made_mask[first : first + size])


@compiled
def fill(values: Array, out: Array, plan: Pass, at: int, rooms: tuple[Strips, Array]) -> None:
    """The n-th strip of `out` [C, N], from `values` [C * voxels], in all channels."""
    strips, pairs = rooms
    depth, height, width = plan.shape
    z, row, rows = strip(at, plan.shape, strips.coordinates.shape[1])
    first, size, half = (z * height + row) * width, rows * width, at % 2
    where, source = (z, row, depth, height, width), plan.source
    voxels = int(source[3] * source[4] * source[5])
    places, inside = strips.places[half, :size], strips.inside[half, :size]
    for c in range(len(out)):
        line = out[c, first : first + size]
        fetch(values[c * voxels : (c + 1) * voxels], places, source, pairs)
        if source[3] > 1:
            blend(pairs, strips.weights[half], inside, plan.ends, line)
        else:
            blend_flat(pairs, strips.weights[half], inside, plan.ends, line)
        change(line, plan.steps, c, where, c * depth * height * width + first)


@compiled
def recolour(out: Array, shape: tuple[int, int, int], steps: Steps) -> None:
    """Only the steps, in place, on `out` [C, N] of a shape: what comes after a filter."""
    depth, height, width = shape
    for row in range(depth * height):
        where = (row // height, row % height, depth, height, width)
        for c in range(len(out)):
            first = row * width
            index = c * depth * height * width + first
            change(out[c, first : first + width], steps, c, where, index)
