"""A sample as augmentation sees it: an image, and what is drawn on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import DataError

KINDS = (np.uint8, np.int16, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One image with its label map, points and boxes.

    Indices are those of the array: the middle of its first element is 0, its outer edge -0.5.
    """

    image: NDArray[Any]
    """[C, H, W] or [C, D, H, W]; uint8, int16 or float32."""
    labels: NDArray[np.uint8] | None = None
    """[H, W] or [D, H, W]; 0 is background."""
    points: NDArray[np.float64] | None = None
    """[N, 2 or 3], indices along the spatial axes."""
    boxes: NDArray[np.float64] | None = None
    """[N, 4 or 6], the lowest index along each axis, then the highest."""
    kept_points: NDArray[np.int64] | None = None
    """After augmentation: which of the points are left."""
    kept_boxes: NDArray[np.int64] | None = None
    """After augmentation: which of the boxes are left."""


def volumes(images: NDArray[Any]) -> NDArray[Any]:
    """Images [B, C, H, W] or [B, C, D, H, W] as [B, C, D, H, W], checked."""
    if images.ndim not in (4, 5) or 0 in images.shape[1:]:
        raise DataError(
            "augmentation",
            expected="an image [channel, row, column] or [channel, slice, row, column]",
            found=f"an array of shape {images.shape[1:]}",
        )
    if images.dtype not in KINDS:
        raise DataError(
            "augmentation",
            expected="an image of uint8, int16 or float32",
            found=str(images.dtype),
            hint="prepare writes one of the three; convert with .astype(np.float32)",
        )
    whole = np.ascontiguousarray(images)
    return whole[:, :, None] if images.ndim == 4 else whole


def label_volumes(labels: NDArray[Any] | None, like: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Labels [B, H, W] or [B, D, H, W] as [B, D, H, W], of the size of the images
    [B, C, D, H, W] or a DataError."""
    if labels is None:
        return None
    whole = labels[:, None] if labels.ndim == 3 else labels
    if whole.shape != (len(like), *like.shape[2:]) or whole.dtype != np.uint8:
        raise DataError(
            "augmentation",
            expected=f"labels uint8 {like.shape[2:]}, like the image",
            found=f"{whole.dtype} {whole.shape[1:]}",
            hint="a label map has whole numbers and the image's own size",
        )
    return np.ascontiguousarray(whole)


def check_places(sample: Sample, axes: int) -> None:
    """DataError unless points are [N, axes] and boxes [N, 2 axes]."""
    for name, places, width in (("points", sample.points, axes), ("boxes", sample.boxes, 2 * axes)):
        if places is not None and (places.ndim != 2 or places.shape[1] != width):
            raise DataError(
                "augmentation",
                expected=f"{name} [N, {width}] of an image with {axes} axes",
                found=f"an array of shape {places.shape}",
                hint="an index along each axis; of a box the lowest of each, then the highest",
            )
