"""What a network must know of its images, and how they come in: normalised, and mirrored."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

LOOKED_AT = 2000
"""Training images behind the mean and deviation, at most; evenly spaced ones."""
FLAT = 1e-6
"""A deviation below this is of an image without contrast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """Of the training images."""

    channels: int
    shape: tuple[int, ...]
    """Of the spatial axes: rows and columns, or slices, rows and columns."""
    mean: tuple[float, ...]
    """Of each channel, in the images' own unit, as is the deviation."""
    deviation: tuple[float, ...]
    each: bool = False
    """Whether every image is brought to mean 0 and deviation 1 by itself, as is the custom for MR,
    whose numbers have no unit; `mean` and `deviation` are then not used."""
    mirror: tuple[int, ...] = ()
    """Spatial axes along which a mirrored image means the same. Left and right of a patient are
    not such an axis where sides differ: a heart, or a structure cut out of one half."""

    @property
    def dims(self) -> int:
        """2 or 3."""
        return len(self.shape)


def image_facts(
    images: NDArray[np.generic], *, each: bool = False, mirror: tuple[int, ...] = ()
) -> ImageFacts:
    """Facts of training images [N, C, *shape], which may be memory-mapped.

    >>> image_facts(np.array([[[[1, 3], [1, 3]]]], np.uint8), mirror=(0, 1)).mean
    (2.0,)
    """
    if images.ndim not in (4, 5) or not len(images):
        raise ValueError(f"training images [N, C, *shape] are needed, not {images.shape}")
    if not set(mirror) <= set(range(images.ndim - 2)):
        raise ValueError(f"axes {mirror} to mirror, of {images.ndim - 2}")
    step = -(-len(images) // LOOKED_AT)
    axes = (0, *range(2, images.ndim))
    seen = np.asarray(images[::step], np.float64)
    deviation = np.maximum(seen.std(axis=axes), FLAT)
    return ImageFacts(
        channels=images.shape[1], shape=tuple(images.shape[2:]),
        mean=tuple(seen.mean(axis=axes).tolist()), deviation=tuple(deviation.tolist()),
        each=each, mirror=mirror,
    )  # fmt: skip


class Normalise(nn.Module):
    """Images [N, C, *shape] of any number type as float32 of mean 0 and deviation 1."""

    def __init__(self, facts: ImageFacts) -> None:
        super().__init__()
        wide = (1, facts.channels, *(1 for _ in facts.shape))
        self.each = facts.each
        self.register_buffer("mean", torch.tensor(facts.mean).reshape(wide))
        self.register_buffer("deviation", torch.tensor(facts.deviation).reshape(wide))
        self.mean: Tensor
        self.deviation: Tensor

    def forward(self, image: Tensor) -> Tensor:
        """[N, C, *shape]"""
        values = image.float()
        if not self.each:
            return (values - self.mean) / self.deviation
        axes = tuple(range(1, values.ndim))
        centred = values - values.mean(dim=axes, keepdim=True)
        deviation = centred.square().mean(dim=axes, keepdim=True).sqrt()
        return centred / deviation.clamp_min(FLAT)


def mirrored(mirror: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The axes to turn round for each view of an image: none, each of `mirror`, pairs of them, ...

    >>> mirrored((0, 1))
    [(), (0,), (1,), (0, 1)]
    """
    return [axes for many in range(len(mirror) + 1) for axes in combinations(mirror, many)]


def turned(image: Tensor, axes: tuple[int, ...]) -> Tensor:
    """An array [N, C, *shape] with spatial `axes` turned round; the same again turns it back."""
    return torch.flip(image, [axis + 2 for axis in axes]) if axes else image
