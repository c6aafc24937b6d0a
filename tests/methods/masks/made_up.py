"""Made-up masks that tests and oracles share: exact, without a generator that may change."""

from __future__ import annotations

import numpy as np


def ball(shape, centre, radius, spacing=(1.0, 1.0, 1.0)):
    """A filled ellipsoid or disc, in millimetres."""
    places = np.indices(shape).reshape(len(shape), -1).T * np.asarray(spacing)
    inside = ((places - np.asarray(centre) * np.asarray(spacing)) ** 2).sum(axis=1) <= radius**2
    return inside.reshape(shape).astype(np.uint8)


def blobs(shape, *, phase):
    """A rough shape of many pieces, by sums of waves."""
    waves = np.zeros(shape)
    for axis, place in enumerate(np.indices(shape)):
        waves += np.sin(place * (0.55 + 0.1 * axis) + phase * (axis + 1))
        waves += 0.5 * np.cos(place * (1.3 - 0.2 * axis) - 2 * phase)
    return (waves > 0.9).astype(np.uint8)


CASES = {
    "balls": (
        ball((16, 18, 20), (8, 9, 10), 5), ball((16, 18, 20), (8, 10, 11), 6), (1.0, 1.0, 1.0),
    ),
    "coarse": (
        ball((8, 24, 24), (4, 11, 12), 7, (3.0, 1.0, 0.7)),
        ball((8, 24, 24), (4, 12, 13), 7, (3.0, 1.0, 0.7)), (3.0, 1.0, 0.7),
    ),
    "blobs": (blobs((14, 15, 16), phase=0.3), blobs((14, 15, 16), phase=0.5), (2.0, 0.5, 0.5)),
    "far": (ball((30, 12, 12), (5, 6, 6), 3), ball((30, 12, 12), (25, 6, 6), 4), (1.0, 1.0, 1.0)),
    "picture": (blobs((30, 33), phase=0.2), blobs((30, 33), phase=0.6), (1.0, 1.0)),
    "thin": (
        ball((1, 20, 20), (0, 9, 9), 6), ball((1, 20, 20), (0, 10, 9), 6), (1.0, 1.0, 1.0),
    ),
}  # fmt: skip
"""Predicted, true, spacing."""
