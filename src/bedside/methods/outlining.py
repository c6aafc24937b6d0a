"""A released segmentation at work: outlines of images of any size, their volumes, their novelty.

The graph takes patches. Arrays are those of an images data set: `image` [N, C, *spatial], `extent`
[N, axes] (how much of each array is image) and `spacing` [N, axes] in mm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bedside.core.errors import BundleError
from bedside.methods.sliding_window import predict_windows

Arrays = Mapping[str, NDArray[np.generic]]
Patches = Callable[[Arrays], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""From {`image` [B, C, *patch]} to probabilities [B, K + 1, *patch] and novelty [B]."""
Masks = NDArray[np.uint8]
WINDOWS_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlines:
    """What a model outlines in N images."""

    masks: Masks
    """[N, *spatial] 0 is background, k the k-th structure; 0 beyond an image's extent."""
    volumes: NDArray[np.float32]
    """[N, K] of each structure: ml of volumes, cm2 of pictures; thousands of voxels, hundreds of
    pixels, where the spacing is not known."""
    novelty: NDArray[np.float32]
    """[N] the largest of an image's windows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outliner:
    """A model of patches, applied to whole images; called, it gives volumes and novelty."""

    patches: Patches
    patch: tuple[int, ...]
    structures: int
    overlap: float = 0.5

    def __call__(self, arrays: Arrays) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """`volumes` [N, K] and `novelty` [N]."""
        found = self.outlines(arrays)
        return found.volumes, found.novelty

    def outlines(self, arrays: Arrays) -> Outlines:
        """Every image by itself, so that what else is asked for changes nothing."""
        images = arrays["image"]
        masks = np.zeros((len(images), *images.shape[2:]), np.uint8)
        novelty = np.zeros(len(images), np.float32)
        for row, image in enumerate(images):
            inside = tuple(slice(0, int(n)) for n in np.asarray(arrays["extent"])[row])
            whole = image[(slice(None), *inside)]
            masks[row][inside], novelty[row] = self._outlined(whole)
        volumes = volumes_of(masks, np.asarray(arrays["spacing"]), self.structures)
        return Outlines(masks=masks, volumes=volumes, novelty=novelty)

    def _outlined(self, image: NDArray[np.generic]) -> tuple[Masks, float]:
        seen: list[float] = []

        def run(windows: NDArray[np.float32]) -> NDArray[np.floating]:
            chances, novelty = self.patches({"image": windows.astype(image.dtype)})
            seen.extend(novelty.tolist())
            return chances

        chances = predict_windows(
            run, image, patch=self.patch, overlap=self.overlap, batch=WINDOWS_AT_ONCE
        )
        return chances.argmax(axis=0).astype(np.uint8), max(seen)


def outliner_of(patches: Patches, model: Mapping[str, object], structures: int) -> Outliner:
    """A model of patches by its `model.json`, which knows the patch."""
    sides = model.get("patch")
    if not isinstance(sides, Sequence):
        raise BundleError("model.json", expected="the sides of a patch", found="none",
                          hint="train the model again")  # fmt: skip
    return Outliner(patches=patches, patch=tuple(int(n) for n in sides), structures=structures)


def volumes_of(
    masks: NDArray[np.generic], spacing: NDArray[np.generic], structures: int
) -> NDArray[np.float32]:
    """[N, K] of masks [N, *spatial]: ml (cm2 in a plane), by `spacing` [N, axes] in mm.

    >>> volumes_of(np.ones((1, 10, 10, 10), np.uint8), np.array([[1.0, 1.0, 2.0]]), 1).tolist()
    [[2.0]]
    """
    axes = masks.ndim - 1
    steps = np.asarray(spacing, np.float64)
    known = np.isfinite(steps).all(axis=1)
    element = np.where(known, np.prod(np.where(np.isfinite(steps), steps, 1.0), axis=1), 1.0)
    counts = np.stack(
        [np.bincount(mask.ravel(), minlength=structures + 1)[1:] for mask in masks]
    ) if len(masks) else np.zeros((0, structures))  # fmt: skip
    return np.asarray(counts * element[:, None] / 10.0**axes, np.float32)


def unit_of(axes: int, spacing: NDArray[np.generic]) -> str:
    """The unit of `volumes_of`."""
    if np.isfinite(np.asarray(spacing, np.float64)).all():
        return "ml" if axes == 3 else "cm2"
    return "thousand voxels" if axes == 3 else "hundred pixels"


def patch_for(
    extents: NDArray[np.generic], *, multiple: int, most: Sequence[int]
) -> tuple[int, ...]:
    """Sides of a patch that hold nine of ten images of `extents` [N, axes], if `most` lets them."""
    largest = np.quantile(np.asarray(extents, np.float64), 0.9, axis=0)
    return tuple(
        int(min(math.ceil(float(n) / multiple) * multiple, limit))
        for n, limit in zip(largest, most, strict=True)
    )
