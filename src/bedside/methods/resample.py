"""From one grid to another: images by weighted neighbours, masks by the nearest value.

Linear interpolation, with the triangle widened by the factor of shrinking, so that each value of a
coarser grid is a mean of what it covers and nothing folds over (as image libraries call it,
anti-aliased bilinear; Turkowski, Graphics Gems 1990, p. 147). At an edge the triangle is cut and
weighs what is left of it. Labels are never mixed: a mask takes the nearest value.

A voxel is a box about its centre: a grid reaches half a step beyond its outer centres. Between
grids that are equal, turned by right angles, or shifted by whole voxels, values move untouched, to
the bit. The same functions serve training and the bedside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from bedside.core.errors import DataError
from bedside.core.image import Grid, affine_of

Order = Literal["linear", "nearest"]
Array = NDArray[Any]
Floats = NDArray[np.float64]

CLOSE = 1e-3
"""Voxels: grids that differ by less anywhere are the same; affines are stored in single precision,
and spacings in decimals."""


def to_spacing(grid: Grid, spacing: Sequence[float | None]) -> Grid:
    """A grid over the same place with `spacing` mm along slices, rows and columns (None: as it is).

    Centre and axes stay; it covers the whole of `grid`, and less than one step more.

    >>> grid = Grid(shape=(10, 64, 64), affine=((0, 0, 1.0, 0), (0, 1.0, 0, 0), (3.0, 0, 0, 0),
    ...             (0, 0, 0, 1)))
    >>> to_spacing(grid, (1.0, 2.0, None)).shape
    (30, 32, 64)
    """
    if len(spacing) != 3 or any(s is not None and not (0 < s < math.inf) for s in spacing):
        raise DataError(
            "spacing", expected="three positive numbers of millimetres", found=str(list(spacing))
        )
    matrix, old = grid.matrix, np.linalg.norm(grid.matrix[:3, :3], axis=0)
    new = np.array([o if s is None else s for o, s in zip(old, spacing, strict=True)])
    ratio = new / old
    ratio[np.abs(ratio - 1) * grid.shape < CLOSE] = 1.0
    shape = [
        max(1, math.ceil(n / r - CLOSE)) for n, r in zip(grid.shape, ratio.tolist(), strict=True)
    ]
    if shape == list(grid.shape) and (ratio == 1).all():
        return grid
    # New index i lies at old index ratio * i + shift; both middles are one place.
    shift = (np.array(grid.shape) - 1) / 2 - ratio * (np.array(shape) - 1) / 2
    changed = matrix @ np.block([[np.diag(ratio), shift[:, None]], [np.zeros((1, 3)), np.ones(1)]])
    return Grid(shape=(shape[0], shape[1], shape[2]), affine=affine_of(changed))


def resample(
    values: Array, source: Grid, target: Grid, *, order: Order, outside: float = 0.0
) -> Array:
    """Values [..., D, H, W] on `source`, as they are on `target`.

    The type stays; whole numbers are rounded. Where `target` reaches beyond `source` there is
    `outside`. Equal grids give back `values` themselves. DataError where values and grid do not fit
    or an affine has no inverse.
    """
    if values.ndim < 3 or values.shape[-3:] != tuple(source.shape):
        raise DataError(
            "values", expected=f"an array [..., {', '.join(map(str, source.shape))}]",
            found=f"shape {list(values.shape)}",
        )  # fmt: skip
    steps, shift = _between(source, target)
    if source.shape == target.shape and (steps == np.eye(3)).all() and not shift.any():
        return values
    axes = _axes(steps)
    if axes is None:
        return _oblique(values, (steps, shift), target.shape, order=order, outside=outside)
    lead = values.ndim - 3
    turned = values.transpose(*range(lead), *(lead + axis for axis in axes))
    lines = [
        _Line(steps=float(steps[axis, i]), shift=float(shift[axis]), source=turned.shape[lead + i],
              target=target.shape[i])
        for i, axis in enumerate(axes)
    ]  # fmt: skip
    return _along(turned, lines, lead, order=order, outside=outside)


def resize(values: Array, size: Sequence[int], *, order: Order = "linear") -> Array:
    """A picture [H, W], [H, W, 3] or a volume [D, H, W], with `size` as its first axes.

    Edges stay edges. The type stays; whole numbers are rounded. The same size gives back `values`
    themselves.

    >>> resize(np.array([[0, 2, 8, 10]], np.uint8), (1, 2)).tolist()
    [[2, 8]]
    """
    shape = values.shape[: len(size)]
    if not 0 < len(size) <= values.ndim or min(*size, *shape, 1) < 1:
        raise DataError(
            "size", expected=f"a positive whole number for each of up to {values.ndim} axes",
            found=f"{list(size)} for an array of shape {list(values.shape)}",
        )  # fmt: skip
    if tuple(size) == shape:
        return values
    lines = [
        _Line(steps=n / m, shift=(n / m - 1) / 2, source=n, target=m)
        for n, m in zip(shape, size, strict=True)
    ]
    return _along(values, lines, 0, order=order, outside=0.0)


def mask_on(probabilities: NDArray[np.floating], source: Grid, target: Grid) -> NDArray[np.uint8]:
    """The likeliest structure on `target` [D, H, W] of probabilities [K + 1, D, H, W] on `source`.

    Probabilities are interpolated and then compared, so that borders fall between voxels where the
    network saw them. Beyond `source` is background, structure 0; so it is among equals.
    """
    moved = [
        resample(one, source, target, order="linear", outside=float(structure == 0))
        for structure, one in enumerate(probabilities)
    ]
    mask: NDArray[np.uint8] = np.argmax(moved, axis=0).astype(np.uint8)
    return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One axis: target index i lies at source index steps * i + shift."""

    steps: float
    shift: float
    source: int
    target: int
    reach: float = 1.0
    """Source voxels to either side that weigh at least, nearer ones more."""

    @property
    def places(self) -> Floats:
        """[target] in source indices, without the traces of rounding."""
        return np.round(self.steps * np.arange(self.target) + self.shift, 9)

    @property
    def beyond(self) -> NDArray[np.bool_]:
        """[target] outside of every voxel's box."""
        places = self.places
        return (places < -0.5 - CLOSE) | (places > self.source - 0.5 + CLOSE)

    @property
    def nearest(self) -> NDArray[np.int64]:
        """[target] source indices; halfway the higher one."""
        return np.clip(np.floor(self.places + 0.5).astype(np.int64), 0, self.source - 1)

    @property
    def still(self) -> bool:
        """Whether nothing moves."""
        return self.whole and self.source == self.target and self.steps == 1 and self.shift == 0

    @property
    def whole(self) -> bool:
        """Whether every place is a voxel's centre, and none is a mean of several."""
        return abs(self.steps) <= 1.0 and bool((self.places == np.floor(self.places)).all())


@lru_cache(maxsize=256)
def _weights(line: _Line, kind: str) -> sparse.csr_array:
    """[target, source]; rows add up to 1. Kept, since images of one study have few sizes."""
    reach = max(abs(line.steps), line.reach)
    places = np.clip(line.places, -0.5, line.source - 0.5)[:, None]
    taps = np.floor(places - reach) + np.arange(2 * math.ceil(reach) + 2)
    heights = np.maximum(1.0 - np.abs(taps - places) / reach, 0.0)
    heights[(taps < 0) | (taps > line.source - 1)] = 0.0
    heights /= heights.sum(axis=1, keepdims=True)
    row, tap = np.nonzero(heights)
    columns = taps[row, tap].astype(np.int64)
    return sparse.csr_array(
        (heights[row, tap].astype(kind), (row, columns)), shape=(line.target, line.source)
    )


def _along(values: Array, lines: list[_Line], lead: int, *, order: Order, outside: float) -> Array:
    """Axis after axis, the first of them `lead`; the one that shrinks most goes first."""
    exact = order == "nearest" or all(line.whole for line in lines)
    moved = values if exact else values.astype(_working(values.dtype), copy=False)
    for place in sorted(range(len(lines)), key=lambda i: lines[i].target / lines[i].source):
        line, axis = lines[place], lead + place
        if exact:
            moved = moved.take(line.nearest, axis=axis)
        elif not line.still:
            moved = _weighed(moved, line, axis)
    result = moved if exact else _as(moved, values.dtype)
    for place, line in enumerate(lines):
        if line.beyond.any():
            result[(slice(None),) * (lead + place) + (line.beyond,)] = outside
    return np.ascontiguousarray(result)


def _weighed(values: Array, line: _Line, axis: int) -> Array:
    first = np.moveaxis(values, axis, 0)
    flat = _weights(line, values.dtype.str) @ np.ascontiguousarray(first).reshape(len(first), -1)
    return np.moveaxis(flat.reshape(line.target, *first.shape[1:]), 0, axis)


def _oblique(
    values: Array, between: tuple[Floats, Floats], shape: tuple[int, ...], *, order: Order,
    outside: float,
) -> Array:  # fmt: skip
    """Axes that are not parallel: each target voxel looks up its place in the source."""
    steps, shift = between
    size, lead = values.shape[-3:], values.shape[:-3]
    flat = values.reshape(-1, *size)
    if order == "linear":
        flat = flat.astype(_working(values.dtype), copy=False)
        # A target step covers more than one voxel: a mean over what it covers comes first.
        for axis, reach in enumerate(np.linalg.norm(steps, axis=1).tolist()):
            if reach > 1 + CLOSE:
                n = size[axis]
                line = _Line(steps=1.0, shift=0.0, source=n, target=n, reach=reach)
                flat = _weighed(flat, line, axis + 1)
    known = ndimage.affine_transform(
        np.pad(np.ones(size, np.uint8), 1), steps, shift + 1, shape, order=0
    )
    found = np.stack([
        ndimage.affine_transform(one, steps, shift, shape, order=int(order == "linear"),
                                 mode="nearest")
        for one in flat
    ])  # fmt: skip
    result = _as(found, values.dtype)
    result[:, known == 0] = outside
    return result.reshape(*lead, *shape)


def _between(source: Grid, target: Grid) -> tuple[Floats, Floats]:
    """Steps [3, 3] and shift [3]: from an index of `target` to one of `source`, traces removed."""
    try:
        both = np.linalg.inv(source.matrix) @ target.matrix
    except np.linalg.LinAlgError:
        both = np.full((4, 4), np.nan)
    if not np.isfinite(both).all():
        raise DataError(
            "grid", expected="an affine with three independent axes", found="none that inverts",
            hint="read the image again; its orientation or spacing is broken",
        )  # fmt: skip
    steps, shift = both[:3, :3].copy(), both[:3, 3].copy()
    most = np.maximum(np.array(target.shape) - 1, 1)
    steps[np.abs(steps) * most < CLOSE / 3] = 0.0
    for axis in range(3):
        off = np.abs(steps[axis] - np.round(steps[axis])) @ most
        if off + abs(shift[axis] - round(float(shift[axis]))) < CLOSE:
            steps[axis], shift[axis] = np.round(steps[axis]), np.round(shift[axis])
    return steps, shift


def _axes(steps: Floats) -> tuple[int, ...] | None:
    """Of each target axis the source axis that it runs along; None where one runs along several."""
    along = steps != 0
    if not ((along.sum(axis=0) == 1).all() and (along.sum(axis=1) == 1).all()):
        return None
    return tuple(np.argmax(along, axis=0).tolist())


def _working(kind: np.dtype[Any]) -> type[np.floating[Any]]:
    """Single precision where it holds every value."""
    small = kind.itemsize <= 2 or kind == np.float32
    return np.float32 if small else np.float64


def _as(values: Array, kind: np.dtype[Any]) -> Array:
    """Whole numbers by rounding, halves upwards; other numbers as they are."""
    if kind.kind == "b":
        return np.asarray(values >= 0.5)
    if kind.kind not in "iu":
        return values.astype(kind, copy=False)
    limits = np.iinfo(kind)
    rounded: Array = np.clip(np.floor(values + 0.5), limits.min, limits.max).astype(kind)
    return rounded
