"""Three-by-three matrices as rows of floats: for so small a thing numpy's calls cost too much."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = list[list[float]]


def times(a: Rows, b: Rows) -> Rows:
    """The product a b."""
    columns = list(zip(*b, strict=True))
    return [[x * u + y * v + z * w for u, v, w in columns] for x, y, z in a]


def inverse(m: Rows) -> Rows:
    """The inverse, by cofactors; the matrices here turn and stretch, so there is one."""
    (a, b, c), (d, e, f), (g, h, i) = m
    p, q, r = e * i - f * h, f * g - d * i, d * h - e * g
    one = 1 / (a * p + b * q + c * r)
    return [
        [p * one, (c * h - b * i) * one, (b * f - c * e) * one],
        [q * one, (a * i - c * g) * one, (c * d - a * f) * one],
        [r * one, (b * g - a * h) * one, (a * e - b * d) * one],
    ]


def rotation(degrees: Sequence[float]) -> Rows:
    """About the slice axis, and in a volume then about the row and column axes."""
    total: Rows | None = None
    for axis, angle in enumerate(degrees):
        first, second = PLANES[axis]
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        turn = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        turn[first][first] = turn[second][second] = c
        turn[first][second], turn[second][first] = -s, s
        total = turn if total is None else times(total, turn)
    return total or [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def shear(degrees: Sequence[float]) -> Rows:
    """Along the first axis of each plane by the second."""
    total = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    for axis, angle in enumerate(degrees):
        first, second = PLANES[axis]
        total[first][second] = math.tan(math.radians(angle))
    return total


def with_shift(linear: Rows, shift: Sequence[float]) -> NDArray[np.float64]:
    """The affine map [4, 4] of a linear part and a shift."""
    rows = [[*row, end] for row, end in zip(linear, shift, strict=True)]
    return np.array([*rows, [0.0, 0.0, 0.0, 1.0]])


PLANES = ((1, 2), (0, 2), (0, 1))
"""The two axes that a rotation about each axis moves."""
