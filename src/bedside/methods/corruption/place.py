"""Corruptions that move things: rotation and zoom, for an image and for its mask alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from bedside.methods.corruption.spread import Floats

Doubles = NDArray[np.float64]
Move = tuple[Doubles, Doubles]
"""Matrix and offset from places in the new image to places in the old."""
Mover = Callable[[tuple[int, ...], float, np.random.Generator], Move]


def rotation(shape: tuple[int, ...], level: float, random: np.random.Generator) -> Move:
    """By that many degrees about the middle, in the plane, either way."""
    angle = math.radians(level) * (1 if random.random() < 0.5 else -1)
    matrix = np.eye(len(shape))
    matrix[-2:, -2:] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    middle = (np.array(shape) - 1) / 2
    return matrix, middle - matrix @ middle


def zoom(shape: tuple[int, ...], level: float, random: np.random.Generator) -> Move:
    """That many times larger, cropped to the old size anywhere within."""
    matrix = np.eye(len(shape)) / level
    room = (np.array(shape) - 1) * (1 - 1 / level)
    return matrix, room * random.random(len(shape))


def moved(images_NCS: Floats, moves: Sequence[Move]) -> Floats:
    """Images by linear interpolation; what comes in from outside is as the nearest edge."""
    found = np.empty_like(images_NCS)
    for at, (matrix, offset) in enumerate(moves):
        for channel, plane in enumerate(images_NCS[at]):
            affine_transform(
                plane, matrix, offset, output=found[at, channel], order=1, mode="nearest"
            )
    return found


def moved_mask(mask_NS: NDArray[np.generic], moves: Sequence[Move]) -> NDArray[np.generic]:
    """Masks by the nearest label; outside is background."""
    found = np.empty_like(mask_NS)
    for at, (matrix, offset) in enumerate(moves):
        affine_transform(mask_NS[at], matrix, offset, output=found[at], order=0, mode="constant")
    return found
