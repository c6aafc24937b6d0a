"""How bright images are: the yardstick by which a corruption means the same for any of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bedside.core.errors import DataError

Floats = NDArray[np.float32]
MOST_IMAGES = 400
MOST_VALUES = 20_000
"""Values looked at of each image and channel, evenly spaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Of training images, by channel, in the unit of their values."""

    low: tuple[float, ...]
    """1 % of the values are below it."""
    high: tuple[float, ...]
    """1 % are above it."""
    centre: tuple[float, ...]
    """Their mean."""

    def wide(self, axes: int) -> Floats:
        """High minus low, [C, 1, ...] with `axes` spatial axes."""
        return lifted(self.high, axes) - lifted(self.low, axes)


def lifted(values: tuple[float, ...], axes: int) -> Floats:
    """One number a channel, [C, 1, ...] with `axes` spatial axes."""
    return np.asarray(values, np.float32).reshape(-1, *[1] * axes)


def spread_of(images: ArrayLike, *, seed: int = 0) -> Spread:
    """Of images [N, C, *spatial], from at most 400 of them, drawn by the seed.

    DataError where there are none, where a value is not finite, or where all are alike.
    """
    images_NCS = np.asarray(images)
    if images_NCS.ndim not in (4, 5) or not images_NCS.size:
        raise DataError(
            "images", expected="an array [N, C, H, W] or [N, C, D, H, W]",
            found=f"shape {list(images_NCS.shape)}",
        )  # fmt: skip
    order = np.random.Generator(np.random.Philox(key=seed)).permutation(len(images_NCS))
    chosen = images_NCS[np.sort(order[:MOST_IMAGES])]
    flat_NCV = chosen.reshape(*chosen.shape[:2], -1)
    flat_NCV = flat_NCV[:, :, :: max(1, flat_NCV.shape[2] // MOST_VALUES)].astype(np.float64)
    finite = bool(np.isfinite(flat_NCV).all())
    low, high = np.quantile(flat_NCV if finite else np.zeros((1, 1, 1)), [0.01, 0.99], axis=(0, 2))
    if not (high > low).all():
        raise DataError(
            "training images", expected="finite values that differ from place to place",
            found="values that are not finite, or a channel that is the same everywhere",
            hint="look at the pictures of the report's first page, and run prepare again",
        )  # fmt: skip
    return Spread(
        low=tuple(low.tolist()), high=tuple(high.tolist()),
        centre=tuple(flat_NCV.mean(axis=(0, 2)).tolist()),
    )  # fmt: skip
