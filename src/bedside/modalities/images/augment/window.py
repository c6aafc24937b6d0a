"""The window of a sample's values and the means of its channels, to which tone ops refer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment.compiled import reordered

Array = NDArray[Any]
STEP = 4
"""Of a large volume every fourth row of every fourth slice is looked at, of a large picture every
eighth row."""
LARGE = 1 << 15


def seen(values: Array) -> tuple[float, float, tuple[float, ...]]:
    """Lowest and highest value and the mean of each channel of `values` [C, D, H, W].

    Values that are not a number are left out of the ends. An image of one value has a window of
    no width.
    """
    found = np.empty((3, len(values)), np.float64)
    _look(values, np.array(sparse(values.shape[1:])), found)
    low, high = float(found[0].min()), float(found[1].max())
    if not low <= high:
        low = high = 0.0
    return low, high, tuple(found[2].tolist())


def means(values: Array) -> tuple[float, ...]:
    """The mean of each channel, of the same rows."""
    found = np.empty(len(values), np.float64)
    _average(values, np.array(sparse(values.shape[1:])), found)
    return tuple(found.tolist())


def sparse(size: Sequence[int]) -> tuple[int, int]:
    """Every how many slices, and rows, of an image of a size [D, H, W] are looked at."""
    if math.prod(size) <= LARGE:
        return 1, 1
    return (STEP, STEP) if size[0] > STEP else (1, 2 * STEP)


@reordered
def _average(values: Array, steps: Array, found: Array) -> None:
    for c in range(values.shape[0]):
        total, count = 0.0, 0
        for z in range(0, values.shape[1], steps[0]):
            for y in range(0, values.shape[2], steps[1]):
                total += _sum(values[c, z, y])
                count += values.shape[3]
        found[c] = total / count


@reordered
def _sum(row: Array) -> Any:
    total = np.float32(0)
    for x in range(len(row)):
        total += np.float32(row[x])
    return total


@reordered
def _look(values: Array, steps: Array, found: Array) -> None:
    width = values.shape[3]
    for c in range(values.shape[0]):
        low = np.full(width, np.float32(np.inf), np.float32)
        high = np.full(width, np.float32(-np.inf), np.float32)
        total, count = 0.0, 0
        for z in range(0, values.shape[1], steps[0]):
            for y in range(0, values.shape[2], steps[1]):
                total += _row(values[c, z, y], low, high)
                count += width
        found[0, c], found[1, c], found[2, c] = low.min(), high.max(), total / count


@reordered
def _row(row: Array, low: Array, high: Array) -> Any:
    total = np.float32(0)
    for x in range(len(row)):
        v = np.float32(row[x])
        low[x] = v if v < low[x] else low[x]
        high[x] = v if v > high[x] else high[x]
        total += v
    return total
