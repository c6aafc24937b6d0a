"""Between the values of images and the numbers that a flow works with, and back on their grid.

Medical images often have a background of one value: air, what a camera did not see, what was cut
away. A smooth generator makes noise of it. So a value at an end of the range that many elements
have is moved beyond the end, by so much that what a generator errs is cut off on the way back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError

Floats = NDArray[np.float32]
MANY = 0.01
"""Share of the elements from which a value at an end counts as background."""
BEYOND = 0.3
"""How far it is moved, in standard deviations of the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyScale:
    """Of C channels; each array is [C, 1, 1]."""

    dtype: np.dtype[np.generic]
    whole: bool
    """Whether values are whole numbers."""
    low: Floats
    high: Floats
    below: Floats
    """How far the lowest value is moved down; 0 where it is like any other."""
    above: Floats
    mean: Floats
    deviation: Floats

    def numbers(self, images: NDArray[np.generic]) -> Floats:
        """[N, C, H, W] with mean 0 and deviation 1 over the images that it was fitted to."""
        values = images.astype(np.float32)
        moved = _moved(values, (self.low, self.high), (self.below, self.above))
        return np.asarray((moved - self.mean) / self.deviation, np.float32)

    def images(self, numbers: Floats) -> NDArray[np.generic]:
        """[N, C, H, W] within the range, rounded where values are whole, in the images' dtype."""
        values = np.clip(numbers * self.deviation + self.mean, self.low, self.high)
        made: NDArray[np.generic] = (np.rint(values) if self.whole else values).astype(self.dtype)
        return made


def grey_scale(images: NDArray[np.generic]) -> GreyScale:
    """Fitted to training images [N, C, H, W].

    DataError where a value is not finite, or where a channel is the same everywhere.
    """
    values = np.asarray(images, np.float32)
    if not np.isfinite(values).all():
        raise DataError(
            "training images", expected="finite values", found="values that are not",
            hint="run prepare again, and leave out the images that it names",
        )  # fmt: skip
    over = (0, 2, 3)
    low, high = values.min(axis=over, keepdims=True)[0], values.max(axis=over, keepdims=True)[0]
    if not (high > low).all():
        raise DataError(
            "training images", expected="values that differ from place to place",
            found="a channel that is the same everywhere",
        )  # fmt: skip
    spread = values.std(axis=over, dtype=np.float64, keepdims=True)[0]
    below, above = (
        np.where((values == end).mean(axis=over, keepdims=True)[0] >= MANY, BEYOND * spread, 0.0)
        for end in (low, high)
    )
    moved = _moved(values, (low, high), (below, above))
    return GreyScale(
        dtype=images.dtype, whole=bool((values == np.rint(values)).all()), low=low, high=high,
        below=below.astype(np.float32), above=above.astype(np.float32),
        mean=moved.mean(axis=over, dtype=np.float64, keepdims=True)[0].astype(np.float32),
        deviation=moved.std(axis=over, dtype=np.float64, keepdims=True)[0].astype(np.float32),
    )  # fmt: skip


def _moved(values: Floats, ends: tuple[Floats, Floats], by: tuple[Floats, Floats]) -> Floats:
    lowered = values - by[0].astype(np.float32) * (values <= ends[0])
    return np.asarray(lowered + by[1].astype(np.float32) * (values >= ends[1]), np.float32)
