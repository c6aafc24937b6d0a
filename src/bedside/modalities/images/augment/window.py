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


def seen(values: Array) -> tuple[list[float], list[float], list[tuple[float, ...]]]:
    """Of each sample of `values` [B, C, D, H, W] the lowest and the highest value, and the mean of
    each channel.

    Values that are not a number are left out of the ends. An image of one value has a window of
    no width.
    """
    found = np.empty((len(values), 3, values.shape[1]), np.float64)
    _look(values, np.array(sparse(values.shape[2:])), found)
    lows, highs = found[:, 0].min(axis=1), found[:, 1].max(axis=1)
    none = ~(lows <= highs)
    lows[none] = highs[none] = 0.0
    return lows.tolist(), highs.tolist(), list(map(tuple, found[:, 2].tolist()))


def means(values: Array) -> list[tuple[float, ...]]:
    """The means alone, of the same rows."""
    found: Array = np.empty(values.shape[:2], np.float64)
    _average(values, np.array(sparse(values.shape[2:])), found)
    return list(map(tuple, found.tolist()))


def sparse(size: Sequence[int]) -> tuple[int, int]:
    """Every how many slices, and rows, of an image of a size [D, H, W] are looked at."""
    if math.prod(size) <= LARGE:
        return 1, 1
    return (STEP, STEP) if size[0] > STEP else (1, 2 * STEP)


@reordered
def _average(values: Array, steps: Array, found: Array) -> None:
    for at in range(values.shape[0] * values.shape[1]):
        b, c = at // values.shape[1], at % values.shape[1]
        total, count = 0.0, 0
        for z in range(0, values.shape[2], steps[0]):
            for y in range(0, values.shape[3], steps[1]):
                total += _sum(values[b, c, z, y])
                count += values.shape[4]
        found[b, c] = total / count


@reordered
def _sum(row: Array) -> Any:
    total = np.float32(0)
    for x in range(len(row)):
        total += np.float32(row[x])
    return total


@reordered
def _look(values: Array, steps: Array, found: Array) -> None:
    width = values.shape[4]
    low, high = np.empty(width, np.float32), np.empty(width, np.float32)
    for at in range(values.shape[0] * values.shape[1]):
        b, c = at // values.shape[1], at % values.shape[1]
        low[:], high[:] = np.float32(np.inf), np.float32(-np.inf)
        total, count = 0.0, 0
        for z in range(0, values.shape[2], steps[0]):
            for y in range(0, values.shape[3], steps[1]):
                total += _row(values[b, c, z, y], low, high)
                count += width
        found[b, 0, c], found[b, 1, c], found[b, 2, c] = low.min(), high.max(), total / count


@reordered
def _row(row: Array, low: Array, high: Array) -> Any:
    total = np.float32(0)
    for x in range(len(row)):
        v = np.float32(row[x])
        low[x] = v if v < low[x] else low[x]
        high[x] = v if v > high[x] else high[x]
        total += v
    return total
