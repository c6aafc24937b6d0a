"""Dice alone, where nothing else of a mask is asked for; by patient, as all measures are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bedside.methods.measures import FloatArray, IntArray, Measure


def dice_of_images(
    said: NDArray[np.generic], true: NDArray[np.generic], structures: int
) -> FloatArray:
    """[N] mean Dice over the structures of masks [N, *spatial]; 1 where both masks are empty.

    >>> dice_of_images(np.array([[1, 1, 0]]), np.array([[0, 1, 0]]), 1).round(3).tolist()
    [0.667]
    """
    axes = tuple(range(1, true.ndim))
    found = []
    for structure in range(1, structures + 1):
        mine, theirs = said == structure, true == structure
        total = mine.sum(axis=axes) + theirs.sum(axis=axes)
        both = (mine & theirs).sum(axis=axes)
        found.append(np.where(total > 0, 2 * both / np.maximum(total, 1), 1.0))
    return np.asarray(np.mean(found, axis=0), np.float64)


def dice_measure(dice: FloatArray, subjects: IntArray) -> Measure:
    """`dice`: the mean over patients of the mean over each one's images [N]."""
    _, of_row, images = np.unique(subjects, return_inverse=True, return_counts=True)
    share = 1.0 / images[of_row]

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        return {"dice": (weights @ (share * dice)) / (weights @ share)}

    return measure
