"""A frame: which element of the source each element of the output shows.

Spatial ops only change a frame; nothing is resampled until all of them are known. The map is

    source index = matrix @ (output index + bend(output index))

with one matrix for all that is linear, and one smooth bend for what is not. A picture is a volume
of one slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError
from bedside.core.randomness import stream
from bedside.modalities.images.augment.linear import Rows, composed, stretched, unit, with_shift

Shape = tuple[int, int, int]
Matrix = NDArray[np.float64]
MOST = 0.4
"""Displacement of a control point, in distances between them, below which a bend never folds
(Choi and Lee, 2000)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """A smooth random displacement: cubic B-splines over a coarse lattice on the output."""

    key: int
    amount: float
    """Largest displacement of a control point, in distances between control points."""
    cells: Shape
    """Intervals of the lattice along each axis; 0: no displacement along it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the output comes from, as far as the ops up to now say."""

    shape: Shape
    """Of the output."""
    rows: Rows
    """Three rows of four: from an output index (z, y, x, 1) to a source index."""
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Size of an output element along each axis, in any unit: what makes a rotation rigid."""
    goal: Shape = (1, 1, 1)
    """The shape that the chain is to end in."""
    axes: tuple[str, ...] = ()
    """Names of the axes."""
    bend: Bend | None = None
    swaps: tuple[tuple[int, int], ...] = ()
    """Pairs of label values that change places, because left and right did."""

    @property
    def matrix(self) -> Matrix:
        """`rows` as an array [4, 4]."""
        return np.array([*self.rows, [0.0, 0.0, 0.0, 1.0]])

    def after(self, back: Rows) -> Frame:
        """The frame after one more op, of which the affine map `back` leads from new to old
        indices."""
        return self._with(composed(self.rows, back), self.shape)

    def along(self, by: Sequence[float], shift: Sequence[float], shape: Shape) -> Frame:
        """As `after`, where old indices are new ones times `by` plus `shift`."""
        return self._with(stretched(self.rows, by, shift), shape)

    def _with(self, rows: Rows, shape: Shape) -> Frame:
        return Frame(
            shape=shape, rows=rows, spacing=self.spacing, goal=self.goal, axes=self.axes,
            bend=self.bend, swaps=self.swaps,
        )  # fmt: skip


def start(shape: Shape, goal: Shape, *, spacing: tuple[float, ...], axes: tuple[str, ...]) -> Frame:
    """The frame before any op: each element shows itself."""
    size = (1.0,) * (3 - len(spacing)) + tuple(spacing)
    return Frame(
        shape=shape, rows=with_shift(unit(), (0.0, 0.0, 0.0)), goal=goal, axes=axes,
        spacing=(size[0], size[1], size[2]),
    )  # fmt: skip


def resized(frame: Frame, shape: Shape) -> Frame:
    """The whole frame on another number of elements; the outer edges stay where they are."""
    z, y, x = (old / new for old, new in zip(frame.shape, shape, strict=True))
    shift = ((z - 1) / 2, (y - 1) / 2, (x - 1) / 2)
    size = (frame.spacing[0] * z, frame.spacing[1] * y, frame.spacing[2] * x)
    return Frame(
        shape=shape, rows=stretched(frame.rows, (z, y, x), shift), spacing=size,
        goal=frame.goal, axes=frame.axes, bend=frame.bend, swaps=frame.swaps,
    )  # fmt: skip


def with_bend(frame: Frame, bend: Bend) -> Frame:
    """The frame with its one bend."""
    if frame.bend is not None:
        raise DataError(
            "[augment] ops", expected="one elastic op at most", found="two",
            hint="remove one, or widen the amount of the other",
        )  # fmt: skip
    return replace(frame, bend=bend)


def knots(bend: Bend, shape: Shape) -> NDArray[np.float32]:
    """Control points [3, a, b, c] of a bend on an output of a shape, in output elements."""
    counts = tuple(cells + 3 if cells else 1 for cells in bend.cells)
    drawn = stream(bend.key, 0).uniform(-1, 1, (3, *counts))
    for axis, cells in enumerate(bend.cells):
        step = shape[axis] / cells if cells else 0.0
        drawn[axis] *= min(bend.amount, MOST) * step
    return drawn.astype(np.float32)


def spans(bend: Bend, shape: Shape) -> tuple[NDArray[np.float64], ...]:
    """Weight of each control point at each index: [D, a], [H, b], [W, c]."""
    return tuple(
        spline(np.arange(size, dtype=np.float64), size, cells)
        for size, cells in zip(shape, bend.cells, strict=True)
    )


def spline(at: NDArray[np.float64], size: int, cells: int) -> NDArray[np.float64]:
    """Weights [N, cells + 3] of uniform cubic B-splines at places on an axis of `size` elements."""
    if not cells:
        return np.ones((len(at), 1))
    place = (at + 0.5) * cells / size
    distance = np.abs(place[:, None] - (np.arange(cells + 3) - 1))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    return np.where(distance < 1, near, far)
