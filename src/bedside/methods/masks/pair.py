"""A predicted and a true mask of one image, checked once, and cut to what each structure needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bedside.core.errors import DataError

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two label maps on one grid; build with `pair`."""

    predicted: NDArray[np.integer]
    """[D, H, W] or [H, W]: 0 is background, k the k-th structure."""
    truth: NDArray[np.integer]
    spacing: tuple[float, ...]
    """Millimetres between neighbours along each axis."""

    @property
    def diagonal(self) -> float:
        """Of the whole image, in millimetres: no distance in it is longer."""
        sides = [n * step for n, step in zip(self.truth.shape, self.spacing, strict=True)]
        return float(np.linalg.norm(sides))

    @property
    def element(self) -> float:
        """Of one voxel in ml; of one pixel in square centimetres."""
        size = float(np.prod(self.spacing))
        return size / (1000.0 if self.truth.ndim == 3 else 100.0)

    def structures(self, count: int) -> Iterator[Structure]:
        """Structures 1 to `count`, each cut to the box that holds both its masks."""
        boxes = [ndimage.find_objects(mask, count) for mask in (self.predicted, self.truth)]
        for index in range(count):
            box = _union(boxes[0][index], boxes[1][index], self.truth.ndim)
            yield Structure(
                predicted=self.predicted[box] == index + 1, truth=self.truth[box] == index + 1,
                whole=self,
            )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """One structure in both masks, within a box; outside of it is background."""

    predicted: Bools
    truth: Bools
    whole: Pair

    @property
    def spacing(self) -> tuple[float, ...]:
        """Millimetres along each axis."""
        return self.whole.spacing


def pair(
    predicted: NDArray[np.generic], truth: NDArray[np.generic], spacing: Sequence[float],
    structures: int,
) -> Pair:  # fmt: skip
    """Checked masks of `structures` structures, [D, H, W] or [H, W] of whole numbers.

    DataError when shapes differ, a value is outside 0 to `structures`, or a spacing is not a
    positive number.
    """
    masks = [_labels(predicted, "predicted mask", structures)]
    masks.append(_labels(truth, "true mask", structures))
    if masks[0].shape != masks[1].shape:
        raise DataError(
            "predicted mask", expected=f"the shape of the true mask, {list(masks[1].shape)}",
            found=f"{list(masks[0].shape)}", hint="resample the prediction to the image's own grid",
        )  # fmt: skip
    steps = tuple(float(step) for step in spacing)
    if len(steps) != masks[1].ndim or not all(np.isfinite(s) and s > 0 for s in steps):
        raise DataError(
            "spacing", expected=f"{masks[1].ndim} positive numbers of millimetres",
            found=f"{len(steps)} numbers, {sum(not s > 0 for s in steps)} of them not positive",
        )  # fmt: skip
    return Pair(predicted=masks[0], truth=masks[1], spacing=steps)


def _labels(mask: NDArray[np.generic], where: str, structures: int) -> NDArray[np.integer]:
    values = np.asarray(mask)
    values = values.view(np.uint8) if values.dtype == np.bool_ else values
    if values.ndim not in (2, 3) or not values.size or not np.issubdtype(values.dtype, np.integer):
        raise DataError(
            where, expected="whole numbers [D, H, W] or [H, W]",
            found=f"{values.dtype} of shape {list(values.shape)}",
        )  # fmt: skip
    if values.min() < 0 or values.max() > structures:
        bad = int(((values < 0) | (values > structures)).sum())
        raise DataError(
            where, expected=f"values from 0 to {structures}", found=f"{bad} voxels outside",
            hint="name every structure that the masks hold",
        )  # fmt: skip
    return values


def _union(
    first: tuple[slice, ...] | None, second: tuple[slice, ...] | None, axes: int
) -> tuple[slice, ...]:
    """The smallest box around both; an empty one where neither is."""
    if first is None or second is None:
        return first or second or (slice(0, 0),) * axes
    return tuple(
        slice(min(a.start, b.start), max(a.stop, b.stop))
        for a, b in zip(first, second, strict=True)
    )
