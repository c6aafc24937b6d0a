"""Thumbnails by which near copies are found: as they are, turned, mirrored and cropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bedside.methods.audit.near_duplicates import Looks
from bedside.methods.audit.separation import Ints

Floats = NDArray[np.float32]
Array = NDArray[np.generic]
CELLS = {2: (16, 16), 3: (6, 10, 10)}
"""Cells of a thumbnail along its axes."""
ZOOMS = (-0.03, -0.015, 0.015, 0.03)
"""Shares of each axis cut from both of its ends; below 0 the edge is repeated instead."""
SQUARE = 1.25
"""Pictures up to so many times as long as wide are compared after a quarter turn, too."""
BLOCK = 1 << 24
"""Elements in memory at a time."""
ROUNDING = 1e-5
"""What is left of a thumbnail without its mean, as a share, where an image has no content."""


def looks_of(images: Array, rows: Ints) -> Looks:
    """Thumbnails of `images` [S, C, H, W] or [S, C, D, H, W], and the ways of `rows` [Q]."""
    return Looks(plain=thumbnails(images), rows=rows, ways=_ways(images, rows))


def thumbnails(images: Array, rows: Ints | None = None, *, zoom: float = 0.0) -> Floats:
    """[N, P] area averages, centred and of length one; zeros where an image has no content."""
    rows = np.arange(len(images)) if rows is None else rows
    shape = images.shape[2:]
    cells = CELLS[len(shape)]
    pools = [pooling(length, n, zoom) for length, n in zip(shape, cells, strict=True)]
    found = np.empty((len(rows), int(np.prod(cells))), np.float32)
    for part, block in blocks(images, rows):
        small = block
        for axis, pool in enumerate(pools, start=1):
            small = np.moveaxis(np.moveaxis(small, axis, -1) @ pool.T, -1, axis)
        found[part] = small.reshape(len(small), -1)
    size = np.linalg.norm(found, axis=1, keepdims=True)
    found -= found.mean(axis=1, keepdims=True)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    shown = length > ROUNDING * size
    return np.where(shown, found / np.where(shown, length, 1), 0).astype(np.float32)


def blocks(images: Array, rows: Ints) -> Iterator[tuple[slice, Floats]]:
    """Some rows as grey images [B, H, W] or [B, D, H, W], in blocks; colours are averaged."""
    step = max(1, BLOCK // int(np.prod(images.shape[1:])))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        raw = images[rows[part]]
        block = raw.astype(np.float32)
        block = block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
        yield part, np.nan_to_num(block) if raw.dtype.kind == "f" else block


def pooling(length: int, cells: int, zoom: float) -> Floats:
    """[cells, length] weights of area averaging between the two cuts.

    >>> pooling(4, 2, 0.0).tolist()
    [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    """
    edges = np.linspace(zoom * length, (1 - zoom) * length, cells + 1)
    places = np.clip(edges, 0, length)
    first = np.arange(length)
    ends = np.minimum(places[1:, None], first + 1) - np.maximum(places[:-1, None], first)
    weights = np.maximum(ends, 0)
    weights[:, 0] += np.maximum(np.minimum(edges[1:], 0) - edges[:-1], 0) * (edges[:-1] < 0)
    weights[:, -1] += np.maximum(edges[1:] - np.maximum(edges[:-1], length), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights, np.float32)


def _ways(images: Array, rows: Ints) -> tuple[Callable[[], Floats], ...]:
    """As it is first; then turned and mirrored, then cropped and widened."""
    shape = images.shape[2:]
    plain = thumbnails(images, rows).reshape(-1, *CELLS[len(shape)])
    turns = (partial(_turned, plain, turn) for turn in _turns(shape))
    return (*turns, *(partial(thumbnails, images, rows, zoom=zoom) for zoom in ZOOMS))


def _turns(shape: tuple[int, ...]) -> list[tuple[int, tuple[int, ...]]]:
    """Quarter turns of a picture, and the axes that are then mirrored."""
    if len(shape) == 3:
        return [(0, axes) for axes in ((), (1,), (2,), (3,))]
    quarters = (0, 1, 2, 3) if max(shape) <= SQUARE * min(shape) else (0, 2)
    return [(quarter, axes) for quarter in quarters for axes in ((), (2,))]


def _turned(plain: Floats, turn: tuple[int, tuple[int, ...]]) -> Floats:
    quarter, axes = turn
    turned = np.rot90(plain, quarter, axes=(1, 2)) if quarter else plain
    return np.ascontiguousarray(np.flip(turned, axes)).reshape(len(plain), -1)
