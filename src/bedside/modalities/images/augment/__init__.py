"""Augmentation of images, 2D and 3D: fused, repeatable, labels exact. See docs/augment.md.

>>> import numpy as np
>>> chain = Chain(ops=(Affine(), Flip(axes=("column",)), GaussianNoise()), shape=(64, 64))
>>> params = chain.draw(seed=0, epoch=3, sample=17)   # plain JSON
>>> chain.apply(Sample(image=np.zeros((1, 80, 80), np.uint8)), params).image.shape
(1, 64, 64)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bedside.core.dataset import Dataset
from bedside.core.spec import Plain
from bedside.modalities.images.augment.chain import OPS, Chain
from bedside.modalities.images.augment.contact import contact_sheet
from bedside.modalities.images.augment.filters import (
    Blur,
    Ghosting,
    LowResolution,
    Motion,
    Sharpen,
    Spikes,
)
from bedside.modalities.images.augment.mixing import CutMix, Mixed, Mixup, mix, mixed_targets
from bedside.modalities.images.augment.op import Op, Params, scaled
from bedside.modalities.images.augment.policies import Rand, Trivial, ops_of
from bedside.modalities.images.augment.record import chain_from, explicit, recorded
from bedside.modalities.images.augment.sample import Sample
from bedside.modalities.images.augment.spatial import Affine, Crop, Elastic, Flip, Resize
from bedside.modalities.images.augment.survival import Survived, of_classes, of_masks
from bedside.modalities.images.augment.tone import (
    BiasField,
    Brightness,
    Contrast,
    Cutout,
    Gamma,
    GaussianNoise,
    RicianNoise,
)
from bedside.modalities.images.settings import axes_of, frozen

_CLASSES = ("binary", "multiclass")


def chain(dataset: Dataset, settings: Mapping[str, Plain]) -> Plain:
    """The ops that the settings of `[augment]` come to; mirrors are those that `[images]` names."""
    images = frozen(dataset.schema)
    return recorded(settings, axes=axes_of(images.kind), flips=images.mirrors)


def sheet(
    dataset: Dataset, rows: NDArray[np.int64], chain: Plain, *, seed: int, versions: int
) -> tuple[bytes, dict[str, str]]:
    """A contact sheet of some rows, and its words."""
    return contact_sheet(dataset, rows, chain, seed=seed, versions=versions)


def survived(
    dataset: Dataset, rows: NDArray[np.int64], chain: Plain, *, seed: int
) -> list[Survived]:
    """How the labels of some rows fare: masks keep theirs, a quick model its classes."""
    kind = dataset.schema.target.type
    if kind == "segmentation":
        return of_masks(dataset, rows, chain, seed=seed)
    return of_classes(dataset, rows, chain, seed=seed) if kind in _CLASSES else []


__all__ = [
    "OPS", "Affine", "BiasField", "Blur", "Brightness", "Chain", "Contrast", "Crop", "CutMix",
    "Cutout", "Elastic", "Flip", "Gamma", "GaussianNoise", "Ghosting", "LowResolution", "Mixed",
    "Mixup", "Motion", "Op", "Params", "Rand", "Resize", "RicianNoise", "Sample", "Sharpen",
    "Spikes", "Trivial", "chain", "chain_from", "explicit", "mix", "mixed_targets", "ops_of",
    "recorded", "scaled", "sheet", "survived",
]  # fmt: skip
