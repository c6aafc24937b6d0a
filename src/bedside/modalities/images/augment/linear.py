"""Matrices and affine maps as rows of floats: for so small a thing numpy's calls cost too much."""

from __future__ import annotations

import math
from collections.abc import Sequence

Rows = list[list[float]]


def unit() -> Rows:
    """What changes nothing."""
    return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


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
        radians = math.radians(angle)
        c, s = math.cos(radians), math.sin(radians)
        turn = unit()
        turn[first][first] = turn[second][second] = c
        turn[first][second], turn[second][first] = -s, s
        total = turn if total is None else times(total, turn)
    return total or unit()


def shear(degrees: Sequence[float]) -> Rows:
    """Along the first axis of each plane by the second."""
    total = unit()
    for axis, angle in enumerate(degrees):
        first, second = PLANES[axis]
        total[first][second] = math.tan(math.radians(angle))
    return total


def with_shift(linear: Rows, shift: Sequence[float]) -> Rows:
    """The affine map, three rows of four, of a linear part and a shift."""
    return [[*row, end] for row, end in zip(linear, shift, strict=True)]


def composed(a: Rows, b: Rows) -> Rows:
    """The affine map b, then a."""
    (p, q, r, s), (t, u, v, w), (x, y, z, e) = b
    return [
        [
            k * p + m * t + n * x,
            k * q + m * u + n * y,
            k * r + m * v + n * z,
            k * s + m * w + n * e + o,
        ]
        for k, m, n, o in a
    ]


def stretched(a: Rows, by: Sequence[float], shift: Sequence[float]) -> Rows:
    """Each axis times a number plus another, then the affine map a."""
    (f, g, h), (x, y, z) = by, shift
    return [[k * f, m * g, n * h, k * x + m * y + n * z + o] for k, m, n, o in a]


PLANES = ((1, 2), (0, 2), (0, 1))
"""The two axes that a rotation about each axis moves."""
