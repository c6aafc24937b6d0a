"""Between the values of images and the numbers that a flow works with, and back on their grid.

A flow errs about as much at every number. Where most of an image is of nearly one grey beside a
background that is far away, as a stained cell on black, an error that is small beside that distance
is large beside what differs within the cell: the cell comes out speckled and its outline ragged. So
a number is halfway between a value's standard score and its normal score (van der Waerden 1952):
greys that are frequent are drawn apart, and rare ones keep their distance from these.

Medical images often have a background of one value: air, what a camera did not see, what was cut
away. A smooth generator makes noise of it. So a value at an end of the range that many elements
have is moved beyond the end, by so much that what a generator errs is cut off on the way back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from bedside.core.errors import DataError

Floats = NDArray[np.float32]
MANY = 0.01
"""Share of the elements from which a value at an end counts as background."""
BEYOND = 0.3
"""How far it is moved, in standard deviations."""
DRAWN = 0.5
"""How far numbers go from standard scores, 0, to normal scores, 1."""
KNOTS = 257
"""Values whose numbers are kept, at most; between them lie straight lines."""
SAMPLE = 1 << 20
"""Elements by which ranks are told, about, where there are more: of images evenly spaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """From the values of one channel to their scores, both rising."""

    values: NDArray[np.float64]
    """[K] from the lowest to the highest."""
    scores: NDArray[np.float64]
    """[K]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyScale:
    """Of C channels; each array is [C, 1, 1]."""

    dtype: np.dtype[np.generic]
    whole: bool
    """Whether values are whole numbers."""
    curves: tuple[Curve, ...]
    """Of each channel."""
    below: Floats
    """How far the lowest value's score is moved down; 0 where it is like any other."""
    above: Floats
    mean: Floats
    """Of the scores."""
    deviation: Floats

    def numbers(self, images: NDArray[np.generic]) -> Floats:
        """[N, C, H, W] with mean 0 and deviation 1 over the images that it was fitted to."""
        return np.asarray((self._scores(images) - self.mean) / self.deviation, np.float32)

    def images(self, numbers: Floats) -> NDArray[np.generic]:
        """[N, C, H, W] within the range, rounded where values are whole, in the images' dtype."""
        scores = numbers * self.deviation + self.mean
        values = np.empty(scores.shape, np.float32)
        for at, curve in enumerate(self.curves):
            for image, made in zip(scores[:, at], values[:, at], strict=True):
                made[:] = np.interp(image, curve.scores, curve.values)
        on_grid: Floats = np.rint(values) if self.whole else values
        made_up: NDArray[np.generic] = on_grid.astype(self.dtype)
        return made_up

    def _scores(self, images: NDArray[np.generic]) -> Floats:
        scores = np.empty(images.shape, np.float32)
        for at, curve in enumerate(self.curves):
            low, high = self.below[at].item(), self.above[at].item()
            for image, made in zip(images[:, at], scores[:, at], strict=True):
                inside = np.interp(image, curve.values, curve.scores)
                ends = high * (image >= curve.values[-1]) - low * (image <= curve.values[0])
                made[:] = inside + ends
        return scores


def grey_scale(images: NDArray[np.generic]) -> GreyScale:
    """Fitted to training images [N, C, H, W].

    DataError where a value is not finite, or where a channel is the same everywhere.
    """
    if not np.isfinite(images).all():
        raise DataError(
            "training images", expected="finite values", found="values that are not",
            hint="run prepare again, and leave out the images that it names",
        )  # fmt: skip
    over = (0, 2, 3)
    low, high = images.min(axis=over, keepdims=True), images.max(axis=over, keepdims=True)
    if not (high > low).all():
        raise DataError(
            "training images", expected="values that differ from place to place",
            found="a channel that is the same everywhere",
        )  # fmt: skip
    below, above = (
        np.float32(BEYOND) * ((images == end).mean(axis=over)[:, None, None] >= MANY)
        for end in (low, high)
    )
    nothing = np.zeros_like(below)
    bare = GreyScale(
        dtype=images.dtype, whole=bool((images == np.rint(images)).all()),
        curves=tuple(curve(images[:, at]) for at in range(images.shape[1])),
        below=below, above=above, mean=nothing, deviation=nothing + 1,
    )  # fmt: skip
    scores = bare._scores(images)
    mean = scores.mean(axis=over, dtype=np.float64, keepdims=True)[0]
    deviation = scores.std(axis=over, dtype=np.float64, keepdims=True)[0]
    return replace(bare, mean=mean.astype(np.float32), deviation=deviation.astype(np.float32))


def curve(images: NDArray[np.generic]) -> Curve:
    """Of one channel [N, H, W] that is not the same everywhere."""
    whole = images[:: max(1, images.size // SAMPLE)].ravel()
    some = np.sort(np.concatenate([whole, [images.min(), images.max()]]).astype(np.float64))
    values = np.unique(some)
    if len(values) > KNOTS:
        values = np.unique(values[np.linspace(0, len(values) - 1, KNOTS // 2).astype(np.int64)])
        even = some[np.linspace(0, len(some) - 1, KNOTS // 2).astype(np.int64)]
        values = np.unique(np.concatenate([values, even]))
    left, right = (np.searchsorted(some, values, side=side) for side in ("left", "right"))
    normal = ndtri((left + right) / (2 * len(some)))
    standard = (values - some.mean()) / some.std()
    return Curve(values=values, scores=(1 - DRAWN) * standard + DRAWN * normal)
