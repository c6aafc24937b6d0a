"""Points and boxes: moved by the same map as the image, the other way round, and exactly.

A linear map is inverted. A bend has no formula for its inverse; it is found by iteration to 1e-6
of an element, which always converges because a bend never folds.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from bedside.modalities.images.augment.frame import Frame, knots, spline

Points = NDArray[np.float64]
ROUNDS = 200
CLOSE = 1e-6
ALONG = 9
"""Places along each edge of a box that are followed through a bend."""


def displaced(frame: Frame, points: Points) -> Points:
    """Displacement [N, 3] of the frame's bend at output places [N, 3], in output elements."""
    if frame.bend is None:
        return np.zeros_like(points)
    control = knots(frame.bend, frame.shape).astype(np.float64)
    weights = [
        spline(points[:, axis], frame.shape[axis], frame.bend.cells[axis]) for axis in range(3)
    ]
    return np.asarray(np.einsum("iabc,na,nb,nc->ni", control, *weights), np.float64)


def to_output(frame: Frame, points: Points) -> Points:
    """Where source indices [N, 3] are in the output."""
    inverse = np.linalg.inv(frame.matrix)
    straight: Points = points @ inverse[:3, :3].T + inverse[:3, 3]
    if frame.bend is None or not len(points):
        return straight
    found = straight.copy()
    for _ in range(ROUNDS):
        step = straight - displaced(frame, found) - found
        found += 0.7 * step
        if np.abs(step).max() < CLOSE:
            break
    return found


def moved_points(frame: Frame, points: Points) -> tuple[Points, NDArray[np.int64]]:
    """Points [N, 2 or 3] in the output, and which are inside."""
    axes = points.shape[1]
    moved = to_output(frame, _full(points))[:, 3 - axes :]
    size = np.asarray(frame.shape[3 - axes :], np.float64)
    kept = np.flatnonzero(((moved >= -0.5) & (moved <= size - 0.5)).all(axis=1))
    return moved[kept], kept


def moved_boxes(frame: Frame, boxes: Points) -> tuple[Points, NDArray[np.int64]]:
    """Boxes [N, 4 or 6] around what they held, cut at the output's edge; those outside are left
    out. Returns the boxes and which they are."""
    axes = boxes.shape[1] // 2
    outline = _outline(axes, 2 if frame.bend is None else ALONG)
    low, high = boxes[:, None, :axes], boxes[:, None, axes:]
    corners = (low + outline[None] * (high - low)).reshape(-1, axes)
    moved = to_output(frame, _full(corners))[:, 3 - axes :].reshape(len(boxes), len(outline), axes)
    size = np.asarray(frame.shape[3 - axes :], np.float64)
    first = np.clip(moved.min(axis=1), -0.5, size - 0.5)
    last = np.clip(moved.max(axis=1), -0.5, size - 0.5)
    kept = np.flatnonzero((last > first).all(axis=1))
    return np.concatenate([first, last], axis=1)[kept], kept


def _full(points: Points) -> Points:
    """[N, 3], the slice of a picture being 0."""
    flat = np.zeros((len(points), 3))
    flat[:, 3 - points.shape[1] :] = points
    return flat


def _outline(axes: int, along: int) -> Points:
    """Places in the unit box: its corners, or a lattice over its faces."""
    lattice = itertools.product(np.linspace(0, 1, along), repeat=axes)
    return np.asarray([place for place in lattice if {0.0, 1.0} & set(place)], np.float64)
